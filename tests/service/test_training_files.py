"""Training files over the API: counted, built, downloaded, and sent to become a dataset that trains."""

import hashlib
import json
from dataclasses import replace

import pytest

from pipeline.flow.generation.training_file_building import send_to_datasets
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from tests.made import ITEMS, ODD
from tests.service.asking import asking

PLACE = "/api/training-files"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with asking(tmp_path_factory.mktemp("files") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def file(service):
    return service.data("POST", PLACE, json={"name": "Money talk"})["file"]


def test_a_preview_counts_what_a_file_would_have_and_builds_nothing(service):
    found = service.data("POST", f"{PLACE}/preview", json={})
    none = service.data("POST", f"{PLACE}/preview", json={"query": {"persona": "nobody"}})

    assert (found["conversation_count"], found["repeated_count"]) == (ITEMS - 1, 0)
    for name in ("personas", "arcs", "topics", "quality_tiers", "splits"):
        assert sum(found[name].values()) == ITEMS - 1
    assert (found["reviewed_count"], found["unjudged_count"]) == (0, 0)
    assert found["cost_nano_usd"] == service.made.bill  # what came to nothing is paid with the rest
    assert (none["conversation_count"], none["total_training_pairs"], none["cost_nano_usd"]) == (0, 0, 0)


def test_a_file_is_what_its_preview_counted(service, file):
    counted = service.data("POST", f"{PLACE}/preview", json={})

    assert {name: file[name] for name in ("conversation_count", "total_training_pairs", "cost_nano_usd")} == {
        name: counted[name] for name in ("conversation_count", "total_training_pairs", "cost_nano_usd")
    }
    assert [each["name"] for each in file["files"]] == [
        "native.jsonl",
        "openai.jsonl",
        "training.json",
        "training.jsonl",
    ]
    page = service.data("GET", f"{PLACE}/{file['id']}", params={"limit": 2, "page": 2})
    assert [each["position"] for each in page["members"]] == [3, 4]
    assert page["members"] == file["members"][2:4]
    assert (page["dataset"], page["jobs"], page["query"]) == (None, [], {})


def test_the_same_name_again_is_the_next_version_of_what_is_meant_then(service, file):
    second = service.data("POST", PLACE, json={"name": "Money talk", "query": {"score_min": 4.5}})["file"]

    assert (file["version"], second["version"]) == (1, 2)
    assert second["query"] == {"score_min": 4.5}
    listed = service.data("GET", PLACE)
    assert [each["id"] for each in listed["items"][:2]] == [second["id"], file["id"]]


def test_what_says_the_same_as_another_is_left_out_and_named(tmp_path):
    with asking(tmp_path / "data") as service:
        one, other = service.made.conversation(1), service.made.conversation(2)
        told = service.data("GET", f"/api/conversations/{one}")
        same = [{"role": turn["role"], "content": turn["content"]} for turn in told["turns"]]
        service.data(
            "POST", f"/api/conversations/{other}/edit", json={"version": 1, "system": told["system"], "turns": same}
        )
        service.data("POST", f"/api/conversations/{other}/review", json={"version": 2, "action": "approve"})

        built = service.data("POST", PLACE, json={"name": "Once"})

    assert (built["repeated"], built["repeated_count"]) == ([other], 1)
    assert other not in {each["conversation_id"] for each in built["file"]["members"]}
    assert built["file"]["conversation_count"] == ITEMS - 2


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "x", "query": {"persona": "nobody"}}, 400, "expected accepted conversations, found none"),
        ({"name": "x", "query": {"status": "rejected"}}, 400, "expected accepted conversations for a training file"),
        ({"name": " "}, 422, "body.name: String should match pattern"),
        ({"name": "x", "query": {"score_min": 9}}, 422, "body.query.score_min"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(service, body, status, said):
    found = service.refusal("POST", PLACE, json=body)

    assert found[0] == status
    assert found[1].startswith(said)


def test_each_form_is_downloaded_as_it_is_listed(service, file):
    for each in file["files"]:
        answer = service.ask("GET", f"{PLACE}/{file['id']}/files/{each['name']}")
        assert hashlib.sha256(answer.content).hexdigest() == each["sha256"]
        assert int(answer.headers["content-length"]) == each["size_bytes"]
    assert service.refusal("GET", f"{PLACE}/{file['id']}/files/other.jsonl") == (
        404,
        f"expected one of native.jsonl, openai.jsonl, training.json, training.jsonl of {file['id']}, found another",
    )


def test_it_is_sent_once_and_leads_from_batch_and_conversation_to_the_dataset(service, file):
    place = f"{PLACE}/{file['id']}"

    sent = service.data("POST", f"{place}/send")
    again = service.data("POST", f"{place}/send")

    assert (sent["user_id"], sent["name"], sent["file_size"]) == (
        "ann",
        "Money talk-v1",
        file["files"][0]["size_bytes"],
    )
    assert again == sent
    assert service.data("GET", place)["dataset"] == sent
    member = file["members"][0]["conversation_id"]
    assert {"id": file["id"], "name": "Money talk", "version": 1} in service.data(
        "GET", f"/api/conversations/{member}"
    )["files"]
    of_batch = service.data("GET", f"/api/generation/batches/{service.made.batch_id}")["files"]
    assert file["id"] in [each["id"] for each in of_batch]
    stored = service.ask("GET", f"{place}/files/native.jsonl").content
    assert {json.loads(line)["conversation_id"] for line in stored.splitlines()} == {
        each["conversation_id"] for each in file["members"]
    }


def test_a_file_that_a_person_reviewed_says_so(tmp_path):
    with asking(tmp_path / "data") as service:
        odd = service.made.conversation(ODD)
        service.data("POST", f"/api/conversations/{odd}/review", json={"version": 1, "action": "approve"})
        built = service.data("POST", PLACE, json={"name": "Read", "query": {"finding": "scaffold-word"}})["file"]

    assert [(each["conversation_id"], each["is_reviewed"]) for each in built["members"]] == [(odd, True)]


def test_a_dataset_is_its_owners_whatever_their_name_is(tmp_path):
    with asking(tmp_path / "data") as service, service.made.catalog() as catalog:
        file_id = service.data("POST", PLACE, json={"name": "a/b"})["file"]["id"]
        settings = service.made.settings
        theirs = replace(catalog.get_training_file(file_id), user_id="ann@example.com/team")
        dataset = send_to_datasets(
            catalog, make_lake(settings), make_store(settings), settings, theirs, service.clock()
        )

    assert (dataset.user_id, dataset.name) == ("ann@example.com/team", f"a-b-{file_id}-v1")


def test_what_there_is_no_room_for_is_not_sent(tmp_path):
    with asking(tmp_path / "data", quota_bytes=1_000) as service:
        file_id = service.data("POST", PLACE, json={"name": "Large"})["file"]["id"]
        found = service.refusal("POST", f"{PLACE}/{file_id}/send")

        assert found[0] == 413
        assert service.data("GET", f"{PLACE}/{file_id}")["dataset"] is None
        assert service.data("GET", "/api/datasets")["total"] == 0
