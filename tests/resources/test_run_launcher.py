"""Runs whose process is gone are seen, and no others."""

import json
import logging
import subprocess
import time

import dagster as dg
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.events import DagsterEventType, EngineEventData
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.monitoring.run_monitoring import monitor_started_run
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionResult
from dagster._serdes import serialize_value

from resources.run_launcher import WatchingRunLauncher
from tests.installation import installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]
from tests.installation import dagster_home

LOCAL = {"host": "localhost", "socket": "/nowhere/of-a-code-server"}
REMOTE = {"host": "localhost", "port": 9}


def _run(server: dict[str, object] | None) -> dg.DagsterRun:
    return dg.DagsterRun("ingest", tags={GRPC_INFO_TAG: json.dumps(server)} if server else {})


def _health(run: dg.DagsterRun) -> WorkerStatus:
    return WatchingRunLauncher().check_run_worker_health(run).status


def test_a_run_whose_server_is_gone_is_dead():
    """After a power cut the socket is there without anybody behind it, or not at all."""
    assert _health(_run(LOCAL)) is WorkerStatus.FAILED


def test_a_server_out_of_reach_leaves_the_question_open():
    """A network that fails for a moment ends no run."""
    assert _health(_run(REMOTE)) is WorkerStatus.RUNNING


def test_a_server_that_is_slow_leaves_the_question_open(monkeypatch):
    def too_slow(*_args, **_options):
        raise DagsterUserCodeUnreachableError("no answer within 60 s")

    monkeypatch.setattr(DagsterGrpcClient, "can_cancel_execution", too_slow)

    assert _health(_run(LOCAL)) is WorkerStatus.RUNNING


@pytest.mark.parametrize(("lives", "status"), [(True, WorkerStatus.RUNNING), (False, WorkerStatus.FAILED)])
def test_the_server_says_whether_a_run_lives(monkeypatch, lives, status):
    answer = serialize_value(CanCancelExecutionResult(can_cancel=lives))
    monkeypatch.setattr(DagsterGrpcClient, "can_cancel_execution", lambda *_args, **_options: answer)

    assert _health(_run(LOCAL)) is status


@pytest.fixture
def worker():
    """A process that works and works."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def _begun_by(instance, process, ago_s=0.0):
    """A run without its server, whose log names the process that works on it."""
    run = _run(LOCAL).with_status(dg.DagsterRunStatus.STARTED)
    instance.add_run(run)
    event = dg.DagsterEvent(
        DagsterEventType.ENGINE_EVENT.value, "ingest", event_specific_data=EngineEventData.in_process(process.pid)
    )
    entry = dg.EventLogEntry(None, "INFO", "", run.run_id, time.time() - ago_s, job_name="ingest", dagster_event=event)
    instance.store_event(entry)
    return run


def _health_in(instance, run):
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_goes_on_without_the_server_that_started_it(installation, worker):
    """It would be at work twice if another run took its datasets."""
    run = _begun_by(installation.instance, worker)

    assert _health_in(installation.instance, run) is WorkerStatus.RUNNING


@pytest.mark.parametrize("lives", [True, False])
def test_a_server_is_not_asked_for_a_run_whose_process_is_known_here(installation, worker, monkeypatch, lives):
    """Asked for one that was killed at a bad moment, it would wait for ever; after a restart it would not know it."""
    monkeypatch.delattr(DagsterGrpcClient, "can_cancel_execution")
    run = _begun_by(installation.instance, worker)
    if not lives:
        worker.kill()
        worker.wait()

    assert _health_in(installation.instance, run) is (WorkerStatus.RUNNING if lives else WorkerStatus.FAILED)


def test_a_run_is_dead_when_its_process_is(installation, worker):
    run = _begun_by(installation.instance, worker)
    worker.kill()
    worker.wait()

    assert _health_in(installation.instance, run) is WorkerStatus.FAILED


def test_a_run_is_dead_when_another_process_has_its_number(installation, worker):
    """After a reboot numbers begin anew."""
    run = _begun_by(installation.instance, worker, ago_s=3_600)

    assert _health_in(installation.instance, run) is WorkerStatus.FAILED


def test_a_run_in_a_process_of_its_own_is_left_alone():
    """`dagster job execute` has no server that could be asked."""
    assert _health(_run(None)) is WorkerStatus.RUNNING


def test_a_run_that_a_power_cut_ended_fails_and_frees_its_place_in_the_queue(installation):
    """Two that stayed `STARTED` would hold both places for ever."""
    instance = installation.instance
    run = _run(LOCAL).with_status(dg.DagsterRunStatus.STARTED)
    instance.add_run(run)

    monitor_started_run(instance, None, instance.get_run_record_by_id(run.run_id), logging.getLogger())

    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
