"""Dagster's event log on SQLite, with connections that are kept.

Dagster's own SQLite storage opens the database, compiles its statements and checkpoints anew for every event, about
20 ms each; a dataset makes ten events. It also commits an event in three parts. One engine a process, which makes
statements once and commits once, takes 1 ms: docs/decisions/.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from watchdog.events import FileSystemEvent, PatternMatchingEventHandler
from watchdog.observers import Observer

from pipeline.state.durable import put_in_place
from resources.dagster_home import EVENTS, looked_at
from resources.dagster_internals import ConfigurableClassData, ConsolidatedSqliteEventLogStorage
from resources.event_statements import EventStatements
from resources.kept_connections import KeptConnections


class PooledSqliteEventLogStorage(KeptConnections, EventStatements, ConsolidatedSqliteEventLogStorage):
    """All events in one file, `event_log.db` in `base_dir`, through one pool of connections."""

    _insert = staticmethod(sqlite.insert)

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._storing = threading.local()  # the connection of an event that is being stored
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
        with self.connect() as connection:
            yield connection

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event with all that is found by it, or nothing of it."""
        with self._connect() as self._storing.connection:
            try:
                event_id = self._store(self._storing.connection, event)
            finally:
                del self._storing.connection
        self._remember(event, event_id)

    def _together(self, connection: sa.Connection) -> AbstractContextManager[Any]:
        return nullcontext()  # as all of an event

    def _prepare(self, connection: Any, _record: object) -> None:
        # With a write-ahead log, NORMAL survives a crash of the process; only a power cut may lose the last events,
        # and what they told is still in the catalog.
        connection.execute("PRAGMA synchronous=NORMAL")

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


class _LogHandler(PatternMatchingEventHandler):
    """Hears of new events, which with kept connections go to the write-ahead log and reach the database much later."""

    def __init__(self, storage: PooledSqliteEventLogStorage) -> None:
        self._storage = storage
        path = storage.get_db_path()  # type: ignore[no-untyped-call]
        super().__init__(patterns=[path, f"{path}-wal"])

    def on_modified(self, event: FileSystemEvent) -> None:
        """Called by the observer's thread."""
        self._storage.on_modified()  # type: ignore[no-untyped-call]
