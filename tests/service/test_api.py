"""The calls of the API, over a real connection: what they answer, and with which status."""

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from base64 import urlsafe_b64encode

import pytest

from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.client import Client
from pipeline.contract.finding_record import FindingRow
from pipeline.errors import StoreError
from pipeline.flow.kept_mappings import KeptMappings
from pipeline.flow.marks import STORE_KEY
from pipeline.state.store import make_store
from pipeline.state.store.local_store import LocalStore
from tests.installation import bad_file, valid_file
from tests.service.serving import lines, token


@pytest.fixture
def ana(local):
    with local.client("ana") as client:
        yield client


@pytest.fixture
def bob(local):
    with local.client("bob") as client:
        yield client


def test_an_upload_becomes_a_ready_dataset_that_says_what_is_in_it(local, ana):
    content = lines(3)

    dataset_id = local.upload(ana, content, name="Support chat", description="of spring")
    before = ana.get(f"/api/datasets/{dataset_id}").json()["data"]
    local.validate()
    after = ana.get(f"/api/datasets/{dataset_id}").json()["data"]

    assert (before["status"], before["acceptance"], before["sample_data"]) == ("validating", [], [])
    shown = {name: after[name] for name in ("name", "description", "user_id", "file_name", "file_size", "status")}
    assert shown == {
        "name": "Support chat",
        "description": "of spring",
        "user_id": "ana",
        "file_name": "chat.jsonl",
        "file_size": len(content),
        "status": "ready",
    }
    assert (after["conversation_count"], after["training_ready"], after["first_error"]) == (3, True, None)
    assert after["sample_data"][0]["turns"][0] == {"role": "user", "content": "hello there"}
    assert "trl" in {each["target"] for each in after["acceptance"]}


MAPPED = b'{"request": "How long?", "reply": "Three minutes."}\n' * 3


def test_a_mapping_is_kept_with_a_dataset_and_its_fields_are_read_so(local, ana):
    dataset_id = local.upload(ana, MAPPED, mapping="auto")

    local.validate()

    after = ana.get(f"/api/datasets/{dataset_id}").json()["data"]
    assert (after["mapping"], after["format"], after["conversation_count"]) == ("auto", "custom", 3)


def test_an_archive_of_shards_is_one_dataset_whose_findings_name_the_file(local, ana):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("part-2.jsonl", lines(2))
        archive.writestr("part-10.jsonl", b"{}\n")

    dataset_id = local.upload(ana, packed.getvalue(), file_name="chat.zip")
    local.validate()

    [found] = ana.get(f"/api/datasets/{dataset_id}/findings", params={"code": "missing-field"}).json()["data"]["items"]
    assert (found["line"], found["detail"]) == (3, "(also at $.turns) (line 1 of part-10.jsonl)")


def test_a_manifest_is_not_confirmed_where_the_store_refuses_its_shards(local, ana, monkeypatch):
    manifest, stat = b'{"shards": ["refused.jsonl"]}', LocalStore.stat

    def some(store, key):
        if key.endswith("refused.jsonl"):
            raise StoreError("no")
        return stat(store, key)

    monkeypatch.setattr(LocalStore, "stat", some)
    started = local.announce(ana, manifest, file_name="all.shards.json")
    part, dataset_id = started["upload"]["parts"][0], started["dataset"]["id"]
    with local.client(None) as sender:
        sender.put(part["url"], content=manifest, headers=part["headers"])
    refused = ana.post(f"/api/datasets/{dataset_id}/confirm")
    monkeypatch.undo()

    assert (refused.status_code, "cannot be looked at: no" in refused.text) == (409, True)
    assert ana.post(f"/api/datasets/{dataset_id}/confirm").status_code == 200


def test_another_upload_of_the_same_name_is_read_by_the_mapping_of_the_one_before(local, ana):
    local.upload(ana, MAPPED, mapping="auto")

    dataset_id = local.upload(ana, MAPPED * 2)
    local.validate()

    after = ana.get(f"/api/datasets/{dataset_id}").json()["data"]
    assert (after["mapping"], after["status"], after["conversation_count"]) == ("auto", "ready", 6)


def test_an_upload_of_which_none_is_said_is_not_read_by_the_mapping_of_the_one_before(local, ana):
    first = local.upload(ana, MAPPED, mapping="auto")

    dataset_id = local.upload(ana, MAPPED, mapping=" none")
    said = ana.put(f"/api/datasets/{first}/mapping", json={"mapping": "none"})

    assert ana.get(f"/api/datasets/{dataset_id}").json()["data"]["mapping"] is None
    assert (said.status_code, said.json()["data"]["mapping"]) == (200, None)


def test_a_mapping_is_written_down_in_the_store(local, ana):
    dataset_id = local.upload(ana, MAPPED, mapping="auto")
    key = f"uploads/ana/{dataset_id}/chat.jsonl"

    before = KeptMappings(make_store(local.settings)).of(key)
    ana.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": None})

    assert (before, KeptMappings(make_store(local.settings)).of(key)) == ("auto", None)


def test_a_mapping_that_is_said_later_has_the_dataset_validated_again(local, ana, bob):
    dataset_id = local.upload(ana, MAPPED)
    local.validate()
    before = ana.get(f"/api/datasets/{dataset_id}").json()["data"]

    said = ana.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": '{"prompt": "request", "answer": "reply"}'})
    local.validate()
    after = ana.get(f"/api/datasets/{dataset_id}").json()["data"]

    assert (before["status"], said.json()["data"]["status"], after["status"]) == ("error", "validating", "ready")
    assert after["mapping"] == '{"prompt":"request","answer":"reply"}'
    assert bob.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": None}).status_code == 404
    refused = ana.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": "/etc/passwd"})
    assert (refused.status_code, "auto, or a JSON object" in refused.text) == (400, True)


@pytest.mark.parametrize("said", ['{"turns":' + "[" * 1_900 + "]" * 1_900 + "}", '{"turns": "a", "x": 1}'])
def test_a_mapping_that_is_none_is_refused_in_the_words_of_the_request(local, ana, said):
    dataset_id = local.upload(ana, MAPPED)

    refused = ana.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": said})

    assert (refused.status_code, refused.json()["error"].startswith("mapping: ")) == (400, True)


def test_a_dataset_that_is_deleted_takes_no_mapping(local, ana):
    dataset_id = local.upload(ana, MAPPED)
    ana.delete(f"/api/datasets/{dataset_id}")

    assert ana.put(f"/api/datasets/{dataset_id}/mapping", json={"mapping": "auto"}).status_code == 409


def test_confirming_twice_changes_nothing(local, ana):
    dataset_id = local.upload(ana, lines(1))
    first = ana.get(f"/api/datasets/{dataset_id}").json()

    again = ana.post(f"/api/datasets/{dataset_id}/confirm")

    answer = again.json()
    assert answer["data"].pop("checksum") == f"sha256:{hashlib.sha256(lines(1)).hexdigest()}"
    assert (again.status_code, answer) == (200, first)


def test_an_upload_of_which_bytes_are_missing_is_not_confirmed(local, ana):
    content = lines(1)
    started = local.announce(ana, content)

    answer = ana.post(f"/api/datasets/{started['dataset']['id']}/confirm")

    assert answer.status_code == 409
    assert answer.json()["error"] == f"expected {len(content)} bytes, found that not all arrived: send the rest"


def test_lists_show_the_newest_first_in_pages_and_count_all(local, ana):
    for name in ("one", "two", "three"):
        local.announce(ana, b"x", name=name)

    page = ana.get("/api/datasets", params={"page": 2, "limit": 2}).json()["data"]

    assert ([each["name"] for each in page["items"]], page["total"]) == (["one"], 3)


def test_names_are_found_in_any_case_and_taken_literally(local, ana):
    for name in ("Über uns", "100% done", "a_b", "[x]*"):
        local.announce(ana, b"x", name=name)

    def found(text: str) -> list[str]:
        return [each["name"] for each in ana.get("/api/datasets", params={"search": text}).json()["data"]["items"]]

    asked = {text: found(text) for text in ("über", "ÜBER U", "0%", "A_B", "aXb", "[X]*", "?")}
    assert asked == {
        "über": ["Über uns"],
        "ÜBER U": ["Über uns"],
        "0%": ["100% done"],
        "A_B": ["a_b"],
        "aXb": [],
        "[X]*": ["[x]*"],
        "?": [],
    }


def test_a_deleted_dataset_leaves_the_lists_and_comes_back(local, ana):
    dataset_id = local.upload(ana, lines(1))

    deleted = ana.delete(f"/api/datasets/{dataset_id}").json()["data"]
    without = ana.get("/api/datasets").json()["data"]["total"]
    restored = ana.post(f"/api/datasets/{dataset_id}/restore").json()["data"]

    assert (deleted["deleted_at"] is None, without, restored["deleted_at"]) == (False, 0, None)
    assert ana.get("/api/datasets").json()["data"]["total"] == 1


def test_a_dataset_is_validated_again_when_its_owner_wants_it(local, ana):
    dataset_id = local.upload(ana, lines(1))
    local.validate()
    with Client(local.url, token("ana")) as client:
        again = client.retry(dataset_id)
    twice = ana.post(f"/api/datasets/{dataset_id}/retry")
    local.validate()

    assert (again.status, twice.status_code) == ("validating", 409)
    assert "waits for its verdict already" in twice.json()["error"]
    assert ana.get(f"/api/datasets/{dataset_id}").json()["data"]["status"] == "ready"


def test_findings_come_in_pages_as_json_lines_and_as_csv(local, ana):
    dataset_id = local.upload(ana, bad_file(15))
    early = ana.get(f"/api/datasets/{dataset_id}/findings").status_code
    local.validate()
    path = f"/api/datasets/{dataset_id}/findings"

    page = ana.get(path, params={"page": 2, "limit": 10, "code": "malformed-json"}).json()["data"]
    listed = ana.get(path, params={"format": "jsonl"})
    table = ana.get(path, params={"format": "csv"})

    assert early == 409
    assert ([each["line"] for each in page["items"]], page["total"]) == ([13, 14, 15, 16, 17], 15)
    rows = [json.loads(line) for line in listed.text.splitlines()]
    assert listed.headers["content-type"] == "application/jsonl"
    assert [row["line"] for row in rows if row["code"] == "malformed-json"] == list(range(3, 18))
    in_table = list(csv.DictReader(io.StringIO(table.text)))
    assert [int(row["line"]) for row in in_table] == [row["line"] for row in rows]
    assert list(rows[0]) == list(in_table[0]) == list(page["items"][0]) == list(FindingRow.__annotations__)
    assert (page["items"][0]["expected"], page["items"][0]["column"]) == ("one JSON value", 2)
    assert ana.get(path, params={"code": "nonsense"}).status_code == 400
    assert page["lines"] is None
    lines = ana.get(path, params={"lines": True, "limit": 2}).json()["data"]["lines"]
    assert lines == [{"before": "{", "marked": "n", "after": "ot json", "column": 2}] * 2
    assert ana.get(path, params={"lines": True, "limit": 101}).status_code == 400


def test_rows_come_in_pages_and_what_cannot_be_asked_is_refused(local, ana):
    dataset_id = local.upload(ana, bad_file(3))
    path = f"/api/datasets/{dataset_id}/rows"
    early = [ana.get(place).status_code for place in (path, f"{path}/rejected")]
    local.validate()

    page = ana.get(path, params={"text": "WORDS 1-1", "limit": 5}).json()["data"]
    rejected = ana.get(f"{path}/rejected", params={"page": 2, "limit": 2}).json()["data"]

    assert early == [409, 409]
    assert ([each["row"] for each in page["items"]], page["total"], page["page"]) == ([2], 1, 1)
    assert [turn["content"] for turn in page["items"][0]["turns"]] == ["some words 1-0", "some words 1-1"]
    assert ([each["row"] for each in rejected["items"]], rejected["total"]) == ([5], 3)
    assert rejected["items"][0]["text"]["column"] == 2
    for wrong, status in (
        ({"finding": "nonsense"}, 400),
        ({"split": "test"}, 422),
        ({"limit": 51}, 422),
        ({"row": 0}, 422),
        ({"row": 10**40}, 422),
        ({"cluster": 10**40}, 422),
        ({"row": 2**62}, 200),
    ):
        assert ana.get(path, params=wrong).status_code == status


def test_a_file_is_taken_home_as_it_was_mended_or_converted(local, ana, bob):
    turns = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Hello there. "}]'
    content = valid_file(120) + f'{{"conversation_id": "x", "turns": {turns}}}\n'.encode()
    dataset_id = local.upload(ana, content)
    path = f"/api/datasets/{dataset_id}"
    early = [ana.get(f"{path}/{form}").status_code for form in ("mended", "mend", "converted?to=openai")]
    local.validate()

    files = {form: ana.get(f"{path}/{form}") for form in ("original", "mended", "converted?to=openai")}
    preview = ana.get(f"{path}/mend").json()["data"]

    assert early == [409] * 3
    assert files["original"].content == content
    assert files["mended"].content == content.replace(b'" Hello there. "', b'"Hello there."')
    assert files["mended"].headers["content-disposition"].endswith(".mended.jsonl")
    assert list(json.loads(files["converted?to=openai"].content.splitlines()[0])) == ["messages"]
    assert ([each["code"] for each in preview["mended"]], preview["is_ready"]) == (["white-space-at-edges"], True)
    assert [bob.get(f"{path}/{form}").status_code for form in (*files, "mend")] == [404] * 4
    assert ana.get(f"{path}/converted?to=word").status_code == 422


def test_the_next_version_takes_the_place_once_it_is_ready_and_both_can_be_compared(local, ana, bob):
    first = local.upload(ana, bad_file(5))
    local.validate()
    new = {"name": "v2", "file_name": "v2.jsonl", "replaces": first}

    def upload(content):
        started = ana.post("/api/datasets", json=new | {"file_size": len(content)}).json()["data"]
        ana.put(started["upload"]["parts"][0]["url"], content=content)
        assert ana.post(f"/api/datasets/{started['dataset']['id']}/confirm").status_code == 200
        local.validate()
        return started["dataset"]["id"]

    def listed():
        return {each["id"] for each in ana.get("/api/datasets").json()["data"]["items"]}

    still_bad = upload(bad_file(4, seed=1))
    assert listed() == {first, still_bad}
    good = upload(valid_file(3))
    assert listed() == {still_bad, good}

    details = ana.get(f"/api/datasets/{good}").json()["data"]
    compared = ana.get(f"/api/datasets/{good}/compare", params={"with": first}).json()["data"]
    assert (details["replaces"], details["superseded_by"]) == (first, None)
    assert (compared["unchanged"], compared["added"], compared["removed"]) == (2, 1, 0)
    assert [(each["code"], each["after"]) for each in compared["findings"]] == [("malformed-json", 0)]
    assert ana.post("/api/datasets", json=new | {"file_size": 9}).status_code == 409  # it is deleted now
    assert bob.post("/api/datasets", json=new | {"file_size": 9, "replaces": good}).status_code == 404
    assert bob.get(f"/api/datasets/{good}/compare", params={"with": first}).status_code == 404
    assert ana.post(f"/api/datasets/{first}/restore").status_code == 200
    local.validate()
    assert listed() == {first, still_bad, good}


def test_no_cell_of_a_table_is_a_formula(local, ana):
    """A role is what the file says, and a spreadsheet would run it."""
    turn = '{"role": "=1+2", "content": "Some words"}'
    dataset_id = local.upload(ana, f'{{"conversation_id": "a", "turns": [{turn}, {turn}]}}\n'.encode())
    local.validate()

    table = ana.get(f"/api/datasets/{dataset_id}/findings", params={"format": "csv"}).text

    found = {row["code"]: row["found"] for row in csv.DictReader(io.StringIO(table))}
    assert found["roles-not-alternating"] == "'=1+2"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(table)) for cell in row)


def test_the_card_is_a_page_of_its_own_that_may_run_nothing(local, ana):
    dataset_id = local.upload(ana, lines(3))
    local.validate()

    card = ana.get(f"/api/datasets/{dataset_id}/card")

    assert card.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in card.headers["content-security-policy"]
    assert "hello there" in card.text


def test_events_tell_the_status_now_and_each_change(local, ana):
    dataset_id = local.upload(ana, lines(3))

    seen = []
    with ana.stream("GET", f"/api/datasets/{dataset_id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: "))["status"])
                if len(seen) == 1:
                    local.validate()

    assert seen == ["validating", "ready"]


def test_notifications_are_read_once(local, ana, bob):
    local.upload(ana, lines(3), name="Support chat")
    local.validate()

    [told] = ana.get("/api/notifications").json()["data"]["items"]
    of_bob = bob.post(f"/api/notifications/{told['id']}/read").status_code
    first = ana.post(f"/api/notifications/{told['id']}/read").json()["data"]
    second = ana.post(f"/api/notifications/{told['id']}/read").json()["data"]

    assert (told["title"], told["read_at"], of_bob) == ("Support chat is ready", None, 404)
    assert first["read_at"] is not None
    assert second == first
    assert ana.get("/api/notifications", params={"unread_only": True}).json()["data"]["items"] == []
    for name in ("One", "Two"):
        local.upload(ana, lines(3), name=name, file_name=f"{name}.jsonl")
    local.validate()
    of_bob = bob.post("/api/notifications/read-all").json()["data"]
    unread = ana.get("/api/notifications", params={"limit": 1}).json()["data"]["unread_count"]
    read = [ana.post("/api/notifications/read-all").json()["data"] for _ in range(2)]
    assert (of_bob, unread, read) == ({"read_count": 0}, 2, [{"read_count": 2}, {"read_count": 0}])
    newest = ana.get("/api/notifications").json()["data"]
    assert ([each["read_at"] is None for each in newest["items"]], newest["unread_count"]) == ([False] * 3, 0)
    assert first in newest["items"]


def test_what_is_anothers_is_as_good_as_not_there(local, ana, bob):
    """The same answers, but for the id of the request, so that nobody learns which ids exist."""
    dataset_id = local.upload(ana, lines(3))
    local.validate()
    calls = [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("POST", "/retry"),
        ("POST", "/confirm"),
        ("POST", "/upload"),
        ("GET", "/findings"),
        ("GET", "/findings?format=csv"),
        ("GET", "/card"),
        ("GET", "/events"),
    ]

    answers = []
    for method, path in calls:
        of_ana = bob.request(method, f"/api/datasets/{dataset_id}{path}")
        of_nobody = bob.request(method, f"/api/datasets/{'x' * len(dataset_id)}{path}")
        said = [answer.json()["error"] for answer in (of_ana, of_nobody)]
        answers.append(
            (of_ana.status_code, said[0].replace(dataset_id, "ID") == said[1].replace("x" * len(dataset_id), "ID"))
        )

    assert answers == [(404, True)] * len(calls)


def test_an_admin_reads_everybodys_and_changes_nobodys(local, ana):
    dataset_id = local.upload(ana, lines(1))

    with local.client("root", admin=True) as admin:
        listed = admin.get("/api/datasets").json()["data"]["items"]
        shown = admin.get(f"/api/datasets/{dataset_id}").status_code
        deleted = admin.delete(f"/api/datasets/{dataset_id}").status_code

    assert ([each["user_id"] for each in listed], shown, deleted) == (["ana"], 200, 404)


def test_wrong_fields_are_named_and_not_repeated(ana):
    answer = ana.post("/api/datasets", json={"name": "", "file_name": "x", "file_size": -5, "secret": "hush"})

    assert answer.status_code == 422
    fields = [each["field"] for each in answer.json()["details"]["fields"]]
    assert fields == ["body.name", "body.file_size", "body.secret"]
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("PATCH", "/api/datasets", {}, 405, "method-not-allowed"),
        ("GET", "/api/datasets?page=0", {}, 422, "wrong-field"),
        ("GET", "/api/datasets?status=good", {}, 422, "wrong-field"),
        ("POST", "/api/datasets", {"content": b"x" * 70_000}, 413, "body-above-65-536-bytes"),
        ("POST", "/api/datasets", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "not-json"),
        ("POST", "/api/notifications/7/read", {}, 404, "notification-not-found"),
    ],
)
def test_what_cannot_be_answered_says_so_in_one_shape(ana, method, path, options, status, code):
    answer = ana.request(method, path, **options)

    assert (answer.status_code, answer.json()["details"]["code"]) == (status, code)
    assert answer.json()["details"]["request_id"] == answer.headers["x-request-id"]


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(serve):
    service = serve(max_upload_bytes=100)

    with service.client("ana") as ana:
        answer = ana.post("/api/datasets", json={"name": "x", "file_name": "x.jsonl", "file_size": 101})

        assert (answer.status_code, ana.get("/api/datasets").json()["data"]["total"]) == (413, 0)


@pytest.mark.parametrize(
    "file_name", ["../../etc/passwd", "a/../b.jsonl", "..", "x\u0000.jsonl", "C:\\temp\\x.jsonl", "\u202egnp.exe"]
)
def test_file_names_become_safe_ones(local, ana, file_name):
    """Nothing is written outside the folder of the upload."""
    dataset_id = local.upload(ana, lines(1), file_name=file_name)

    shown = ana.get(f"/api/datasets/{dataset_id}").json()["data"]["file_name"]
    paths = (local.settings.data_dir / "uploads").rglob("*")
    stored = {str(path.relative_to(local.settings.data_dir)) for path in paths if path.is_file()}
    assert stored - {STORE_KEY} == {f"uploads/ana/{dataset_id}/{shown}"}


def test_too_many_requests_are_put_off(serve):
    service = serve(requests_per_minute=3)

    with service.client("ana") as ana, service.client("bob") as bob:
        codes = [ana.get("/api/datasets").status_code for _ in range(4)]
        last = ana.get("/api/datasets")

        assert codes == [200, 200, 200, 429]
        assert int(last.headers["retry-after"]) >= 1
        assert bob.get("/api/datasets").status_code == 200


def test_other_sites_may_not_call_unless_they_are_named(serve):
    asked = {"Origin": "https://pages.example", "Access-Control-Request-Method": "GET"}
    plain, open_to_one = serve(), serve(cors_origins="https://pages.example")

    with plain.client(None) as one, open_to_one.client(None) as other:
        answers = [client.options("/api/datasets", headers=asked) for client in (one, other)]

    allowed = [answer.headers.get("access-control-allow-origin") for answer in answers]
    assert allowed == [None, "https://pages.example"]


@pytest.fixture
def ready(local, ana):
    """A ready dataset of ana's."""
    dataset_id = local.upload(ana, lines(40), name="Support chat")
    local.validate()
    return dataset_id


def test_a_training_job_is_made_listed_read_and_downloaded(ana, bob, ready):
    wanted = {"model": "Qwen3-8B", "gpu": "RTX-4090", "targets": ["trl"], "overrides": {"epochs": "2"}}

    made = ana.post(f"/api/datasets/{ready}/jobs", json=wanted)
    again = ana.post(f"/api/datasets/{ready}/jobs", json=wanted)
    job = made.json()["data"]
    listed = ana.get("/api/jobs", params={"dataset_id": ready}).json()["data"]
    files = ana.get(f"/api/jobs/{job['id']}/files").json()["data"]["items"]
    read = {each["name"]: ana.get(f"/api/jobs/{job['id']}/files/{each['name']}").content for each in files}
    cancelled = ana.post(f"/api/jobs/{job['id']}/cancel").json()["data"]

    assert (made.status_code, again.json()["data"]["id"]) == (201, job["id"])
    assert (job["status"], job["base_model"], job["costs"][0]["kind"]) == ("configured", "Qwen3-8B", "estimate")
    [summary] = listed["items"]
    assert (listed["total"], listed["counts"]["configured"], listed["counts"]["cancelled"]) == (1, 1, 0)
    assert (summary["id"], summary["dataset_name"]) == (job["id"], "Support chat")
    assert summary["cost_usd"]["expected"] == job["costs"][0]["cost_usd"]
    assert summary["hours"]["high"] == job["costs"][0]["hours_high"]
    for asked, ids in (
        ({"search": "SUPPORT chat", "sort": "cost"}, [job["id"]]),
        ({"search": "qwen3-4b"}, []),
        ({"status": "cancelled"}, [job["id"]]),
        ({"status": "configured"}, []),
    ):
        assert [each["id"] for each in ana.get("/api/jobs", params=asked).json()["data"]["items"]] == ids
    assert ana.get("/api/jobs", params={"status": "none"}).status_code == 422
    assert [each["id"] for each in ana.get(f"/api/datasets/{ready}").json()["data"]["jobs"]] == [job["id"]]
    assert {each["name"]: each["size_bytes"] for each in files} == {name: len(data) for name, data in read.items()}
    assert len(files) > 1
    assert cancelled["status"] == "cancelled"
    paths = ("", "/files", f"/files/{files[0]['name']}")
    assert [bob.get(f"/api/jobs/{job['id']}{path}").status_code for path in paths] == [404, 404, 404]
    assert bob.post(f"/api/jobs/{job['id']}/cancel").status_code == 404
    assert bob.post(f"/api/datasets/{ready}/jobs", json=wanted).status_code == 404
    assert bob.get("/api/jobs").json()["data"]["total"] == 0


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        (
            {"model": "Qwen3-8C"},
            400,
            "model: expected a name of the catalogue, found 'Qwen3-8C'; did you mean Qwen3-8B",
        ),
        ({"model": "Qwen3-8B", "gpu": "/etc/passwd"}, 400, "GPU: expected a name of the catalogue"),
        ({"model": "Qwen3-8B", "targets": ["none"]}, 422, "body.targets.0"),
        ({"model": "Qwen3-8B", "overrides": {"epoch": "2"}}, 400, "epoch"),
        ({"model": "Qwen3-8B", "provider": "Nobody"}, 400, "no such price of A100-80GB-SXM; known: "),
        ({"model": "Qwen3-32B", "gpu": "T4"}, 400, "what would fit: the GPU "),
    ],
)
def test_a_job_that_cannot_be_made_says_why(ana, ready, wanted, status, said):
    answer = ana.post(f"/api/datasets/{ready}/jobs", json=wanted)
    others = [ana.post(path, json=wanted | {"dataset_id": ready}) for path in ("/api/jobs", "/api/jobs/estimate")]

    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
    assert [each.json()["error"] for each in others] == [answer.json()["error"]] * 2


def _everything(service):
    """What an installation holds: rows of each table, and files with their bytes."""
    with sqlite3.connect(service.settings.catalog_url.removeprefix("sqlite:///")) as catalog:
        tables = [name for (name,) in catalog.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: catalog.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    files = (path for path in service.settings.data_dir.rglob("*") if path.is_file() and "catalog" not in path.name)
    return rows, {path: path.read_bytes() for path in files}


def test_an_estimate_says_what_the_job_will_and_writes_nothing(local, ana, bob, ready):
    wanted = {"dataset_id": ready, "model": "Qwen3-8B", "gpu": "L40S", "gpu_count": 2, "overrides": {"epochs": "2"}}
    before = _everything(local)

    found = ana.post("/api/jobs/estimate", json=wanted).json()["data"]
    spot = ana.post("/api/jobs/estimate", json=wanted | {"price_kind": "spot"}).json()["data"]
    after = _everything(local)
    [cost] = ana.post("/api/jobs", json=wanted | {"price_kind": "spot"}).json()["data"]["costs"]

    assert after == before
    assert (found["epochs"], found["total_steps"]) == (2, 2 * found["steps_per_epoch"])
    assert found["hourly_rate"] == 2 * found["price"]["per_gpu_hour"]
    assert (found["price"]["kind"], spot["price"]["kind"]) == ("on-demand", "spot")
    for name, shown in (("cost_usd", spot["cost_usd"]), ("hours", spot["hours"])):
        assert shown == {"low": cost[f"{name}_low"], "expected": cost[name], "high": cost[f"{name}_high"]}
    assert (cost["price_kind"], cost["provider"], cost["price_as_of"]) == (
        "spot",
        spot["price"]["provider"],
        spot["price"]["as_of"],
    )
    assert bob.post("/api/jobs/estimate", json=wanted).status_code == 404


def test_trainings_are_compared_by_cost_with_why_one_cannot_be_and_nothing_is_written(local, ana, bob, ready):
    setups = [{"model": "Qwen3-8B", "method": "lora"}, {"model": "Qwen3-8B", "targets": ["together"]}]
    wanted = {"dataset_id": ready, "setups": setups, "gpus": ["T4", "A100-80GB-SXM", "L4"]}
    before = _everything(local)

    items = ana.post("/api/jobs/compare", json=wanted).json()["data"]["items"]

    assert _everything(local) == before
    possible, refused = [each["estimate"] for each in items[:-1]], items[-1]["refusal"]
    costs = [each["cost_usd"]["expected"] for each in possible]
    assert costs == sorted(costs)
    assert {each["gpu"] for each in possible} == {"A100-80GB-SXM", "L4", None}
    assert (items[-1]["setup"]["gpu"], refused["kind"]) == ("T4", "does-not-fit")
    assert {"key": "method", "value": "qlora", "note": ""} in refused["would_fit"]
    assert bob.post("/api/jobs/compare", json=wanted).status_code == 404


def test_the_catalogue_shows_what_a_job_can_be_made_of(serve, tmp_path):
    own = tmp_path / "prices.toml"
    own.write_text(
        '[[prices]]\nname = "L4"\nprovider = "Ours"\nkind = "spot"\nper_gpu_hour = 0.1\nsource = "a contract"\n'
        "as_of = 2026-11-01\n"
    )
    with serve(prices_file=own).client("ana") as ana:
        found = ana.get("/api/catalogue").json()["data"]

    by_name = {table: {each.get("name") or each["key"]: each for each in rows} for table, rows in found.items()}
    assert [len(by_name[name]) for name in ("models", "gpus")] == [len(load_models()), len(load_gpus())]
    assert by_name["models"]["Qwen3-8B"]["licence"] == "apache-2.0"
    assert by_name["presets"]["balanced"]["values"]["learning_rate"]["up_to_15b"] == 2e-4
    assert by_name["prices"]["L4"]["provider"] == "Ours"
    assert (by_name["trainers"]["trl"]["is_hosted"], by_name["trainers"]["openai"]["is_hosted"]) == (False, True)
    assert by_name["settings"]["rank"] == {
        "key": "rank",
        "setting": "adapter.rank",
        "kind": "integer",
        "low": 1.0,
        "high": 1024.0,
        "choices": [],
        "expected": "an integer from 1 to 1024",
    }


@pytest.mark.parametrize("name", ["%2e%2e", "../../etc/passwd", "%2e%2e%2fcatalog.db", "nothing.json", "/etc/passwd"])
def test_only_files_of_the_job_are_given(ana, ready, name):
    job_id = ana.post(f"/api/datasets/{ready}/jobs", json={"model": "Qwen3-8B"}).json()["data"]["id"]

    assert ana.get(f"/api/jobs/{job_id}/files/{name}").status_code in (404, 405)


def test_a_job_is_known_by_its_whole_id_only(ana, ready):
    """People at a terminal may shorten it; here the beginning of several would answer other than that of none."""
    made = [
        ana.post(f"/api/datasets/{ready}/jobs", json={"model": "Qwen3-8B", "gpu": gpu}).json()["data"]
        for gpu in ("RTX-4090", "A100-80GB-SXM")
    ]

    statuses = [ana.get(f"/api/jobs/{text}").status_code for text in (made[0]["id"][:5], made[0]["name"], "x")]

    assert (statuses, ana.get(f"/api/jobs/{made[0]['id']}").status_code) == ([404, 404, 404], 200)


@pytest.mark.parametrize("name", [" ", "\n\t", "\u2003"])
def test_a_name_has_something_to_see(ana, name):
    answer = ana.post("/api/datasets", json={"name": name, "file_name": "a.jsonl", "file_size": 1})

    assert (answer.status_code, answer.json()["details"]["fields"][0]["field"]) == (422, "body.name")


def test_going_on_behind_the_end_is_refused_in_words(local, ana):
    url = local.announce(ana, b"abc")["upload"]["parts"][0]["url"]

    with local.client(None) as sender:
        answer = sender.put(url, content=b"x", headers={"Upload-Offset": "9"})

    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "Upload-Offset: expected at most 3, found 9: ask what arrived",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file_size", "true"), ("file_size", '"12"'), ("file_size", "12.0"), ("file_size", "NaN"), ("file_size", "-1"),
        ("file_size", "0"), ("file_size", "1e3"), ("file_size", "1" + "0" * 30), ("file_size", "null"),
        ("file_size", "[1]"), ("name", "5"), ("name", "true"), ("name", '["a"]'), ("file_name", "5"), ("format", "5"),
        ("description", "5"), ("owner", '"bob"'),
    ],
)  # fmt: skip
def test_each_field_of_an_upload_is_what_it_has_to_be(ana, field, value):
    """No text is taken for a number, no `true` for a 1: what was meant cannot be known."""
    fields = {"name": '"Chat"', "file_name": '"chat.jsonl"', "file_size": "12", field: value}
    body = "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}"

    answer = ana.post("/api/datasets", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, [each["field"] for each in answer.json()["details"]["fields"]]) == (
        422,
        [f"body.{field}"],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gpu_count", "true"), ("gpu_count", '"2"'), ("gpu_count", "2.0"), ("gpu_count", "NaN"), ("gpu_count", "0"),
        ("gpu_count", "1" + "0" * 30), ("model", "1"), ("method", "1"), ("targets", '"trl"'), ("targets", "[1]"),
        ("overrides", '{"epochs": 2}'), ("overrides", "[]"), ("preset", "null"),
    ],
)  # fmt: skip
def test_each_field_of_a_job_is_what_it_has_to_be(ana, field, value):
    fields = {"model": '"Qwen3-8B"', field: value}
    body = "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}"

    answer = ana.post("/api/datasets/none/jobs", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert {each["field"].split(".")[1] for each in answer.json()["details"]["fields"]} == {field}


@pytest.mark.parametrize("body", ["[" * 60_000, '{"name":' * 7_000, "1" * 60_000, '"' * 60_000, "\xff", ""])
def test_a_body_that_nobody_can_read_is_refused(ana, body):
    answer = ana.post("/api/datasets", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert answer.json()["details"]["request_id"]


def test_a_cookie_or_an_address_of_brackets_is_none(local):
    """Both are read before their signature is known to be good."""
    deep = urlsafe_b64encode(b"[" * 2_000).decode()
    with local.client(None) as nobody:
        cookie = nobody.get("/api/datasets", headers={"Cookie": f"lora_session={deep * 4}.e30.x"}).status_code
        address = nobody.put(f"/api/uploads/{deep}.e30.x", content=b"x").status_code

    assert (cookie, address) == (401, 403)
