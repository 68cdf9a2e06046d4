"""While a part is away no sensor asks for anything; afterwards all that waited is done, and nothing was spent."""

import logging
from datetime import timedelta

import pytest

from tests.installation import valid_file
from tests.moto_server import moto_url, uploads_told
from tests.state.catalog.examples import PATIENCE

__all__ = ["moto_url", "uploads_told"]

SENSORS = ("new_uploads", "ready_datasets", "failed_runs", "stale_warehouse")


@pytest.fixture
def waiting(installation):
    """A dataset that waits for its plan, one for its run, and one that is not registered yet."""
    installation.drop("a.jsonl", valid_file(seed=1))
    installation.ingest()
    installation.drop("b.jsonl", valid_file(seed=2))
    installation.tick()
    installation.drop("c.jsonl", valid_file(seed=3))
    return installation


def _take_away(installation, part):
    """A catalog or lake that is gone; returns what brings it back."""
    data = installation.settings.data_dir
    place = {"lake": data / "lake", "catalog": data / "catalog.db"}[part]
    aside = place.with_name("aside")
    place.rename(aside)
    place.write_bytes(b"") if part == "catalog" else place.write_text("in the way")

    def back():
        place.unlink()
        aside.rename(place)

    return back


@pytest.mark.parametrize("part", ["lake", "catalog"])
def test_all_sensors_wait_and_the_outage_is_one_line(waiting, part, caplog, monkeypatch):
    monkeypatch.setattr("pipeline.flow.retries.LOST_AFTER", timedelta(0))
    monkeypatch.setattr("pipeline.flow.outages._SECOND_LOOK_S", 0)
    back = _take_away(waiting, part)

    with caplog.at_level(logging.WARNING):
        said = [waiting.tick(sensor) for _ in range(3) for sensor in SENSORS]
    back()

    assert all(each.result.skip_message.startswith(f"waiting: the {part} does not answer since ") for each in said)
    assert all(each.runs == [] for each in said)
    assert [each for each in caplog.messages if "does not answer" in each] == [
        each for each in caplog.messages if each.startswith(f"The {part} does not answer: ")
    ]
    assert len([each for each in caplog.messages if each.startswith(f"The {part} does not answer: ")]) == 1
    waiting.tick("failed_runs")
    [tags] = waiting.tick().runs
    assert tags["lora/datasets"] == "2"  # one full run for what waited before and what came meanwhile
    assert waiting.run("ingest", tags).success
    assert waiting.statuses() == {"a": "ready", "b": "ready", "c": "ready"}
    assert {each.attempt for each in waiting.datasets()} == {0}
    assert [run.success for run in waiting.plan()] == [True]


def test_operators_are_told_of_what_was_given_up_and_of_a_crash_once(waiting, caplog):
    b = waiting.dataset("b")
    with waiting.catalog() as catalog:
        for _ in range(3):
            catalog.begin_try("validation", b.id, "run-1")
            catalog.spend_try("validation", b.id, "run-1", "no space left", PATIENCE, b.created_at)

    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            waiting.tick("failed_runs")

    told = [each for each in caplog.messages if "could not be validated" in each]
    assert told == [f"1 dataset could not be validated: {b.id}: no space left. The tries go on hourly."]


def test_while_the_queue_is_away_new_uploads_wait_and_are_listed_afterwards(
    make_installation, uploads_told, monkeypatch, caplog
):
    """Messages of a queue that was removed are lost; the other sensors have nothing to do with it."""
    monkeypatch.setattr("pipeline.flow.outages._SECOND_LOOK_S", 0)
    installation = make_installation(**uploads_told.places)
    installation.tick()
    uploads_told.sqs.delete_queue(QueueUrl=uploads_told.url)
    uploads_told.drop("uploads/ana/a.jsonl", valid_file())

    with caplog.at_level(logging.WARNING):
        said = [installation.tick().result.skip_message for _ in range(2)]
        other = installation.tick("ready_datasets").result.skip_message
    uploads_told.make_queues()
    [tags] = installation.tick().runs

    where = f"{uploads_told.name} at {uploads_told.endpoint_url}"
    assert all(each.startswith("waiting: the queue does not answer since ") for each in said)
    assert other == "no ready dataset without a plan"
    assert [each for each in caplog.messages if "does not answer" in each] == [
        f"The queue does not answer: the queue {where} does not exist: create it, or check LORA_EVENTS. "
        "New uploads wait in the store, which is listed when the queue is back."
    ]
    assert tags["lora/datasets"] == "1"
    assert installation.run("ingest", tags).success
    assert installation.statuses() == {"a": "ready"}


def test_messages_that_nobody_can_read_are_named_where_the_sensor_is_shown(make_installation, uploads_told):
    installation = make_installation(**uploads_told.places)
    installation.tick()
    uploads_told.send("no event")

    told = installation.tick().result.skip_message

    assert told == f"1 message of uploads, none new; 1 that nobody can read left in {uploads_told.name}"
