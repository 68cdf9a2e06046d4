"""Runs of a real daemon: who is alive is left alone, who is dead is found out."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._grpc.client import DagsterGrpcClient

from tests.chaos.judging import judge, open_instance, wait_until_settled
from tests.chaos.system import running_system
from tests.chaos.uploads import Upload, make_uploads

PATIENCE_S = 600.0


def _wait_for(what: Callable[[], object]) -> object:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := what()):
        if time.monotonic() > deadline_s:
            raise TimeoutError("it did not come")
        time.sleep(0.05)
    return found


def _frozen_run(system, instance, upload: Upload) -> tuple[int, str]:
    """Upload, and stop the process that validates it in the middle; returns its number and the run's id."""
    validating = dg.RunsFilter(job_name="ingest", statuses=[dg.DagsterRunStatus.STARTED])
    system.places.drop(upload.owner, upload.file_name, upload.content)
    [run] = _wait_for(lambda: instance.get_runs(validating))
    told = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    pids = [each.event_log_entry.dagster_event.engine_event_data.metadata.get("pid") for each in told]
    pid = next(int(each.value) for each in pids if each)
    os.kill(pid, signal.SIGSTOP)
    while _is_writing(system.places.settings.data_dir):
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.02)
        os.kill(pid, signal.SIGSTOP)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED, "it was over before it was frozen"
    return pid, run.run_id


def _is_writing(data_dir: Path) -> bool:
    """Whether a state file on SQLite stays locked."""
    for path in (data_dir / "catalog.db", *(data_dir / "dagster_home").glob("**/*.db")):
        with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
    return False


def _looks(system, run_id: str) -> int:
    """How often the daemon has asked after a run."""
    return system.log("daemon").count(f"Checking run {run_id}")


def _kill_code_servers(system) -> None:
    for pid in system.find("code server"):
        system.kill(pid)


def _tell_worker_to_end(system) -> None:
    """Ask the worker of the code server to end once its runs are over, as Dagster does when heartbeats stay away."""
    [worker] = [each for each in system.alive() if "api grpc" in each.command]
    words = worker.command.split()
    DagsterGrpcClient(socket=words[words.index("--socket") + 1]).shutdown_server()


def test_a_code_server_that_starts_no_run_any_more_is_renewed(local):
    """Without that all would stand still, with every part up and green."""
    uploads = [upload for upload in make_uploads(60, seed=7) if upload.file_name.startswith("large")][:2]
    succeeded = dg.RunsFilter(job_name="ingest", statuses=[dg.DagsterRunStatus.SUCCESS])
    with running_system(local, has_webserver=False) as system, open_instance(local) as instance:
        pid, run_id = _frozen_run(system, instance, uploads[0])
        _tell_worker_to_end(system)
        local.drop(uploads[1].owner, uploads[1].file_name, uploads[1].content)
        _wait_for(lambda: instance.get_runs(succeeded))
        status_of_first = instance.get_run_by_id(run_id).status
        os.kill(pid, signal.SIGCONT)
        _, waiting = wait_until_settled(local, uploads, PATIENCE_S)
        found = judge(local, uploads, waiting, attempts=0)
        renewals = system.log("daemon").count("has a new worker now")

    assert status_of_first is dg.DagsterRunStatus.STARTED
    assert renewals == 1
    assert found.details() == ""


@pytest.mark.needs_postgres
def test_a_run_outlives_its_code_server_and_a_dead_one_is_asked_for_again(on_postgres):
    uploads = [upload for upload in make_uploads(60, seed=5) if upload.file_name.startswith("large")][:2]
    with running_system(on_postgres, has_webserver=False) as system, open_instance(on_postgres) as instance:
        pid, alive = _frozen_run(system, instance, uploads[0])
        _kill_code_servers(system)
        looks = _looks(system, alive)
        _wait_for(lambda: _looks(system, alive) >= looks + 2)
        status_without_server = instance.get_run_by_id(alive).status
        os.kill(pid, signal.SIGCONT)
        wait_until_settled(on_postgres, uploads[:1], PATIENCE_S)

        pid, dead = _frozen_run(system, instance, uploads[1])
        _kill_code_servers(system)
        system.kill(pid)
        _wait_for(lambda: instance.get_run_by_id(dead).is_finished)
        _, waiting = wait_until_settled(on_postgres, uploads, PATIENCE_S)
        found = judge(on_postgres, uploads, waiting, attempts=None)
        statuses = [instance.get_run_by_id(each).status for each in (alive, dead)]

    assert status_without_server is dg.DagsterRunStatus.STARTED
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    assert found.details() == ""
