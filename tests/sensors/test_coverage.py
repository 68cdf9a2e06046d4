"""What became of the runs of requests. The runs are Dagster's own, with the events that it would write."""

from datetime import timedelta

import dagster as dg
import pytest
from dagster import DagsterEvent, DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

from assets.partitions import REQUEST_TAG
from pipeline.clock import utc_now
from pipeline.flow.retries import Fate
from sensors.coverage import fates, living_runs
from tests.installation import valid_file

BEGUN = {
    "NOT_STARTED": None,
    "STARTING": DagsterEventType.RUN_STARTING,
    "STARTED": DagsterEventType.RUN_START,
    "SUCCESS": DagsterEventType.RUN_SUCCESS,
    "FAILURE": DagsterEventType.RUN_FAILURE,
    "CANCELED": DagsterEventType.RUN_CANCELED,
}
LATER = timedelta(seconds=901)


@pytest.fixture
def runs(installation):
    """A run of each status, by the key of its request, which is the status."""
    installation.enqueue("ingest", {REQUEST_TAG: "QUEUED"})
    ids = {}
    for status, event in BEGUN.items():
        run = dg.DagsterRun("ingest", tags={REQUEST_TAG: status})
        installation.instance.add_run(run)
        ids[status] = run.run_id
        if event:
            installation.instance.report_dagster_event(DagsterEvent(event.value, "ingest"), run.run_id)
    return ids


def _states(installation, now):
    return {key: fate.state for key, fate in fates(installation.instance, ["QUEUED", *BEGUN], now, 900).items()}


def _launcher_says(installation, monkeypatch, status):
    launcher = installation.instance.run_launcher
    monkeypatch.setattr(launcher, "can_tell", lambda run: True)  # as of a run that a server started
    monkeypatch.setattr(launcher, "check_run_worker_health", lambda run: CheckRunHealthResult(status))


def test_a_run_lives_while_its_process_does_however_long(installation, runs, monkeypatch):
    """A queue may be long, and so may a run of many bytes."""
    _launcher_says(installation, monkeypatch, WorkerStatus.RUNNING)

    now, later = (_states(installation, utc_now() + each) for each in (timedelta(0), LATER))

    alive = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED"}
    assert {key for key, state in now.items() if state == "living"} == alive
    assert {key for key, state in later.items() if state == "living"} == alive
    assert {run.tags[REQUEST_TAG] for run in living_runs(installation.instance, utc_now() + LATER, 900)} == alive


def test_a_run_without_a_process_died_however_short_ago(installation, runs, monkeypatch):
    """Before it started it is given a moment: the process may be about to come."""
    _launcher_says(installation, monkeypatch, WorkerStatus.FAILED)

    now, later = (_states(installation, utc_now() + timedelta(seconds=each)) for each in (0, 61))

    assert (now["STARTED"], now["STARTING"], later["STARTING"], later["QUEUED"]) == ("died", "living", "died", "living")


def test_where_the_launcher_cannot_say_a_run_lives_for_a_while(installation, runs, monkeypatch):
    """Celery's looks for a tag that only its own runs have, and no sensor may fail of somebody's run in a terminal."""
    launcher = installation.instance.run_launcher
    monkeypatch.setattr(launcher, "can_tell", lambda run: True)
    monkeypatch.setattr(launcher, "check_run_worker_health", lambda run: run.tags["dagster-celery/task_id"])

    now, later = (_states(installation, utc_now() + each) for each in (timedelta(0), LATER))

    assert (now["STARTED"], later["STARTED"]) == ("living", "died")


def test_a_run_that_dagster_will_resume_lives(installation, runs, monkeypatch):
    """A pod that was evicted gets a successor; were its datasets asked for meanwhile, two would work on them."""
    _launcher_says(installation, monkeypatch, WorkerStatus.FAILED)
    monkeypatch.setattr(type(installation.instance.run_launcher), "supports_resume_run", True)
    monkeypatch.setattr(type(installation.instance), "run_monitoring_max_resume_run_attempts", 1)

    before = _states(installation, utc_now())["STARTED"]
    run = installation.instance.get_run_by_id(runs["STARTED"])
    installation.instance.report_engine_event("Launching a new run worker to resume run", run)
    after = _states(installation, utc_now())["STARTED"]

    assert (before, after) == ("living", "died")


def test_a_run_that_is_resumed_goes_on_where_it_was(installation):
    """It has another process and the same id; what was decided before stays as it is."""
    for name in "ab":
        installation.drop(f"{name}.jsonl", valid_file(seed=ord(name)))
    [tags] = installation.tick().runs
    first, second = installation.partitions
    assert installation.run("ingest", tags | {"dagster/asset_partition_range_end": first}).success
    job, instance = installation.repository.get_job("ingest"), installation.instance
    run = instance.create_run_for_job(job, tags=tags)
    instance.report_dagster_event(DagsterEvent(DagsterEventType.RUN_START.value, "ingest"), run.run_id)

    started = instance.get_run_by_id(run.run_id)
    list(execute_run_iterator(InMemoryJob(job), started, instance, resume_from_failure=True))

    assert instance.get_run_by_id(run.run_id).is_success
    assert installation.statuses() == {"a": "ready", "b": "ready"}
    validated = [installation.materializations("dataset_profiles", each) for each in (first, second)]
    assert [len(each) for each in validated] == [1, 1]


def test_a_run_that_is_over_says_how(installation, runs):
    """A failure without one of its step is a process that died; a cancellation is somebody's wish."""
    found = _states(installation, utc_now())

    assert {key: found[key] for key in ("SUCCESS", "FAILURE", "CANCELED")} == {
        "SUCCESS": "ended",
        "FAILURE": "died",
        "CANCELED": "ended",
    }
    assert fates(installation.instance, ["nobody's"], utc_now(), 900) == {"nobody's": Fate("lost")}


def test_the_reason_is_the_real_sentence(make_installation):
    """Not that an exception was thrown, but which: here the tokenizer's file is gone before the work begins."""
    installation = make_installation()
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs
    broken = make_installation(tokenizer="/nowhere/tokenizer.json")

    assert not broken.run("ingest", tags).success
    [fate] = fates(broken.instance, [tags[REQUEST_TAG]], utc_now(), 900).values()

    assert fate.state == "ended"
    assert "/nowhere/tokenizer.json" in fate.reason
    assert not fate.reason.endswith(".")
    assert not fate.reason.startswith(("dagster", "pipeline", "Error occurred"))
