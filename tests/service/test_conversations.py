"""Conversations over the API: found, read, reviewed and edited, by whom and of which version is kept."""

import json

import pytest

from tests.made import ITEMS, ODD
from tests.service.asking import asking

PLACE = "/api/conversations"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """For tests that change nothing."""
    with asking(tmp_path_factory.mktemp("conversations") / "data") as started:
        yield started


@pytest.fixture
def changing(tmp_path):
    with asking(tmp_path / "data") as started:
        yield started


def ids(service, **query):
    return {each["id"] for each in service.data("GET", PLACE, params={"limit": 100, **query})["items"]}


def test_each_filter_narrows_the_list(service):
    every = service.data("GET", PLACE, params={"limit": 100})["items"]
    one = next(each for each in every if each["quality_tier"] == "production")

    assert len(every) == ITEMS
    for name in ("persona", "arc", "topic", "tier", "quality_tier", "status", "batch_id"):
        assert ids(service, **{name: one[name]}) == {each["id"] for each in every if each[name] == one[name]}
    assert ids(service, score_min=4.5) == {each["id"] for each in every if each["score"] >= 4.5}
    assert ids(service, finding="scaffold-word") == {service.made.conversation(ODD)}
    assert one["id"] in ids(service, text=one["title"][4:20].upper())
    assert ids(service, batch_id="none") == ids(service, text="%") == set()


def test_the_list_is_paged(service):
    pages = [service.data("GET", PLACE, params={"limit": 3, "page": page}) for page in (1, 2, 3)]

    assert [page["total"] for page in pages] == [ITEMS] * 3
    assert [len(page["items"]) for page in pages] == [3, 3, ITEMS - 6]


def test_one_is_shown_with_all_that_is_known_of_it(service):
    found = service.data("GET", f"{PLACE}/{service.made.conversation(ODD)}")

    assert (found["status"], found["version"], found["shown_version"]) == ("needs_review", 1, 1)
    assert [turn["turn_number"] for turn in found["turns"]] == list(range(1, found["turn_count"] + 1))
    assert [turn["role"] for turn in found["turns"][:2]] == ["user", "assistant"]
    [finding] = found["findings"]
    assert (finding["code"], finding["severity"], finding["turn"]) == ("scaffold-word", "warning", 1)
    assert set(found["judgement"]["scores"]) == set(found["judgement"]["evidence"])
    assert found["judgement"]["model"] == "claude-haiku-4-5"
    assert [(each["source"], each["version"]) for each in found["versions"]] == [("model", 1)]
    assert (found["reviews"], found["files"]) == ([], [])


def test_it_is_downloaded_raw_and_enriched(service):
    one = service.made.conversation(1)

    raw, enriched = (service.ask("GET", f"{PLACE}/{one}/{form}.json") for form in ("raw", "enriched"))

    shown = service.data("GET", f"{PLACE}/{one}")
    assert raw.headers["content-disposition"] == f"attachment; filename*=UTF-8''{one}.raw.json"
    assert [turn["content"] for turn in raw.json()["turns"]] == [turn["content"] for turn in shown["turns"]]
    assert len(enriched.json()["training_pairs"]) == shown["turn_count"] / 2
    assert enriched.json()["input_parameters"]["persona_key"] == shown["persona"]


def test_the_export_is_a_dataset_of_all_that_are_meant(service):
    answer = service.ask("GET", f"{PLACE}/export", params={"status": "accepted"})

    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert {row["conversation_id"] for row in rows} == ids(service, status="accepted")
    assert {row["annotations"]["status"] for row in rows} == {"accepted"}
    assert {row["annotations"]["batch_id"] for row in rows} == {service.made.batch_id}
    assert service.ask("GET", f"{PLACE}/export", user="bob").content == b""


def test_a_review_is_of_the_version_that_was_read_and_says_who_decided(changing):
    place = f"{PLACE}/{changing.made.conversation(ODD)}"

    stale = changing.refusal("POST", f"{place}/review", json={"action": "approve", "version": 2})
    found = changing.data("POST", f"{place}/review", json={"action": "approve", "version": 1, "note": "It fits."})
    again = changing.data("POST", f"{place}/review", json={"action": "approve", "version": 1})

    assert stale == (
        409,
        f"expected version 1 of {changing.made.conversation(ODD)}, the newest, found 2: read it again",
    )
    assert (found["status"], found["status_reason"], found["reviewed_by"]) == ("accepted", "It fits.", "ann")
    [review] = again["reviews"]
    assert (review["action"], review["reviewer"], review["note"]) == ("approve", "ann", "It fits.")


def test_an_edit_is_a_version_that_is_screened_and_whose_judgement_is_stale(changing):
    place = f"{PLACE}/{changing.made.conversation(ODD)}"
    before = changing.data("GET", place)
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in before["turns"]]
    turns[0]["content"] = turns[0]["content"].replace("This is a training conversation.", "What do I do?")

    found = changing.data("POST", f"{place}/edit", json={"version": 1, "turns": turns, "note": "It told of itself."})

    assert (found["version"], found["findings"], found["is_judgement_stale"]) == (2, [], True)
    assert found["turns"][0]["missing"] == "a person changed this turn"
    assert found["turns"][1:] == before["turns"][1:]
    assert [(each["source"], each["author"]) for each in found["versions"]] == [("person", "ann"), ("model", "model")]
    first = changing.data("GET", place, params={"version": 1})
    assert (first["turns"], first["shown_version"], first["version"]) == (before["turns"], 1, 2)
    assert changing.refusal("GET", place, params={"version": 3})[0] == 404
    assert changing.refusal("POST", f"{place}/edit", json={"version": 1, "title": "Late"})[0] == 409


def test_a_long_conversation_may_be_edited(changing):
    place = f"{PLACE}/{changing.made.conversation(1)}"
    long = "The rent covers the loan. " * 1_900

    turns = [{"role": ("user", "assistant")[number % 2], "content": f"{long}{number}."} for number in range(4)]

    found = changing.data("POST", f"{place}/edit", json={"version": 1, "turns": turns})

    assert (found["version"], found["turn_count"]) == (2, 4)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("edit", {"version": 1}, 400, "expected a change of title, system prompt or turns, found none"),
        ("edit", {"version": 1, "turns": []}, 400, "the edit leaves no conversation: expected the assistant"),
        ("edit", {"version": 1, "turns": [{"role": "system", "content": "x"}]}, 422, "body.turns.0.role"),
        ("review", {"version": 1, "action": "edit"}, 422, "body.action: Input should be 'approve' or 'reject'"),
        ("review", {"version": 0, "action": "reject"}, 422, "body.version"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(service, path, body, status, said):
    found = service.refusal("POST", f"{PLACE}/{service.made.conversation(1)}/{path}", json=body)

    assert found[0] == status
    assert found[1].startswith(said)


def test_all_that_are_meant_are_reviewed_if_they_are_as_many_as_were_shown(changing):
    query = {"status": "accepted"}

    wrong = changing.refusal("POST", f"{PLACE}/review", json={"action": "reject", "query": query, "expected": 3})
    done = changing.data(
        "POST", f"{PLACE}/review", json={"action": "reject", "query": query, "expected": ITEMS - 1, "note": "Dull."}
    )

    assert wrong == (409, f"expected 3 conversations as shown, found {ITEMS - 1}: look again")
    assert done == {"changed": ITEMS - 1}
    rejected = changing.data("GET", PLACE, params={"status": "rejected", "limit": 100})["items"]
    assert {(each["status_reason"], each["reviewed_by"]) for each in rejected} == {("Dull.", "ann")}
    assert len(rejected) == ITEMS - 1
    states = changing.data("GET", f"/api/generation/batches/{changing.made.batch_id}")["by_state"]
    assert states == {"rejected": ITEMS - 1, "failed": 1, "needs_review": 1}
