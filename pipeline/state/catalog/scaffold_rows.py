"""Scaffolds as versioned rows: those of the installation, and each user's own over them. A version is never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from pipeline.errors import CatalogError
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_records import ScaffoldRow
from pipeline.state.catalog.generation_tables import scaffolds
from pipeline.state.catalog.statuses import ScaffoldKind
from pipeline.state.catalog.tables import storable_json

EVERYBODY = ""
"""Whose the scaffolds of the installation are."""


class ScaffoldRows(Database):
    """The methods that commands, runs and the service use."""

    def put_scaffolds(self, rows: Sequence[ScaffoldRow], now: datetime) -> int:
        """Add a version of each that is new or says something else than its newest; returns how many.

        The version that a row brings is not looked at: it is the next one.
        """
        added = 0
        with self._writing() as connection:
            newest = {(row.user_id, row.kind, row.key): row for row in _newest(connection)}
            for row in rows:
                last = newest.get((row.user_id, row.kind, row.key))
                if last is not None and (last.content, last.is_active) == (storable_json(row.content), row.is_active):
                    continue
                connection.execute(insert(scaffolds), _values(row, last.version + 1 if last else 1, now))
                added += 1
        return added

    def scaffolds_of(self, user_id: str) -> list[ScaffoldRow]:
        """Return the newest version of each that a user may draw: their own before the installation's, by key."""
        with self._reading() as connection:
            rows = _newest(connection, (EVERYBODY, user_id))
        by_key = {(row.kind, row.key): row for row in sorted(rows, key=lambda row: row.user_id != EVERYBODY)}
        return sorted(by_key.values(), key=lambda row: (row.kind, row.key))

    def count_scaffold_versions(self) -> int:
        """Count all versions of all scaffolds: it changes whenever any was edited."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(scaffolds)).scalar_one()

    def scaffold_versions(self, user_id: str, kind: ScaffoldKind, key: str) -> list[ScaffoldRow]:
        """Return every version of one that a user may see, newest first, their own before the installation's."""
        columns = scaffolds.c
        is_meant = columns.user_id.in_((EVERYBODY, user_id)) & (columns.kind == kind) & (columns.key == key)
        query = select(scaffolds).where(is_meant).order_by(columns.user_id.desc(), columns.version.desc())
        with self._reading() as connection:
            return [ScaffoldRow(*row) for row in connection.execute(query)]

    def scaffolds_in_versions(self, wanted: Sequence[tuple[str, ScaffoldKind, str, int]]) -> list[ScaffoldRow]:
        """Return these versions: owner, kind, key, version of each.

        Raises:
            CatalogError: one of them is not there.
        """
        columns = scaffolds.c
        query = select(scaffolds).where(columns.user_id.in_({owner for owner, *_rest in wanted}))
        with self._reading() as connection:
            rows = {(row[0], row[1], row[2], row[3]): ScaffoldRow(*row) for row in connection.execute(query)}
        for each in wanted:
            if each not in rows:
                owner, kind, key, version = each
                raise CatalogError(f"expected version {version} of the {kind} {key} of {owner or 'all'}, found none")
        return [rows[each] for each in wanted]


def _newest(connection: Connection, owners: Sequence[str] | None = None) -> list[ScaffoldRow]:
    columns = scaffolds.c
    last = func.max(columns.version).over(partition_by=(columns.user_id, columns.kind, columns.key))
    query = select(scaffolds, last.label("last"))
    inner = (query if owners is None else query.where(columns.user_id.in_(owners))).subquery()
    found = connection.execute(select(inner).where(inner.c.version == inner.c.last))
    return [ScaffoldRow(*row[:-1]) for row in found]


def _values(row: ScaffoldRow, version: int, now: datetime) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "kind": row.kind,
        "key": row.key,
        "version": version,
        "name": row.name,
        "tier": row.tier,
        "content": row.content,
        "is_active": row.is_active,
        "origin": row.origin,
        "created_at": now,
    }
