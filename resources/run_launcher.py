"""Dagster's launcher of runs, which can also say whether a run still lives.

Dagster's own cannot, so its run monitoring leaves a run whose machine died `STARTED` for ever. Each such run keeps a
place of the queue (`max_concurrent_runs`): after two of them nothing would be validated any more.
"""

import json
import os
from pathlib import Path
from typing import Any

from dagster import DagsterEventType, DagsterRun, DefaultRunLauncher

from resources.dagster_internals import (
    GRPC_INFO_TAG,
    CanCancelExecutionRequest,
    CanCancelExecutionResult,
    CheckRunHealthResult,
    DagsterGrpcClient,
    DagsterUserCodeUnreachableError,
    WorkerStatus,
    deserialize_value,
)

_CLOCK_S = 2.0  # Linux tells the moment of its start in whole seconds


class WatchingRunLauncher(DefaultRunLauncher):
    """Asks the server that started a run; where a server of this machine does not know it, looks for its process."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: that is what it is for."""
        return True

    def can_tell(self, run: DagsterRun) -> bool:
        """Whether a server started it: of a run in somebody's own process nobody knows whether it still lives."""
        return GRPC_INFO_TAG in run.tags

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives, as its server says. A server that is only slow leaves the question open."""
        if not self.can_tell(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        server: dict[str, Any] = json.loads(run.tags[GRPC_INFO_TAG])
        client = DagsterGrpcClient(
            port=server.get("port"),
            socket=server.get("socket"),
            host=server.get("host") or "localhost",
            use_ssl=bool(server.get("use_ssl", False)),
        )
        try:
            answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
        except DagsterUserCodeUnreachableError as error:
            if "socket" not in server or not _is_refused(error):  # over a network it may only be out of reach
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            what = "its process, and the one that started it, are gone"
        else:
            if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            what = "its process is gone"
        # A server that was killed leaves its runs at work; the one that took its place does not know them.
        if "socket" in server and self._is_at_work(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, what)

    def _is_at_work(self, run: DagsterRun) -> bool:
        """Whether the process that announced itself in the run's log lives on this machine."""
        if not self.has_instance:
            return False
        told = self._instance.get_records_for_run(run.run_id, of_type=DagsterEventType.ENGINE_EVENT).records
        for record in told:
            event = record.event_log_entry.dagster_event
            pid = event.engine_event_data.metadata.get("pid") if event else None
            if pid is not None and _lives(str(pid.value), record.event_log_entry.timestamp):
                return True
        return False


def _lives(pid: str, since: float) -> bool:
    """Whether there is this process and it began before `since`: numbers are given away again, after a reboot at once.

    Without Linux's /proc nobody can say so: no.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        [boot] = [line.split()[1] for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")]
    except (OSError, ValueError):
        return False
    began = int(boot) + int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and began <= since + _CLOCK_S


def _is_refused(error: Exception) -> bool:
    code = getattr(error.__cause__, "code", None)  # of gRPC's own error; what takes too long has another
    return code is not None and str(code().name) == "UNAVAILABLE"
