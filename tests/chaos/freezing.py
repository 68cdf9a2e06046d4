"""Runs of a real daemon are stopped in the middle, and the code server that started them is taken away."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._grpc.client import DagsterGrpcClient

from tests.chaos.system import System
from tests.chaos.uploads import Upload, make_uploads
from tests.waiting import until

PATIENCE_S = 600.0


def two_large(seed: int) -> list[Upload]:
    """Uploads that take so long that their runs can be stopped in the middle."""
    return [upload for upload in make_uploads(60, seed) if upload.file_name.startswith("large")][:2]


def wait_for(what: Callable[[], Any]) -> Any:
    """What it gives as soon as it gives anything; the test fails where it gives nothing."""
    return until(what, patience_s=PATIENCE_S)


def frozen_run(system: System, instance: dg.DagsterInstance, upload: Upload) -> tuple[int, str]:
    """Upload, and stop the process that validates it in the middle; returns its number and the run's id."""
    system.uploads.append(upload)
    validating = dg.RunsFilter(job_name="ingest", statuses=[dg.DagsterRunStatus.STARTED])
    system.places.drop(upload.owner, upload.file_name, upload.content)
    [run] = wait_for(lambda: instance.get_runs(validating))
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


def looks(system: System, run_id: str) -> int:
    """How often the daemon has asked after a run."""
    return system.log("daemon").count(f"Checking run {run_id}")


def kill_code_servers(system: System) -> None:
    """All processes of it but the one that runs are forked from: they end with that."""
    for process in system.alive():
        if "resources.code_server" in process.command or "api grpc" in process.command:
            system.kill(process.pid)


def tell_worker_to_end(system: System) -> None:
    """Ask the worker of the code server to end once its runs are over, as Dagster does when heartbeats stay away."""
    [worker] = [each for each in system.alive() if "api grpc" in each.command]
    words = worker.command.split()
    DagsterGrpcClient(socket=words[words.index("--socket") + 1]).shutdown_server()
