"""What statements need that suit both databases: short pieces, inserts that may meet a row, rows to oneself."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

_T = TypeVar("_T")
# SQLite's smallest usual limit on parameters is 32,766; beyond a thousand longer statements gain nothing.
_CHUNK = 1_000


def chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut a list into pieces that fit one statement."""
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def insert_or(connection: Connection, table: Table) -> Any:
    """Begin an insert that `on_conflict_do_nothing` or `on_conflict_do_update` completes: each database has its own."""
    return (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)


def nobody_elses(query: Select[Any]) -> Select[Any]:
    """Narrow a query to rows that no other transaction changes, and keep them until this one ends.

    PostgreSQL passes by what another holds (FOR NO KEY UPDATE SKIP LOCKED), so that of several workers none waits, and
    no two get the same; rows that refer to these may still be written. On SQLite a writer is alone anyway.
    """
    return query.with_for_update(key_share=True, skip_locked=True)
