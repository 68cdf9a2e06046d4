"""The check `warehouse_is_complete`: a lake that is not there is seen in Dagster, and the warehouse comes back."""

import shutil
from datetime import timedelta

import dagster as dg
import pytest

from assets.warehouse_asset import COMPLETE
from pipeline.clock import utc_now
from sensors.stale_warehouse import _pause
from tests.installation import valid_file


@pytest.fixture
def published(installation):
    """Two ready datasets, in the warehouse; the sensor has nothing to ask for."""
    for number in range(2):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))
    installation.ingest()
    [tags] = installation.tick("stale_warehouse").runs
    assert installation.run("publish", tags).success
    assert installation.evaluate("stale_warehouse").skip_message == "nothing changed since the last publication"
    return installation


def evaluations(installation):
    """Every evaluation of the check, the newest first."""
    records = installation.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("warehouse"), COMPLETE), limit=100
    )
    return [record.event.dagster_event.asset_check_evaluation_data for record in records]


def conversations(installation):
    return installation.query("SELECT count(*) FROM conversations")[0][0]


def test_a_good_publication_passes_the_check_with_its_number(published):
    [good] = evaluations(published)

    assert (good.passed, good.blocking, good.metadata["datasets"].value) == (True, True, 2)


def test_five_publications_without_the_lake_fail_and_leave_the_file(published):
    """Which datasets are missing stands in the check; nobody is sent back to validation for it."""
    lake = published.settings.data_dir / "lake"
    lake.rename(lake.with_name("away"))
    lake.mkdir()
    before = published.settings.warehouse.read_bytes()

    runs = [published.run("publish") for _ in range(5)]

    assert [run.success for run in runs] == [False] * 5
    assert published.settings.warehouse.read_bytes() == before
    newest, *others = evaluations(published)
    assert len(others) == 5  # and the good one
    assert (newest.passed, newest.severity, newest.metadata["missing"].value) == (False, dg.AssetCheckSeverity.ERROR, 2)
    assert sorted(newest.metadata["lost_from_lake_ids"].value) == sorted(each.id for each in published.datasets())
    assert published.statuses() == {"file-0": "ready", "file-1": "ready"}
    assert "mount it, or check LORA_LAKE" in published.failures("publish")[-1]


def test_the_warehouse_is_published_when_the_lake_is_back_although_the_catalog_did_not_change(published):
    """The sensor waits while the lake is away, and asks at once when it answers."""
    lake = published.settings.data_dir / "lake"
    published.drop("third.jsonl", valid_file(seed=3))
    published.ingest()
    lake.rename(lake.with_name("away"))
    assert not published.run("publish").success

    waiting = published.tick("stale_warehouse")

    assert waiting.runs == []
    assert waiting.result.skip_message.startswith("waiting: the lake does not answer since ")
    assert "expected the lake of this installation at" in waiting.result.skip_message
    lake.with_name("away").rename(lake)
    [tags] = published.tick("stale_warehouse").runs
    assert conversations(published) == 24
    assert published.run("publish", tags).success
    assert conversations(published) == 36
    assert published.tick("stale_warehouse").runs == []


def test_a_lost_dataset_is_validated_again_and_the_publication_asked_for_until_it_succeeds(published, monkeypatch):
    lost = published.dataset("file-0")
    for folder in (published.settings.data_dir / "lake").glob(f"*/dataset_id={lost.id}"):
        shutil.rmtree(folder)
    published.drop("third.jsonl", valid_file(seed=3))
    published.ingest()
    [tags] = published.tick("stale_warehouse").runs

    assert not published.run("publish", tags).success

    assert published.statuses() == {"file-0": "validating", "file-1": "ready", "third": "ready"}
    paused = published.tick("stale_warehouse")
    assert (paused.runs, paused.result.skip_message[:44]) == ([], "the last publication failed; the next is at ")
    published.ingest()
    monkeypatch.setattr("sensors.stale_warehouse.utc_now", lambda: utc_now() + timedelta(seconds=31))
    [tags] = published.tick("stale_warehouse").runs
    assert published.run("publish", tags).success
    assert (conversations(published), published.statuses()["file-0"]) == (36, "ready")


def test_a_publication_that_fails_for_ever_is_asked_for_more_and_more_rarely():
    assert [_pause(failures).total_seconds() for failures in range(1, 8)] == [30, 60, 120, 240, 300, 300, 300]


def test_each_failed_run_gives_the_next_request_another_key(published, monkeypatch):
    """Dagster starts no run twice under one."""
    (published.settings.data_dir / "lake").rename(published.settings.data_dir / "away")
    monkeypatch.setattr("sensors.pausing.probe", lambda *_: ())
    monkeypatch.setattr("sensors.stale_warehouse.utc_now", lambda: utc_now() + timedelta(hours=1))
    with published.catalog() as catalog:
        catalog.soft_delete(published.dataset("file-1").id, "ana", utc_now())

    requests = []
    for _ in range(3):
        [tags] = published.tick("stale_warehouse").runs
        requests.append(tags["dagster/run_key"])
        published.run("publish", tags)

    assert len(set(requests)) == 3
