"""The catalog's tables as the database has them, and where they are others than `tables.py` and its neighbours say.

Reads what the database says of itself: columns, keys, indices, checks, row security, how many rows. Changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Table,
    UniqueConstraint,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint, ReflectedIndex
from sqlalchemy.engine.reflection import Inspector

from pipeline.state.catalog.tables import metadata

VERSIONS = "alembic_version"
"""Where Alembic notes the revision; it is no table of ours."""
_SAME_TYPES = {"FLOAT": "DOUBLE PRECISION"}  # as PostgreSQL calls what we declare


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """key: its place in the primary key, from 1; None where it is not of it."""

    name: str
    type: str
    is_nullable: bool
    default: str | None
    key: int | None


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index, or a constraint that values are unique."""

    name: str
    columns: tuple[str, ...]
    is_unique: bool
    condition: str | None = None
    """Of the rows that are in it; None for all."""


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """Whose rows a transaction sees."""

    name: str
    command: str
    """For which it holds, ALL for every one."""
    condition: str


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as the database has it."""

    name: str
    row_count: int
    columns: tuple[LiveColumn, ...]
    indices: tuple[LiveIndex, ...]
    references: tuple[str, ...]
    """Foreign keys, as `batch_id -> batch_jobs.id`."""
    checks: dict[str, str]
    """Conditions of rows, by name."""
    is_secured: bool | None
    """Whether policies bind everybody, also who owns the table; None where the database knows no policies."""
    policies: tuple[LivePolicy, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as our definitions have it."""

    table: str
    what: str
    """As `column batch_id`."""
    expected: str
    found: str


def live_tables(connection: Connection, names: Sequence[str] | None = None) -> list[LiveTable]:
    """Read tables of the catalog that are there, by name. names: only these; None for all."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    wanted = [*metadata.tables, VERSIONS] if names is None else names
    return [_table(connection, inspector, name) for name in sorted(set(wanted) & there)]


def differences(connection: Connection, found: Sequence[LiveTable]) -> list[Difference]:
    """Where tables are not what they are declared to be; tables that are not among those found are passed by."""
    by_name = {each.name: each for each in found}
    return [
        each
        for name, declared in sorted(metadata.tables.items())
        if name in by_name
        for each in _of_table(connection, declared, by_name[name])
    ]


def missing_tables(connection: Connection) -> list[Difference]:
    """The tables that are declared, and not there."""
    there = set(inspect(connection).get_table_names())
    return [Difference(name, "table", "one", "none") for name in sorted(set(metadata.tables) - there)]


def _table(connection: Connection, inspector: Inspector, name: str) -> LiveTable:
    key = inspector.get_pk_constraint(name)["constrained_columns"]
    counted = select(func.count()).select_from(table(name))
    return LiveTable(
        name=name,
        row_count=connection.execute(counted).scalar_one(),
        columns=tuple(_column(each, key, connection) for each in inspector.get_columns(name)),
        indices=tuple(sorted(_live_indices(inspector, name, connection.dialect.name), key=lambda each: each.name)),
        references=tuple(sorted(map(_reference, inspector.get_foreign_keys(name)))),
        checks={str(each["name"]): each["sqltext"] for each in inspector.get_check_constraints(name)},
        is_secured=_is_secured(connection, name),
        policies=tuple(_policies(connection, name)),
    )


def _live_indices(inspector: Inspector, name: str, dialect: str) -> Iterator[LiveIndex]:
    """PostgreSQL tells the index of a constraint once more."""
    constraints = inspector.get_unique_constraints(name)
    yield from (LiveIndex(str(each["name"]), tuple(each["column_names"]), is_unique=True) for each in constraints)
    named = {each["name"] for each in constraints}
    yield from (_index(each, dialect) for each in inspector.get_indexes(name) if each["name"] not in named)


def _reference(found: ReflectedForeignKeyConstraint) -> str:
    of, to = ", ".join(found["constrained_columns"]), ", ".join(found["referred_columns"])
    return f"{of} -> {found['referred_table']}.{to}"


def _column(found: ReflectedColumn, key: Sequence[str], connection: Connection) -> LiveColumn:
    return LiveColumn(
        name=found["name"],
        type=found["type"].compile(dialect=connection.dialect),
        is_nullable=found["nullable"],
        default=found["default"],
        key=key.index(found["name"]) + 1 if found["name"] in key else None,
    )


def _index(found: ReflectedIndex, dialect: str) -> LiveIndex:
    condition = found.get("dialect_options", {}).get(f"{dialect}_where")
    columns = tuple(str(each) for each in found.get("expressions", found["column_names"]))
    return LiveIndex(str(found["name"]), columns, bool(found["unique"]), None if condition is None else str(condition))


def _is_secured(connection: Connection, name: str) -> bool | None:
    if connection.dialect.name != "postgresql":
        return None
    query = text("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = CAST(:name AS regclass)")
    return bool(connection.execute(query, {"name": name}).scalar_one())


def _policies(connection: Connection, name: str) -> Iterator[LivePolicy]:
    if connection.dialect.name != "postgresql":
        return
    query = text(
        "SELECT policyname, cmd, qual FROM pg_policies WHERE tablename = :name AND schemaname = current_schema() "
        "ORDER BY policyname"
    )
    for row in connection.execute(query, {"name": name}):
        yield LivePolicy(row.policyname, row.cmd, row.qual or "")


def _of_table(connection: Connection, declared: Table, found: LiveTable) -> Iterator[Difference]:
    columns = {each.name: _described(each, connection) for each in declared.columns}
    yield from _compared(found.name, "column", columns, {each.name: _as_found(each) for each in found.columns})
    yield from _compared(
        found.name, "index", dict(map(_index_declared, _indices(declared))), {i.name: _told(i) for i in found.indices}
    )
    checks = [str(each.name) for each in declared.constraints if isinstance(each, CheckConstraint)]
    yield from _compared(found.name, "check", dict.fromkeys(checks, "one"), dict.fromkeys(found.checks, "one"))
    if found.is_secured is False and "user_id" in declared.columns:
        yield Difference(found.name, "row security", "enabled and forced, for its rows are somebody's", "not so")
    elif found.is_secured and not found.policies:
        yield Difference(found.name, "policy", "one, or nobody sees a row", "none")


def _compared(of_table: str, what: str, expected: dict[str, str], found: dict[str, str]) -> Iterator[Difference]:
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield Difference(of_table, f"{what} {name}", expected.get(name, "none"), found.get(name, "none"))


def _described(column: Column[Any], connection: Connection) -> str:
    declared = column.type.compile(dialect=connection.dialect)
    named = _SAME_TYPES.get(declared, declared) if connection.dialect.name == "postgresql" else declared
    return f"{named}{'' if column.nullable else ', not null'}{', key' if column.primary_key else ''}"


def _as_found(column: LiveColumn) -> str:
    return f"{column.type}{'' if column.is_nullable else ', not null'}{', key' if column.key else ''}"


def _indices(declared: Table) -> Iterator[Index | UniqueConstraint]:
    yield from declared.indexes
    yield from (each for each in declared.constraints if isinstance(each, UniqueConstraint))


def _index_declared(each: Index | UniqueConstraint) -> tuple[str, str]:
    if isinstance(each, UniqueConstraint):
        return str(each.name), _told(LiveIndex(str(each.name), tuple(each.columns.keys()), is_unique=True))
    options = each.dialect_options["sqlite"]
    condition = None if options["where"] is None else str(options["where"])
    return str(each.name), _told(LiveIndex(str(each.name), _columns_of(each), bool(each.unique), condition))


def _columns_of(index: Index) -> tuple[str, ...]:
    """Their names, without the order of each, which SQLite does not tell."""
    return tuple(column.name for expression in index.expressions for column in _named_in(expression))


def _named_in(expression: Any) -> list[Column[Any]]:
    return [expression] if isinstance(expression, Column) else list(expression.get_children())


def _told(index: LiveIndex) -> str:
    """What is compared of it: the words of a condition are the database's own, that it has one is not."""
    unique, some = "unique, " if index.is_unique else "", " of some rows" if index.condition else ""
    return f"{unique}over {', '.join(index.columns)}{some}"
