"""Which rows changed since the warehouse was published: triggers note the key of each, so that no way of writing is
forgotten, and a publication takes what it has seen.

`sqlite_autoincrement`: a number that was taken is never given to a later change.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, delete, func, select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.statements import chunks, insert_or
from pipeline.state.catalog.tables import StorableText, UtcDateTime, metadata

changes = Table(
    "catalog_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("table_name", StorableText, nullable=False),
    Column("row_key", StorableText, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False, server_default=func.current_timestamp()),
    sqlite_autoincrement=True,
)
publications = Table(
    "publications",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("token", StorableText, nullable=False),
    Column("unfolded_count", Integer),
    Column("unfolded_since", UtcDateTime),
)
OF_ITSELF = frozenset({"catalog_changes", "publications"})
MOST_CHANGES = 200_000  # beyond that, a copy of all is as quick
_TOO_MANY_CHANGES = 1_000_000
WAREHOUSE = "warehouse"
RowKey = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the publication of this token; None: there was none, or nobody can tell."""

    token: str | None
    ids: Sequence[int]
    """Of the notes."""
    keys: Mapping[str, frozenset[RowKey]] | None
    """By table, the keys of its rows that were made, changed or removed; None where they are too many to be told."""


def read_changes(connection: Connection) -> Changes:
    """What is noted, inside the caller's transaction."""
    token = connection.execute(select(publications.c.token).where(publications.c.name == WAREHOUSE)).scalar()
    if connection.execute(select(func.count()).select_from(changes)).scalar_one() > MOST_CHANGES:
        return Changes(token, connection.execute(select(changes.c.id)).scalars().all(), None)
    ids: list[int] = []
    keys: dict[str, set[RowKey]] = {}
    for row in connection.execute(select(changes.c.id, changes.c.table_name, changes.c.row_key)):
        ids.append(row.id)
        keys.setdefault(row.table_name, set()).add(tuple(json.loads(row.row_key)))
    return Changes(token, ids, {table: frozenset(found) for table, found in keys.items()})


class ChangeNotes(Database):
    """The methods that a publication ends with."""

    def note_published(self, seen: Changes, token: str) -> bool:
        """Note that a file with this token has all of `seen`, whose notes go; False where another was quicker.

        Then the next publication finds a token that it does not know, and copies everything.
        """
        with self._writing() as connection:
            if seen.token is None:
                row = insert_or(connection, publications).values(name=WAREHOUSE, token=token)
                noted = connection.execute(row.on_conflict_do_nothing(index_elements=["name"]))
            else:
                is_same = (publications.c.name == WAREHOUSE) & (publications.c.token == seen.token)
                noted = connection.execute(update(publications).where(is_same).values(token=token))
            if noted.rowcount == 1:
                for some in chunks(seen.ids):
                    connection.execute(delete(changes).where(changes.c.id.in_(some)))
        return noted.rowcount == 1

    def note_unfolded(self, count: int, since: datetime | None) -> None:
        """Note how many published datasets could be folded, and when the first of them had its verdict."""
        of_warehouse = update(publications).where(publications.c.name == WAREHOUSE)
        with self._writing() as connection:
            connection.execute(of_warehouse.values(unfolded_count=count, unfolded_since=since))

    def forget_changes(self) -> bool:
        """Let all notes go where nobody has published for so long that they are many; the next file is made anew."""
        with self._writing() as connection:
            if connection.execute(select(func.count()).select_from(changes)).scalar_one() <= _TOO_MANY_CHANGES:
                return False
            connection.execute(delete(publications))
            connection.execute(delete(changes))
            return True


def note_every_change(connection: Connection, tables: Sequence[Table]) -> None:
    """Make the triggers anew, after a migration that may have made tables anew; what was published is no base then."""
    connection.execute(delete(publications))
    write = _sqlite_triggers if connection.dialect.name == "sqlite" else _postgres_trigger
    for table in tables:
        for statement in write(table):
            connection.exec_driver_sql(statement)


def _sqlite_triggers(table: Table) -> Iterator[str]:
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        name = f"tr_{table.name}_{event.lower()}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield (
            f"CREATE TRIGGER {name} AFTER {event} ON {table.name} BEGIN INSERT INTO catalog_changes (table_name, "  # noqa: S608
            f"row_key) VALUES ('{table.name}', json_array({_key(table, row)})); END"
        )


def _postgres_trigger(table: Table) -> Iterator[str]:
    name = f"tr_{table.name}_changes"
    insert = "INSERT INTO catalog_changes (table_name, row_key) VALUES"
    new, old = (f"{insert} ('{table.name}', jsonb_build_array({_key(table, row)})::text);" for row in ("NEW", "OLD"))
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        # Whoever may write a table may have it noted, whatever they may do with the notes.
        "SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN {old} ELSE {new} END IF; RETURN NULL; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS {name} ON {table.name}"
    yield (
        f"CREATE TRIGGER {name} AFTER INSERT OR UPDATE OR DELETE ON {table.name} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _key(table: Table, row: str) -> str:
    return ", ".join(f"{row}.{column.name}" for column in table.primary_key.columns)
