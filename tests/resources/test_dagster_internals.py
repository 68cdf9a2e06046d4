"""Dagster's private names are there and have the shape that we expect: the first test to read after an upgrade."""

import importlib.util
import inspect

import dagster as dg
import pytest
from dagster._cli import api
from dagster._daemon.run_coordinator import QueuedRunCoordinatorDaemon, queued_run_coordinator_daemon
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import create_pg_engine, get_token_provider_from_config, pg_url_from_config

from resources import dagster_internals
from resources.dagster_internals import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    CONSOLE_LOGGERS,
    GRPC_INFO_TAG,
    MIGRATIONS,
    NOTHING_STARTED,
    PROGRAM,
    QUEUE_LOGGER,
    SERVER,
    AssetCheckEvaluationTargetMaterializationData,
    AssetCheckExecutionsTable,
    AssetKeyTable,
    CanCancelExecutionRequest,
    CanCancelExecutionResult,
    CheckRunHealthResult,
    ConfigurableClassData,
    ConsolidatedSqliteEventLogStorage,
    DagsterApiServer,
    DagsterGrpcClient,
    DagsterLaunchFailedError,
    DagsterUserCodeUnreachableError,
    GrpcServerCodeLocation,
    InstigatorType,
    LaunchRunContext,
    QueuedRunCoordinator,
    RunQueueConfig,
    SerializableErrorInfo,
    SqlEventLogStorage,
    SqlEventLogStorageTable,
    SqliteRunStorage,
    SqliteScheduleStorage,
    TickStatus,
    WorkerStatus,
    code_server_cli,
    context_creation_job,
    dagster_cli,
    deserialize_value,
    grpc_server,
)

# Each callable, with the names of its parameters.
SIGNATURES = {
    CheckRunHealthResult: ["status", "msg", "transient", "run_worker_id"],
    ConfigurableClassData: ["module_name", "class_name", "config_yaml"],
    ConsolidatedSqliteEventLogStorage: ["base_dir", "inst_data"],
    ConsolidatedSqliteEventLogStorage._connect: ["self"],
    SqlEventLogStorage._event_to_row: ["self", "event"],
    SqlEventLogStorage._get_asset_entry_values: [
        "self",
        "event",
        "event_id",
        "has_asset_key_index_cols",
    ],
    ConsolidatedSqliteEventLogStorage._init_db: ["self"],
    SqlEventLogStorage._store_asset_event_tags: ["self", "conn", "events", "event_ids"],
    SqlEventLogStorage.store_asset_check_event: ["self", "event", "event_id"],
    ConsolidatedSqliteEventLogStorage.dispose: ["self"],
    ConsolidatedSqliteEventLogStorage.get_db_path: ["self"],
    ConsolidatedSqliteEventLogStorage.has_table: ["self", "table_name"],
    ConsolidatedSqliteEventLogStorage.on_modified: ["self"],
    ConsolidatedSqliteEventLogStorage.store_event: ["self", "event"],
    ConsolidatedSqliteEventLogStorage.watch: ["self", "run_id", "cursor", "callback"],
    DagsterGrpcClient: ["port", "socket", "host", "use_ssl", "metadata"],
    DagsterGrpcClient.list_repositories: ["self"],
    DagsterGrpcClient.reload_code: ["self", "timeout"],
    DagsterGrpcClient.can_cancel_execution: ["self", "can_cancel_execution_request", "timeout"],
    QueuedRunCoordinator.get_run_queue_config: ["self"],
    SqliteRunStorage: ["conn_string", "inst_data"],
    SqliteRunStorage.connect: ["self"],
    SqliteRunStorage.dispose: ["self"],
    SqliteRunStorage.from_local: ["base_dir", "inst_data"],
    SqliteScheduleStorage: ["conn_string", "inst_data"],
    SqliteScheduleStorage._has_instigators_table: ["self", "conn"],
    SqliteScheduleStorage.connect: ["self"],
    SqliteScheduleStorage.has_built_index: ["self", "migration_name"],
    SqliteScheduleStorage.from_local: ["base_dir", "inst_data"],
    PostgresEventLogStorage: ["postgres_url", "should_autocreate_tables", "inst_data", "token_provider"],
    PostgresEventLogStorage._connect: ["self"],
    PostgresEventLogStorage.store_event: ["self", "event"],
    DagsterPostgresStorage: ["postgres_url", "should_autocreate_tables", "inst_data", "token_provider"],
    create_pg_engine: ["postgres_url", "token_provider", "engine_kwargs"],
    get_token_provider_from_config: ["config_value"],
    pg_url_from_config: ["config_value"],
    deserialize_value: ["val", "as_type", "whitelist_map"],
}
FIELDS = {
    AssetCheckEvaluationTargetMaterializationData: {"storage_id": int, "run_id": str, "timestamp": float},
    CanCancelExecutionRequest: {"run_id": str},
    CanCancelExecutionResult: {"can_cancel": bool},
}
MEMBERS = {
    InstigatorType: {"SENSOR"},
    TickStatus: {"FAILURE"},
    WorkerStatus: {"RUNNING", "FAILED"},
}


@pytest.mark.parametrize("callable_", SIGNATURES, ids=lambda each: each.__qualname__)
def test_what_is_called_or_overridden_takes_what_we_give(callable_):
    assert list(inspect.signature(callable_).parameters) == SIGNATURES[callable_]


@pytest.mark.parametrize("record", FIELDS, ids=lambda each: each.__name__)
def test_records_have_the_fields_that_we_give_and_read(record):
    assert record.__annotations__ == FIELDS[record]


@pytest.mark.parametrize("kind", MEMBERS, ids=lambda each: each.__name__)
def test_the_states_that_we_ask_for_are_among_dagsters(kind):
    assert MEMBERS[kind] - {each.name for each in kind} == set()


def test_the_event_log_keeps_its_address_and_its_watchers_where_ours_looks_for_them(tmp_path):
    storage = ConsolidatedSqliteEventLogStorage(str(tmp_path))

    found = (storage._base_dir, storage._conn_string, storage._obs, dict(storage._watchers))
    watchers = storage._watchers["a run that nobody watched yet"]

    assert found == (str(tmp_path), f"sqlite:///{tmp_path}/event_log.db", None, {})
    assert watchers == {}


def test_an_event_is_kept_in_the_tables_that_ours_fills():
    """What goes into them is tested against Dagster's own storage, `test_event_log.py`."""
    tables = (SqlEventLogStorageTable, AssetKeyTable, AssetCheckExecutionsTable)

    assert [table.name for table in tables] == ["event_logs", "asset_keys", "asset_check_executions"]
    assert {each.value for each in ASSET_EVENTS} >= {"ASSET_MATERIALIZATION", "ASSET_OBSERVATION"}
    assert {each.value for each in ASSET_CHECK_EVENTS} >= {"ASSET_CHECK_EVALUATION"}


def test_the_storage_of_schedules_keeps_its_address(tmp_path):
    storage = SqliteScheduleStorage.from_local(str(tmp_path))

    assert storage._conn_string == f"sqlite:///{tmp_path}/schedules.db"


def test_a_queue_that_may_run_nothing_says_so_in_the_words_that_ours_leaves_out():
    source = inspect.getsource(queued_run_coordinator_daemon)

    assert NOTHING_STARTED.replace("0", "{max_concurrent_runs}") in source
    assert QUEUE_LOGGER.rpartition(".")[2] == QueuedRunCoordinatorDaemon.__name__
    assert "max_concurrent_runs" in RunQueueConfig._fields
    assert isinstance(inspect.getattr_static(QueuedRunCoordinator, "dequeue_interval_seconds"), property)


def test_what_belongs_to_an_instance_can_reach_it():
    """Queue and launcher read the instance that they were registered with."""
    for kind in (QueuedRunCoordinator, dg.DefaultRunLauncher):
        assert isinstance(inspect.getattr_static(kind, "_instance"), property)
        assert isinstance(inspect.getattr_static(kind, "has_instance"), property)


def test_its_migrations_lie_where_alembic_looks_for_them():
    assert {path.name for path in MIGRATIONS.iterdir()} >= {"env.py", "script.py.mako", "versions"}


def test_a_run_names_its_server_in_a_tag_and_a_lost_server_is_an_error_of_dagsters():
    assert GRPC_INFO_TAG == ".dagster/grpc_info"
    assert issubclass(DagsterUserCodeUnreachableError, dg.DagsterError)
    assert issubclass(DagsterLaunchFailedError, dg.DagsterError)


def test_a_launch_comes_with_the_workspace_whose_code_location_can_be_asked():
    """The launcher renews a code server through it."""
    assert LaunchRunContext._fields == ("dagster_run", "workspace")
    assert "self.client = DagsterGrpcClient(" in inspect.getsource(GrpcServerCodeLocation)


def test_runs_take_the_loggers_of_their_console_where_ours_puts_them():
    assert f"in {CONSOLE_LOGGERS}(context_creation_data.instance):" in inspect.getsource(context_creation_job)
    assert list(inspect.signature(getattr(context_creation_job, CONSOLE_LOGGERS)).parameters) == ["instance"]


def test_the_daemon_is_a_module_that_can_be_started():
    """`pipeline/installation.py` starts it, as Dagster's own `dagster dev` does."""
    assert importlib.util.find_spec("dagster._daemon.__main__") is not None


def test_the_server_of_code_is_made_and_started_by_names_that_ours_can_take():
    """`resources/code_server.py` gives the command, and `resources/run_server/` the class and how it starts a run."""
    assert "cli(" in inspect.getsource(dagster_cli)
    assert "from dagster._grpc.server import DagsterApiServer" in inspect.getsource(api.grpc_command.callback)
    assert getattr(grpc_server, SERVER) is DagsterApiServer
    assert f"{PROGRAM}(executable_path or sys.executable)" in inspect.getsource(grpc_server.open_server_process)
    assert "self._mp_ctx.Process(" in inspect.getsource(DagsterApiServer.StartRun)
    names = DagsterApiServer.__init__.__code__.co_names
    assert {"_mp_ctx", "_loadable_target_origin", "_serializable_load_error"} <= set(names)


def test_each_name_is_looked_at_here():
    assert set(dagster_internals.__all__) - globals().keys() == set()


def test_a_code_server_is_started_by_a_command_with_our_options():
    options = {option for each in code_server_cli.commands["start"].params for option in each.opts}

    assert options >= {"--socket", "-s", "--port", "-p", "--host", "-h", "--location-name", "-m", "-a"}
    assert {"message", "stack", "cls_name"} <= set(SerializableErrorInfo._fields)
