"""A catalog as it is, neither made nor migrated, whatever it lacks: for whoever looks before something is changed."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, inspect, text

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.catalog_engine import catalog_url, make_engine
from pipeline.state.catalog.live_tables import (
    VERSIONS,
    Difference,
    LiveTable,
    differences,
    live_tables,
    missing_tables,
)
from pipeline.state.catalog.migrate import check_sqlite
from pipeline.state.catalog.sqlite_catalog import database_path
from pipeline.state.catalog.tables import metadata

_PATIENCE_S = 1.0  # whoever writes for longer keeps others waiting
_LONG_S = 60.0
# Those that keep whoever writes, or everybody, from a table.
_STRONG = ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]
_SESSIONS = text(
    """
    SELECT a.pid, a.application_name, EXTRACT(EPOCH FROM clock_timestamp() - a.xact_start) AS open_s,
        (SELECT string_agg(DISTINCT c.relname, ', ' ORDER BY c.relname) FROM pg_locks l JOIN pg_class c
            ON c.oid = l.relation WHERE l.pid = a.pid AND l.granted AND l.mode = ANY(:strong)) AS held,
        EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted) AS is_waiting,
        EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'advisory') AS is_migrating
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
    ORDER BY a.pid
    """
)
_LACKING = text(
    """
    SELECT r AS right_name, string_agg(t, ', ' ORDER BY t) AS tables
    FROM unnest(CAST(:tables AS text[])) t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r
    WHERE NOT has_table_privilege(CAST(t AS regclass), r) GROUP BY r ORDER BY r
    """
)


@dataclass(frozen=True, slots=True)
class Lock:
    """Somebody who keeps others waiting, or waits."""

    who: str
    """As the database names them."""
    what: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What is there, and where it is not as declared."""

    revision: str | None
    """That of the database; None where it tells none."""
    tables: list[LiveTable]
    differences: list[Difference]


class LiveCatalog(Catalog):
    """Answers about the database itself; the other methods work as far as its tables do."""

    @classmethod
    def as_it_is(cls, url: str) -> Self:
        """Connect when it is asked; nothing is made, nothing migrated.

        Raises:
            SettingsError: the URL is not one of SQLite or PostgreSQL, or a SQLite file is no catalog.
            CatalogError: a SQLite file lost its content.
        """
        parsed = catalog_url(url)
        check_sqlite(parsed)
        return cls(make_engine(parsed))

    def schema(self, names: Sequence[str] | None = None) -> Schema:
        """Read tables of the catalog, and compare them with what is declared. names: only these; None for all."""
        with self._reading() as connection:
            found = live_tables(connection, names)
            lacking = missing_tables(connection) if names is None else []
            return Schema(_revision(connection), found, lacking + differences(connection, found))

    def table_names(self) -> list[str]:
        """Name every table of the database, also those that are not the catalog's."""
        with self._reading() as connection:
            return sorted(inspect(connection).get_table_names())

    def revision(self) -> str | None:
        """Return the revision that the database notes; None where it notes none."""
        with self._reading() as connection:
            return _revision(connection)

    def clock(self) -> datetime | None:
        """Return what time the database has; None for SQLite, which has this machine's."""
        with self._reading() as connection:
            if connection.dialect.name != "postgresql":
                return None
            told: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return told

    def locks(self) -> list[Lock]:
        """Name whoever keeps others from writing, waits for somebody, or has had a transaction open for a minute."""
        path = database_path(self._engine.url)
        if path is not None:
            return [Lock("another process", f"writes to {path}")] if _is_locked(path) else []
        with self._reading() as connection:
            return list(_sessions(connection))

    def lacking_rights(self) -> list[str]:
        """Say what this user may not do that migrations and runs do; nothing where all is allowed."""
        path = database_path(self._engine.url)
        if path is not None:
            places = (path, path.parent)  # beside the file there are its log, and a lock
            return [f"write to {place}" for place in places if not os.access(place, os.W_OK)]
        with self._reading() as connection:
            return list(_lacking(connection))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSIONS):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()  # noqa: S608  # ours
    return found


def _is_locked(path: Path) -> bool:
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_S, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False


def _sessions(connection: Connection) -> Iterator[Lock]:
    for row in connection.execute(_SESSIONS, {"strong": _STRONG}):
        told = [f"keeps others from {row.held}"] if row.held else []
        told += ["migrates the catalog"] if row.is_migrating else []
        told += ["waits for a lock"] if row.is_waiting else []
        told += [f"has had a transaction open for {row.open_s:,.0f} s"] if (row.open_s or 0) > _LONG_S else []
        if told:
            yield Lock(f"session {row.pid} ({row.application_name or 'no name'})", " and ".join(told))


def _lacking(connection: Connection) -> Iterator[str]:
    there = set(inspect(connection).get_table_names())
    tables = sorted({*metadata.tables, VERSIONS} & there)
    for row in connection.execute(_LACKING, {"tables": tables}):
        yield f"{row.right_name} of {row.tables}"
    if not connection.execute(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")).scalar_one():
        yield "CREATE in its schema, which migrations need"
