"""Conversations are made, reviewed and sent on over PostgreSQL, behind the wall of row security."""

import pytest
from fastapi.testclient import TestClient

from pipeline.service.app import create_app
from pipeline.settings import load_settings
from tests.fakes.anthropic import FakeAnthropic
from tests.flow.generation.places import opened
from tests.made import ITEMS, SETTINGS, Made, written
from tests.postgres import as_ordinary_role
from tests.service.asking import Asking
from tests.service.serving import Clock

pytestmark = pytest.mark.needs_postgres


@pytest.fixture
def service(tmp_path, postgres_url):
    url = as_ordinary_role(postgres_url)
    with FakeAnthropic(answer=written) as fake, opened(tmp_path, fake, catalog_url=url) as place:
        batch = place.batch(ITEMS)
        place.work()
        settings = load_settings(data_dir=tmp_path, catalog_url=url, **SETTINGS)
        with TestClient(create_app(settings)) as client:
            yield Asking(Made(settings, batch.id, fake.total_nano_usd()), Clock(), client)


def test_every_question_is_answered_and_of_ones_own_alone(service):
    batch, one = service.made.batch_id, service.made.conversation(1)
    edit = {"version": 1, "title": "Another"}
    query = {"status": "needs_review", "finding": None}

    put = service.data("PUT", "/api/scaffolds/persona/returning_parent", json={"is_active": False})
    planned = service.data("POST", "/api/generation/batches", json={"items": 4})["batch"]["id"]
    started = service.data("POST", f"/api/generation/batches/{planned}/start", json={"budget_usd": 1})
    service.data("POST", f"/api/generation/batches/{planned}/cancel")
    retried = service.data("POST", f"/api/generation/batches/{planned}/retry", json={"numbers": [1, 2]})
    edited = service.data("POST", f"/api/conversations/{one}/edit", json=edit)
    done = service.data("POST", "/api/conversations/review", json={"action": "approve", "query": query, "expected": 2})
    file = service.data("POST", "/api/training-files", json={"name": "All", "query": {"batch_id": batch}})["file"]
    sent = service.data("POST", f"/api/training-files/{file['id']}/send")
    shown = service.data("GET", f"/api/generation/batches/{batch}")
    items = service.data("GET", f"/api/generation/batches/{batch}/items")
    odd = service.data("GET", "/api/conversations", params={"finding": "scaffold-word"})
    none = service.data("GET", "/api/conversations", params={"finding": "scaffold", "text": "%"})
    calls = service.ask("GET", f"/api/generation/batches/{batch}/calls").text.splitlines()

    assert (put["scaffold"]["is_own"], started["batch"]["status"], retried["retried"]) == (True, "running", 2)
    assert (edited["version"], done["changed"], sent["user_id"]) == (2, 2, "ann")
    assert file["conversation_count"] == shown["by_state"]["accepted"] == ITEMS
    assert [each["id"] for each in shown["files"]] == [file["id"]]
    assert (shown["spent_nano_usd"], len(calls)) == (service.made.bill, sum(each["calls"] for each in shown["calls"]))
    assert (items["items"][0]["conversation_id"], odd["total"], none["total"]) == (one, 1, 0)
    for path in ("/api/conversations", "/api/generation/batches", "/api/training-files"):
        assert service.data("GET", path, "bob")["total"] == 0
    theirs = service.data("GET", "/api/scaffolds", "bob", params={"kind": "persona"})["items"]
    assert {each["is_active"] for each in theirs} == {True}
