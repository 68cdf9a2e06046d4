"""Connections to a database of Dagster's on SQLite that are kept for as long as its storage is.

Dagster's own storages open the file anew for each question, and before most of them ask which tables there are. With a
dozen sensors that look each few seconds this was most of what an idle installation did: docs/decisions/.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

KEPT: dict[str, Any] = {"pool_size": 4, "max_overflow": -1, "pool_use_lifo": True}
"""How many connections an idle process keeps. Its threads open as many more as they need."""
_BUSY_TIMEOUT_S = 60


class KeptConnections:
    """Lends connections of one pool. Mixed into a storage of Dagster's, which says where the file is."""

    _conn_string: str
    _engine: sa.Engine | None = None

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """A connection, for a transaction. Dagster's storages of runs and ticks call it for each question."""
        with self._pool().begin() as connection:
            yield connection

    def _pool(self) -> sa.Engine:
        if self._engine is None:
            self._engine = sa.create_engine(self._conn_string, connect_args={"timeout": _BUSY_TIMEOUT_S}, **KEPT)
            sa.event.listen(self._engine, "connect", self._prepare)
        return self._engine

    def _prepare(self, connection: Any, _record: object) -> None:
        """Done with each new connection."""

    def dispose(self) -> None:
        """Close all connections."""
        super().dispose()  # type: ignore[misc]
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
