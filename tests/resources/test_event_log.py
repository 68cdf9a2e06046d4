"""The pooled event log keeps what Dagster expects of an event log, also between processes."""

import subprocess
import sys
import threading
from contextlib import ExitStack
from unittest.mock import Mock

import dagster as dg
import pytest

from resources.dagster_internals import ConsolidatedSqliteEventLogStorage
from resources.event_log import PooledSqliteEventLogStorage
from tests.installation import PROJECT_DIR, bad_file, dagster_home, installation, make_installation, valid_file
from tests.resources.kept_events import events_of_every_kind, kept

__all__ = ["dagster_home", "installation", "make_installation"]


@pytest.fixture(scope="module")
def writers():
    """Two other processes with Dagster loaded."""
    command = [sys.executable, "-m", "tests.resources.event_writer"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        started = [stack.enter_context(subprocess.Popen(command, cwd=PROJECT_DIR, **pipes)) for _ in "12"]
        for process in started:
            wait_for(process)
        yield started
        for process in started:
            process.stdin.close()


def tell(process, command):
    process.stdin.write(f"{command}\n")
    process.stdin.flush()


def wait_for(process):
    assert process.stdout.readline() == "done\n"


def at_once(processes, commands):
    """Let each process do its command at the same time."""
    for process, command in zip(processes, commands, strict=True):
        tell(process, command)
    for process in processes:
        wait_for(process)


def events(instance, run_id):
    return [record.event_log_entry.message for record in instance.get_records_for_run(run_id).records]


def test_the_deployed_instance_uses_it(installation):
    """`deploy/dagster.yaml` names it."""
    storage = installation.instance.event_log_storage

    assert storage.__class__ is PooledSqliteEventLogStorage
    assert storage.get_db_path() == str(installation.settings.dagster_home / "event_log.db")


def test_events_come_back_in_order_and_only_those_of_their_run(installation):
    """What a run's page shows."""
    for number in range(3):
        installation.instance.report_engine_event(f"event {number}", run_id="one", job_name="ingest")
        installation.instance.report_engine_event(f"other {number}", run_id="two", job_name="ingest")

    assert events(installation.instance, "one") == ["event 0", "event 1", "event 2"]


def test_a_page_of_events_goes_on_where_the_last_one_ended(installation):
    """The UI reads long runs in pages."""
    for number in range(5):
        installation.instance.report_engine_event(f"event {number}", run_id="one", job_name="ingest")

    first = installation.instance.get_records_for_run("one", limit=3)
    second = installation.instance.get_records_for_run("one", cursor=first.cursor, limit=3)

    assert [len(first.records), len(second.records)] == [3, 2]
    assert (first.has_more, second.has_more) == (True, False)


def test_an_event_is_there_with_all_that_is_found_by_it_or_not_at_all(installation, monkeypatch):
    """A disk that is full, or a kill, between the event and the list of assets."""
    instance, failing = installation.instance, RuntimeError("the disk is full")
    monkeypatch.setattr(PooledSqliteEventLogStorage, "_store_asset", Mock(side_effect=failing))
    with pytest.raises(RuntimeError):
        instance.report_runless_asset_event(dg.AssetMaterialization("uploads", partition="a"))
    monkeypatch.undo()

    assert instance.get_materialized_partitions(dg.AssetKey("uploads")) == set()
    instance.report_runless_asset_event(dg.AssetMaterialization("uploads", partition="b"))
    assert instance.get_materialized_partitions(dg.AssetKey("uploads")) == {"b"}
    assert instance.get_latest_materialization_event(dg.AssetKey("uploads")) is not None


def test_it_keeps_of_each_event_what_dagsters_own_keeps(installation, tmp_path):
    """Its statements are its own."""
    installation.drop("good.jsonl", valid_file())
    installation.drop("bad.jsonl", bad_file())
    events = events_of_every_kind(installation)
    kinds = (ConsolidatedSqliteEventLogStorage, PooledSqliteEventLogStorage)
    theirs, ours = (kind(str(tmp_path / kind.__name__)) for kind in kinds)

    for storage in (theirs, ours):
        for event in events:
            storage.store_event(event)

    assert kept(ours) == (expected := kept(theirs))
    assert min(map(len, expected.values())) > 5


def test_wiping_an_asset_and_the_log_leaves_nothing(installation):
    """`dagster asset wipe` and `dagster run wipe`."""
    instance = installation.instance
    instance.report_runless_asset_event(dg.AssetMaterialization("uploads", partition="a"))
    instance.report_engine_event("event", run_id="one", job_name="ingest")

    instance.wipe_assets([dg.AssetKey("uploads")])
    instance.wipe()

    assert instance.get_materialized_partitions(dg.AssetKey("uploads")) == set()
    assert events(instance, "one") == []


def test_it_goes_on_after_being_disposed(installation):
    """Dagster disposes of an instance that other code may still hold."""
    installation.instance.report_engine_event("before", run_id="one", job_name="ingest")

    installation.instance.event_log_storage.dispose()
    installation.instance.report_engine_event("after", run_id="one", job_name="ingest")

    assert events(installation.instance, "one") == ["before", "after"]


def test_threads_share_it(installation):
    """The sensor daemon ticks in several threads."""

    def write(run_id):
        for number in range(20):
            installation.instance.report_engine_event(f"event {number}", run_id=run_id, job_name="ingest")

    threads = [threading.Thread(target=write, args=[f"run-{number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(events(installation.instance, f"run-{number}")) for number in range(4)] == [20] * 4


def test_processes_that_write_at_once_lose_nothing(installation, writers):
    """Two runs, each in a process of its own."""
    at_once(writers, [f"open {installation.settings.dagster_home}"] * 2)

    at_once(writers, ["write one 150", "write two 150"])
    at_once(writers, ["close"] * 2)

    for run_id in ("one", "two"):
        assert events(installation.instance, run_id) == [f"event {number} of {run_id}" for number in range(150)]


def test_a_watcher_hears_of_another_process_at_once(installation, writers):
    """The run page is live while the run's process keeps its connections open."""
    heard = []
    all_heard = threading.Event()

    def callback(entry, _cursor):
        heard.append(entry.message)
        if len(heard) == 3:
            all_heard.set()

    at_once(writers, [f"open {installation.settings.dagster_home}"] * 2)
    installation.instance.watch_event_logs("one", None, callback)
    at_once(writers[:1], ["write one 3"])
    all_heard.wait(20)
    installation.instance.end_watch_event_logs("one", callback)
    at_once(writers, ["close"] * 2)

    assert heard == [f"event {number} of one" for number in range(3)]


def test_processes_that_start_on_an_empty_machine_together_do_not_collide(tmp_path, writers):
    """`lora-pipeline dev` starts the UI and the daemon at once, on a folder without a database."""
    for attempt in range(10):
        at_once(writers, [f"make {tmp_path / str(attempt)}"] * 2)

    assert [path.name for path in (tmp_path / "0").iterdir() if path.suffix == ".db"] == ["event_log.db"]


def test_what_a_run_told_is_remembered_as_the_database_has_it(installation):
    """Asking for it takes longer than storing it."""
    installation.drop("good.jsonl", valid_file())
    runs = [*installation.ingest(), *installation.plan()]
    [dataset] = installation.datasets()
    storage = installation.instance.event_log_storage

    for run, assets in zip(runs, [("conversations", "dataset_profiles"), ("training_job_configs",)], strict=True):
        for asset in assets:
            wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), [dataset.id])
            [record] = storage.fetch_materializations(wanted, limit=1).records
            told = storage.told_by(run.run_id, asset, dataset.id)
            assert (told.storage_id, told.run_id, told.timestamp) == (record.storage_id, run.run_id, record.timestamp)
            assert storage.told_by("another", asset, dataset.id) is None
            assert storage.told_by(run.run_id, asset, "another") is None


def test_only_the_last_few_are_remembered(installation):
    """A run over many partitions stays small."""
    for number in range(150):
        installation.instance.report_runless_asset_event(dg.AssetMaterialization("uploads", partition=str(number)))

    storage = installation.instance.event_log_storage
    assert storage.told_by("", "uploads", "149").run_id == ""
    assert storage.told_by("", "uploads", "20") is None


def test_what_could_not_be_stored_is_not_remembered(installation, monkeypatch):
    """The disk is full: nothing of the event is there, and a check that is told later must not be about it."""
    monkeypatch.setattr("resources.event_statements._upsert_asset", Mock(side_effect=OSError("no space left")))

    with pytest.raises(OSError, match="no space left"):
        installation.instance.report_runless_asset_event(dg.AssetMaterialization("uploads", partition="a"))

    assert installation.instance.fetch_materializations(dg.AssetKey("uploads"), limit=1).records == []
    assert installation.instance.event_log_storage.told_by("", "uploads", "a") is None
