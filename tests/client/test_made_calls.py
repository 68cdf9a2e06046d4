"""The client's calls about conversations that are made, against a service that holds some."""

import json
from inspect import signature

import pytest

from pipeline.client import Client
from pipeline.client.generation_calls import GenerationCalls
from pipeline.contract.conversation_values import ConversationQuery
from pipeline.errors import (
    BatchNotFound,
    ConversationNotFound,
    RequestRefused,
    ScaffoldNotFound,
    ServiceError,
    TrainingFileNotFound,
)
from pipeline.generation.wish import PlanWish
from pipeline.service.new_batch import NewBatch
from tests.made import ITEMS, LOST, ODD, copied
from tests.service.serving import serving, token


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("client") / "data")


@pytest.fixture(scope="module")
def client(made):
    with serving(made.settings) as service, Client(service.url, token("ann")) as ann:
        yield ann


def test_scaffolds_are_listed_added_switched_off_and_checked(client):
    [persona] = client.scaffolds.list("persona", limit=1).items
    shown = client.scaffolds.show("persona", persona.key).items[0]

    added = client.scaffolds.add("persona", "mia", {**shown.content, "key": "mia", "name": "Mia"})
    off = client.scaffolds.add("persona", "mia", is_active=False)

    assert (added.is_new, added.scaffold.name, off.scaffold.version, off.scaffold.is_active) == (True, "Mia", 2, False)
    assert (added.faults, client.scaffolds.check().items) == ([], [])
    with pytest.raises(ScaffoldNotFound, match="found 'nobody'"):
        client.scaffolds.show("persona", "nobody")


def test_a_batch_is_estimated_planned_started_paused_and_given_up(client):
    wish = PlanWish(items=4, personas=("returning_parent",), weights={"persona": {"returning_parent": 2}})
    models = {"judging_model": "", "is_batched": False, "language": "en"}

    estimate = client.generation.estimate(wish, **models)
    planned = client.generation.plan(wish, name="Parents", **models)
    with pytest.raises(RequestRefused, match="expected a budget for what is paid"):
        client.generation.start(planned.batch.id)
    started = client.generation.start(planned.batch.id, 1.5)
    watched = client.generation.watch(planned.batch.id)
    running = next(watched)
    paused = client.generation.pause(planned.batch.id, "lunch")
    [*_, last] = watched
    gone = client.generation.cancel(planned.batch.id)

    assert planned.estimate == estimate == started.estimate
    assert (planned.batch.language, planned.batch.judging_model, planned.batch.wish["items"]) == ("en", None, 4)
    assert (started.batch.budget_usd, paused.status_reason) == (1.5, "lunch")
    assert (running.status, last.status, last.status_reason) == ("running", "paused", "lunch")
    assert client.generation.status(planned.batch.id) == gone
    assert [each.id for each in client.generation.list("cancelled").items] == [planned.batch.id]
    with pytest.raises(BatchNotFound, match="found 'none'"):
        client.generation.status("none")
    with pytest.raises(BatchNotFound, match="found 'none'"):
        next(client.generation.watch("none"))


def test_items_failures_and_ledger_of_a_batch_are_read(client, made, tmp_path):
    items = client.generation.items(made.batch_id, "failed")
    failures = client.generation.failures(made.batch_id, limit=1)
    client.generation.download_calls(made.batch_id, tmp_path / "calls.jsonl")

    calls = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert [each.number for each in items.items] == [LOST] == [each.number for each in failures.items]
    assert sum(each["cost_nano_usd"] for each in calls) == made.bill
    assert client.generation.retry(made.batch_id, [1, 2]).retried == 0
    with pytest.raises(RequestRefused, match=r"expected a submission of .* that is under way"):
        client.generation.settle(made.batch_id, "s1", None)


def test_conversations_are_read_reviewed_and_edited(client, made, tmp_path):
    odd = made.conversation(ODD)
    [listed] = client.conversations.list(ConversationQuery(finding="scaffold-word")).items
    shown = client.conversations.show(odd)
    turns = [(turn.role, turn.content.replace("This is a training conversation.", "")) for turn in shown.turns]

    edited = client.conversations.edit(odd, 1, turns=turns, note="mended")
    approved = client.conversations.review(odd, "approve", 2)
    client.conversations.download(odd, tmp_path / "raw.json")
    client.conversations.download(odd, tmp_path / "enriched.json", "enriched")
    client.conversations.export(tmp_path / "all.jsonl", ConversationQuery(persona=shown.persona))

    assert (listed.id, edited.finding_codes, approved.status) == (odd, [], "accepted")
    assert client.conversations.show(odd, version=1).turns == shown.turns
    assert json.loads((tmp_path / "raw.json").read_text())["version"] == 2
    assert "training_pairs" in json.loads((tmp_path / "enriched.json").read_text())
    exported = [json.loads(line)["conversation_id"] for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert odd in exported
    with pytest.raises(RequestRefused, match="expected 99 conversations as shown"):
        client.conversations.review_all("reject", ConversationQuery(status="accepted"), 99)
    assert client.conversations.review_all("approve", ConversationQuery(status="accepted"), ITEMS) == 0
    with pytest.raises(ConversationNotFound):
        client.conversations.show("none")


def test_a_training_file_is_built_downloaded_and_sent(client, made, tmp_path, monkeypatch):
    query = ConversationQuery(batch_id=made.batch_id)

    counted = client.training_files.preview(query)
    built = client.training_files.build("Money talk", query)
    places = client.training_files.download(built.file.id, tmp_path / "file")
    sent = client.training_files.send(built.file.id)

    assert counted.conversation_count == built.file.conversation_count
    assert [place.name for place in places] == [each.name for each in built.file.files]
    assert client.training_files.show(built.file.id).dataset == sent
    assert [each.id for each in client.training_files.list().items] == [built.file.id]
    with pytest.raises(TrainingFileNotFound):
        client.training_files.send("none")
    monkeypatch.setattr("pipeline.client.training_file_calls.hash_of", lambda *_: "0")
    with pytest.raises(ServiceError, match="expected the checksum"):
        client.training_files.download(built.file.id, tmp_path / "again")


def test_what_a_client_asks_for_is_what_the_service_takes():
    said = {*PlanWish.model_fields, *signature(GenerationCalls.plan).parameters} - {"self", "wish"}

    assert said == set(NewBatch.model_fields)
