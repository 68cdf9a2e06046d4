"""Dagster's storage on PostgreSQL, with connections that are kept.

Dagster's own opens a connection for each event and each question, which is 6 ms and a process of the server's: half
of the time that a small dataset took. Here one pool a process serves the three storages of every instance in it. Each
connection is tried before it is lent, so that one that a restart of the server cut off is replaced. What is kept of an
event is as in `event_statements.py`.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Self
from weakref import WeakSet

import dagster as dg
import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import create_pg_engine, get_token_provider_from_config, pg_url_from_config
from sqlalchemy.dialects import postgresql

from resources.dagster_internals import ConfigurableClassData
from resources.event_statements import EventStatements
from resources.kept_connections import KEPT

_engines: WeakSet[sa.Engine] = WeakSet()


class PooledPostgresStorage(DagsterPostgresStorage):
    """Runs, events and ticks. `storage: custom` in `dagster.yaml` names it, with what `storage: postgres` takes."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: ConfigurableClassData | None = None,
        token_provider: Any = None,
    ) -> None:
        makes_tables = should_autocreate_tables and postgres_url not in _with_tables
        super().__init__(postgres_url, makes_tables, inst_data, token_provider)
        self._event_log_storage = PooledPostgresEventLogStorage(postgres_url, False, token_provider=token_provider)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = _engine(postgres_url, token_provider)
        _with_tables.add(postgres_url)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Called by Dagster."""
        makes_tables = config_value.get("should_autocreate_tables", True)
        url, tokens = pg_url_from_config(config_value), get_token_provider_from_config(config_value)
        return cls(url, makes_tables, inst_data, tokens)


class PooledPostgresEventLogStorage(EventStatements, PostgresEventLogStorage):
    """The events."""

    _insert = staticmethod(postgresql.insert)

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event. It is seen at once, as with Dagster's own: who reads on from the last one misses none."""
        with self._connect() as connection:
            event_id = self._store(connection, event)
        self._remember(event, event_id)

    @contextmanager
    def _together(self, connection: sa.Connection) -> Iterator[None]:
        connection.commit()  # SQLAlchemy counts as begun what PostgreSQL has committed by itself
        connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            yield
        connection.execution_options(isolation_level="AUTOCOMMIT")


_with_tables: set[str] = set()
"""Databases that have their tables: it is asked once a process, not once an instance, of which each tick makes one."""


@lru_cache(maxsize=1)  # a process serves one installation
def _engine(url: str, token_provider: Any) -> sa.Engine:
    engine = create_pg_engine(url, token_provider, isolation_level="AUTOCOMMIT", pool_pre_ping=True, **KEPT)
    _engines.add(engine)
    return engine


def _forget() -> None:
    """A forked process has no part in the connections of the one that it comes from."""
    for engine in _engines:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget)
