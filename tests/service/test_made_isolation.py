"""Whose conversations they are: every call about somebody else's is as if there were none, and an admin only reads."""

import re

import pytest

from tests.made import ODD
from tests.service.asking import asking

_ROUTES = re.compile(r"/api/(generation/batches|conversations|training-files)/\{")
_BODIES = {
    "settle": {"submission_id": "s1", "external_id": None},
    "review": {"action": "approve", "version": 1},
    "edit": {"version": 1, "title": "Theirs"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with asking(tmp_path_factory.mktemp("isolation") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def calls(service):
    """Every call about one thing, with the ids of ann's."""
    file_id = service.data("POST", "/api/training-files", json={"name": "Of ann"})["file"]["id"]
    known = {"batch_id": service.made.batch_id, "conversation_id": service.made.conversation(ODD), "file_id": file_id}
    known["name"] = "native.jsonl"
    paths = service.client.app.openapi()["paths"]
    return [
        (method.upper(), path.format(**known), path.rpartition("/")[2])
        for path, methods in paths.items()
        for method in methods
        if _ROUTES.match(path)
    ]


def test_anothers_are_as_good_as_none(service, calls):
    found = {}
    for method, path, last in calls:
        body = {"json": _BODIES.get(last, {})} if method == "POST" else {}
        found[f"{method} {path}"] = service.ask(method, path, "bob", **body).status_code

    assert len(found) >= 17
    assert found == dict.fromkeys(found, 404)


def test_an_admin_reads_everybodys_and_changes_only_their_own(service, calls):
    wrong = {}
    for method, path, last in calls:
        body = {"json": _BODIES.get(last, {})} if method == "POST" else {}
        status = service.ask(method, path, "root", is_admin=True, **body).status_code
        if status != (200 if method == "GET" else 404):
            wrong[f"{method} {path}"] = status

    assert wrong == {}


def test_lists_hold_ones_own_and_an_admins_everybodys(service):
    lists = ("generation/batches", "conversations", "training-files")

    totals = {user: [service.data("GET", f"/api/{each}", user)["total"] for each in lists] for user in ("ann", "bob")}
    all_of_them = [service.data("GET", f"/api/{each}", "root", is_admin=True)["total"] for each in lists]

    assert totals["bob"] == [0, 0, 0]
    assert all(count > 0 for count in totals["ann"])
    assert all_of_them == totals["ann"]
    body = {"action": "approve", "query": {}, "expected": 0}
    assert service.data("POST", "/api/conversations/review", "bob", json=body) == {"changed": 0}
    assert service.data("POST", "/api/training-files/preview", "bob", json={})["conversation_count"] == 0


def test_no_answer_tells_where_the_installation_asks_or_its_keys(tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("LORA_LLM_API_KEY", "sk-of-the-operator")
    with asking(tmp_path / "data", llm="anthropic+http://gateway.internal:8080") as service:
        planned = service.ask("POST", "/api/generation/batches", json={"items": 2}).text
        batch_id = service.data("GET", "/api/generation/batches")["items"][0]["id"]
        told = [
            planned,
            service.ask("POST", f"/api/generation/batches/{batch_id}/start", json={"budget_usd": 1}).text,
            service.ask("GET", "/api/generation/batches").text,
            service.ask("GET", f"/api/generation/batches/{service.made.batch_id}").text,
            service.ask("GET", f"/api/generation/batches/{service.made.batch_id}/calls").text,
        ]

    assert all('"anthropic"' in each for each in told)
    assert [each for each in told if "gateway" in each or "sk-of" in each or "127.0.0.1" in each] == []
