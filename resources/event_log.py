"""Dagster's event log on SQLite, with connections that are kept.

Dagster's own SQLite storage opens the database, compiles its statements and checkpoints anew for every event, about
20 ms each; a dataset makes ten events. It also asks for each which tables and columns there are, puts it into words
twice, and commits it in three parts. One engine a process, which makes statements once and commits once, takes 1 ms:
docs/decisions/.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Self

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from watchdog.events import FileSystemEvent, PatternMatchingEventHandler
from watchdog.observers import Observer

from pipeline.state.durable import put_in_place
from resources.dagster_home import EVENTS, looked_at
from resources.dagster_internals import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    AssetCheckExecutionsTable,
    AssetKeyTable,
    ConfigurableClassData,
    ConsolidatedSqliteEventLogStorage,
    SqlEventLogStorageTable,
)

_Row = dict[str, Any]
"""An event as its table has it: `event` is all of it as JSON, `timestamp` has no zone and is UTC."""

_BUSY_TIMEOUT_S = 60
_INSERT_EVENT = SqlEventLogStorageTable.insert()
_INSERT_CHECK = AssetCheckExecutionsTable.insert()
_PLANNED = ("asset_key", "check_name", "run_id", "partition")
"""What names the row of a check's evaluation since it was planned."""
_UPDATE_CHECK = AssetCheckExecutionsTable.update().where(
    *(AssetCheckExecutionsTable.c[name].is_not_distinct_from(sa.bindparam(f"planned_{name}")) for name in _PLANNED)
)


class PooledSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """All events in one file, `event_log.db` in `base_dir`, through one pool of connections."""

    _pooled: sa.Engine | None = None

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._storing = threading.local()  # the connection of an event that is being stored
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        """Called by Dagster. A file without tables, as a power cut may leave it, gets them where it is."""
        with looked_at(Path(config_value["base_dir"]), EVENTS) as found:
            storage = cls(inst_data=inst_data, **config_value)
            if found.is_empty:
                ConsolidatedSqliteEventLogStorage._init_db(storage)  # type: ignore[no-untyped-call]
        return storage

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        if (storing := getattr(self._storing, "connection", None)) is not None:
            yield storing
            return
        with self._pool().connect() as connection, connection.begin():
            yield connection

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event with all that is found by it, or nothing of it."""
        with self._connect() as self._storing.connection:
            try:
                self._store(self._storing.connection, event)
            finally:
                del self._storing.connection

    def _store(self, connection: sa.Connection, event: dg.EventLogEntry) -> None:
        row, kind = self._event_to_row(event), event.dagster_event_type
        event_id = connection.execute(_INSERT_EVENT, row).lastrowid
        if kind in ASSET_EVENTS and event.get_dagster_event().asset_key:
            self._store_asset_event_tags(connection, [event], [event_id])
            self._store_asset(connection, event, event_id, row)
        if kind is dg.DagsterEventType.ASSET_CHECK_EVALUATION and event.run_id:
            _store_evaluation(connection, event, event_id, row)
        elif kind in ASSET_CHECK_EVENTS:
            self.store_asset_check_event(event, event_id)

    def _store_asset(self, connection: sa.Connection, event: dg.EventLogEntry, event_id: int, row: _Row) -> None:
        if event.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            record = f'{{"__class__": "EventLogRecord", "event_log_entry": {row["event"]}, "storage_id": {event_id}}}'
            values = {"last_materialization": record, "last_run_id": event.run_id}
            values["last_materialization_timestamp"] = row["timestamp"].replace(tzinfo=UTC)
        else:
            values = self._get_asset_entry_values(event, event_id, has_asset_key_index_cols=True)
        if values:
            connection.execute(_upsert_asset(tuple(values)), {"asset_key": row["asset_key"], **values})

    def has_table(self, table_name: str) -> bool:
        """Whether it is there; none goes away."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _pool(self) -> sa.Engine:
        if self._pooled is None:
            self._pooled = sa.create_engine(self._conn_string, connect_args={"timeout": _BUSY_TIMEOUT_S})
            sa.event.listen(self._pooled, "connect", _configure)
        return self._pooled

    def _init_db(self) -> None:
        # The UI and the daemon start together: tables made aside and linked into place are there whole, or not yet.
        os.makedirs(self._base_dir, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._base_dir, prefix=".event_log-") as folder:
            made = ConsolidatedSqliteEventLogStorage(folder)
            with suppress(FileExistsError):
                put_in_place(Path(made.get_db_path()), Path(self.get_db_path()), replaces=False)  # type: ignore[no-untyped-call]

    def watch(self, run_id: str, cursor: str | None, callback: Callable[..., Any]) -> None:
        """Call back for each new event of a run, as Dagster's own storage does; the UI's run page lives by it."""
        if not self._obs:
            observer: Any = Observer()
            observer.start()
            observer.schedule(_LogHandler(self), self._base_dir)
            self._obs = observer
        self._watchers[run_id][callback] = cursor

    def dispose(self) -> None:
        """Close all connections."""
        super().dispose()  # type: ignore[no-untyped-call]
        if self._pooled is not None:
            self._pooled.dispose()
            self._pooled = None


def _store_evaluation(connection: sa.Connection, event: dg.EventLogEntry, event_id: int, row: _Row) -> None:
    """The result of a check, in the place of what was planned or said before."""
    evaluation: Any = event.get_dagster_event().event_specific_data
    judged = evaluation.target_materialization_data
    named = (evaluation.asset_key.to_string(), evaluation.check_name, event.run_id, evaluation.partition)
    values = {
        **dict(zip(_PLANNED, named, strict=True)),
        "execution_status": "SUCCEEDED" if evaluation.passed else "FAILED",
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": event_id,
        "materialization_event_storage_id": judged.storage_id if judged else None,
    }
    planned = {f"planned_{name}": values[name] for name in _PLANNED}
    if not connection.execute(_UPDATE_CHECK, planned | values).rowcount:
        connection.execute(_INSERT_CHECK, values)


@cache
def _upsert_asset(columns: tuple[str, ...]) -> sa.Insert:
    """Puts these columns into the row of an asset, and makes that where there is none."""
    insert = sqlite.insert(AssetKeyTable)
    return insert.on_conflict_do_update(
        index_elements=["asset_key"], set_={name: insert.excluded[name] for name in columns}
    )


class _LogHandler(PatternMatchingEventHandler):
    """Hears of new events, which with kept connections go to the write-ahead log and reach the database much later."""

    def __init__(self, storage: PooledSqliteEventLogStorage) -> None:
        self._storage = storage
        path = storage.get_db_path()  # type: ignore[no-untyped-call]
        super().__init__(patterns=[path, f"{path}-wal"])

    def on_modified(self, event: FileSystemEvent) -> None:
        """Called by the observer's thread."""
        self._storage.on_modified()  # type: ignore[no-untyped-call]


def _configure(connection: Any, _record: object) -> None:
    # With a write-ahead log, NORMAL survives a crash of the process; only a power cut may lose the last events,
    # and what they told is still in the catalog.
    connection.execute("PRAGMA synchronous=NORMAL")
