"""Dagster's launcher of runs, which can also say whether a run still lives.

Dagster's own cannot, so its run monitoring leaves a run whose machine died `STARTED` for ever. Each such run keeps a
place of the queue (`max_concurrent_runs`): after two of them nothing would be validated any more.
"""

import json
from typing import Any

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value


class WatchingRunLauncher(DefaultRunLauncher):
    """Asks the server that started a run; where a server of this machine is gone, so is the run."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: that is what it is for."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives, as its server says. A server that is only slow leaves the question open."""
        if GRPC_INFO_TAG not in run.tags:
            return CheckRunHealthResult(WorkerStatus.RUNNING)  # started otherwise, in somebody's own process
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
            if "socket" in server and _is_refused(error):  # over a network it may only be out of reach
                return CheckRunHealthResult(WorkerStatus.FAILED, "the process that started it is gone")
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")


def _is_refused(error: Exception) -> bool:
    code = getattr(error.__cause__, "code", None)  # of gRPC's own error; what takes too long has another
    return code is not None and str(code().name) == "UNAVAILABLE"
