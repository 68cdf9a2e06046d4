"""Dagster's launcher of runs, which can also say whether a run still lives, and renews a code server that is stuck.

Dagster's own cannot, so its run monitoring leaves a run whose machine died `STARTED` for ever. Each such run keeps a
place of the queue (`max_concurrent_runs`): after two of them nothing would be validated any more.

A code server gets stuck when a run is killed (out of memory) while it holds the lock of the event by which the server
would end it: whoever asks the server about that run waits for ever, with the server's lock in hand. Then no run is
started and none is reaped, heartbeats find no free thread, and the server refuses every run as one that shuts down.
"""

import json
import logging
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
    DagsterLaunchFailedError,
    DagsterUserCodeUnreachableError,
    GrpcServerCodeLocation,
    LaunchRunContext,
    WorkerStatus,
    deserialize_value,
)

_LOG = logging.getLogger(__name__)
_RENEWAL_S = 120  # seconds; loading the definitions takes 5 to 20
_PROC = Path("/proc/stat")  # of Linux; without it no process can be looked for
_CLOCK_S = 2.0  # Linux tells the moment of its start in whole seconds


class WatchingRunLauncher(DefaultRunLauncher):
    """Looks for the process of a run of this machine, and asks the server of another."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: that is what it is for."""
        return True

    def can_tell(self, run: DagsterRun) -> bool:
        """Whether a server started it: of a run in somebody's own process nobody knows whether it still lives."""
        return GRPC_INFO_TAG in run.tags

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives: on this machine it is looked for, elsewhere its server is asked.

        A server that is only slow leaves the question open.
        """
        if not self.can_tell(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        server: dict[str, Any] = json.loads(run.tags[GRPC_INFO_TAG])
        if "socket" in server and _PROC.exists() and (processes := self._announced(run)):
            if any(_lives(pid, since) for pid, since in processes):
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")
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
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process that was to start it is gone")
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")

    def launch_run(self, context: LaunchRunContext) -> None:
        """Have the run started by the code server; one that takes none any more gets a new worker first."""
        try:
            super().launch_run(context)
        except DagsterLaunchFailedError:
            if not _renewed(context):
                raise
            super().launch_run(context)
        except DagsterUserCodeUnreachableError:  # it may be that the run was started: only the next ones have it better
            _renewed(context)
            raise

    def _announced(self, run: DagsterRun) -> list[tuple[str, float]]:
        """Numbers of the processes that announced themselves in the run's log as at work on it, and when."""
        if not self.has_instance:
            return []
        told = self._instance.get_records_for_run(run.run_id, of_type=DagsterEventType.ENGINE_EVENT).records
        found: list[tuple[str, float]] = []
        for record in told:
            event = record.event_log_entry.dagster_event
            pid = event.engine_event_data.metadata.get("pid") if event else None
            if pid is not None:
                found.append((str(pid.value), record.event_log_entry.timestamp))
        return found


def _renewed(context: LaunchRunContext) -> bool:
    """Whether the code server has a new worker now; the old one goes as soon as its runs are over."""
    origin = context.dagster_run.remote_job_origin
    if origin is None or context.workspace is None:
        return False
    try:
        location = context.workspace.get_code_location(origin.repository_origin.code_location_origin.location_name)
        if not isinstance(location, GrpcServerCodeLocation):
            return False
        location.client.reload_code(timeout=_RENEWAL_S)
    except Exception as error:  # the launch has failed already, and says more
        _LOG.warning("the code server could not be renewed: %s", error)
        return False
    _LOG.warning("the code server started no run, and has a new worker now")
    return True


def _lives(pid: str, since: float) -> bool:
    """Whether there is this process, begun before `since`: numbers are given away again, after a reboot at once."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        [boot] = [line.split()[1] for line in _PROC.read_text().splitlines() if line.startswith("btime")]
    except (OSError, ValueError):
        return False
    began = int(boot) + int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and began <= since + _CLOCK_S


def _is_refused(error: Exception) -> bool:
    code = getattr(error.__cause__, "code", None)  # of gRPC's own error; what takes too long has another
    return code is not None and str(code().name) == "UNAVAILABLE"
