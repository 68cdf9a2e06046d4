"""Dagster's event log on SQLite, with connections that are kept.

Dagster's own SQLite storage opens the database, compiles its statements and checkpoints anew for every event, about
20 ms each; a dataset makes ten events. One engine a process makes that about 4 ms: docs/decisions/.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.sql import create_engine

_BUSY_TIMEOUT_S = 60


class PooledSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """All events in one file, `event_log.db` in `base_dir`, through one pool of connections."""

    _pooled: sa.Engine | None = None

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        with self._pool().connect() as connection, connection.begin():
            yield connection

    def _pool(self) -> sa.Engine:
        if self._pooled is None:
            self._pooled = create_engine(self._conn_string, connect_args={"timeout": _BUSY_TIMEOUT_S})
            sa.event.listen(self._pooled, "connect", _configure)
        return self._pooled

    def dispose(self) -> None:
        """Close all connections."""
        super().dispose()  # type: ignore[no-untyped-call]
        if self._pooled is not None:
            self._pooled.dispose()
            self._pooled = None


def _configure(connection: Any, _record: object) -> None:
    # With a write-ahead log, NORMAL survives a crash of the process; only a power cut may lose the last events,
    # and what they told is still in the catalog.
    connection.execute("PRAGMA synchronous=NORMAL")
