"""Every private name of Dagster that we use, and why. No other source file imports `dagster._…`; a guard test says so.

Dagster may change these in any release: `tests/resources/test_dagster_internals.py` names each and the shape that we
expect, so that an upgrade fails there, in one place, and not in a daemon at night. It also names the private members
that our subclasses of Dagster's classes use, and what Dagster's daemon is started by (`pipeline/installation.py`).
"""

from pathlib import Path

import dagster

# Dagster's program.
from dagster._cli import main as dagster_cli

# The code server, which ours starts and looks after: what it is started by, and how it says that nothing was loaded.
from dagster._cli.code_server import code_server_cli

# What a check result was about. Public as an argument of AssetCheckEvaluation, not as a name.
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

# The doctor reads the last tick of each sensor; the public methods of the instance that give it take and return these.
from dagster._core.definitions.run_request import InstigatorType

# What the gRPC client raises where a code server is gone, and the launcher where the server starts no run.
from dagster._core.errors import DagsterLaunchFailedError, DagsterUserCodeUnreachableError

# Its tables, and which events are kept in more of them than one: ours fills them by statements that it makes once.
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS

# Where runs get the logger that writes to the console: no setting names another one for every run.
from dagster._core.execution import context_creation_job

# What a launcher answers when it is asked whether a run lives, and what it is asked to launch with; a launcher of one's
# own is public, these are not.
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus

# The code server's place in a workspace, by which its code is loaded anew.
from dagster._core.remote_representation.code_location import GrpcServerCodeLocation

# The queue of runs. `dagster.yaml` may name a class of one's own, but no public name is there to derive it from.
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator, RunQueueConfig
from dagster._core.scheduler.instigation import TickStatus

# The storages on SQLite, which ours look at before Dagster uses them, and whose connections they keep.
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage, SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetKeyTable, SqlEventLogStorageTable
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage

# The tag in which a run says which server started it: there is no other way to learn it.
from dagster._core.storage.tags import GRPC_INFO_TAG

# Asking that server whether it knows the run. Dagster's own launcher asks in the same words when it cancels one.
from dagster._grpc import server as grpc_server
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.server import DagsterApiServer
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import ConfigurableClassData, deserialize_value
from dagster._utils.error import SerializableErrorInfo  # type: ignore[attr-defined]  # it is defined in dagster_shared

__all__ = [
    "ASSET_CHECK_EVENTS",
    "ASSET_EVENTS",
    "CONSOLE_LOGGERS",
    "GRPC_INFO_TAG",
    "MIGRATIONS",
    "NOTHING_STARTED",
    "PROGRAM",
    "QUEUE_LOGGER",
    "SERVER",
    "AssetCheckEvaluationTargetMaterializationData",
    "AssetCheckExecutionsTable",
    "AssetKeyTable",
    "CanCancelExecutionRequest",
    "CanCancelExecutionResult",
    "CheckRunHealthResult",
    "ConfigurableClassData",
    "ConsolidatedSqliteEventLogStorage",
    "DagsterApiServer",
    "DagsterGrpcClient",
    "DagsterLaunchFailedError",
    "DagsterUserCodeUnreachableError",
    "GrpcServerCodeLocation",
    "InstigatorType",
    "LaunchRunContext",
    "QueuedRunCoordinator",
    "RunQueueConfig",
    "SerializableErrorInfo",
    "SqlEventLogStorage",
    "SqlEventLogStorageTable",
    "SqliteRunStorage",
    "SqliteScheduleStorage",
    "TickStatus",
    "WorkerStatus",
    "code_server_cli",
    "context_creation_job",
    "dagster_cli",
    "deserialize_value",
    "grpc_server",
]

# Alembic's folder: the revisions of its databases that the installed Dagster knows.
MIGRATIONS = Path(dagster.__file__).parent / "_core" / "storage" / "alembic"
# The function of `context_creation_job` that gives those loggers.
CONSOLE_LOGGERS = "default_system_loggers"
# Where the queue's daemon says each second that a limit of 0 lets it start nothing, and how.
QUEUE_LOGGER = "dagster.daemon.QueuedRunCoordinatorDaemon"
NOTHING_STARTED = "Maximum is 0, won't launch more"
# In `grpc_server`: the class of the server of code that Dagster's program makes, and the function that gives the
# command by which the server that reloads starts that program. No setting names others.
SERVER = "DagsterApiServer"
PROGRAM = "get_python_environment_entry_point"
