"""A warehouse that can be copied: one file with everything in it, which needs neither lake nor installation.

The published file has views over the lake's files, by their places on this machine. Here they are tables; every other
table, view and comment is as it was published.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import UsageError, WarehouseError
from pipeline.state.durable import whole_file
from pipeline.state.warehouse.history import HISTORY_VIEWS
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS
from pipeline.state.warehouse.sql import identifier, text
from pipeline.state.warehouse.views import VIEWS

_SOURCE = "published"
_TABLES = (
    f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{_SOURCE}' AND NOT internal ORDER BY table_oid"  # noqa: S608
)
_DEFINED = (
    f"SELECT view_name, sql FROM duckdb_views() WHERE database_name = '{_SOURCE}' AND NOT internal ORDER BY view_name"  # noqa: S608
)
_COMMENTS = f"""
SELECT 'TABLE', table_name, NULL, comment FROM duckdb_tables() WHERE database_name = '{_SOURCE}' AND NOT internal
UNION ALL
SELECT 'VIEW', view_name, NULL, comment FROM duckdb_views() WHERE database_name = '{_SOURCE}' AND NOT internal
UNION ALL
SELECT 'COLUMN', table_name, column_name, comment FROM duckdb_columns()
WHERE database_name = '{_SOURCE}' AND NOT internal
"""  # noqa: S608
_ORDER = {name: place for place, name in enumerate((*LINEAGE_VIEWS, *HISTORY_VIEWS))}
"""Some views are made of others, and a file does not keep the order in which they were made."""


@dataclass(frozen=True, slots=True)
class Portable:
    """What was written."""

    path: Path
    row_counts: Mapping[str, int]
    """By table."""
    size_bytes: int


def write_portable(warehouse: Path, target: Path) -> Portable:
    """Write a published warehouse with the rows of the lake inside; the target appears whole, or not at all.

    Raises:
        UsageError: the target is the warehouse itself.
        WarehouseError: there is no warehouse, or it or a file of the lake cannot be read.
        LakeError: the target cannot be written.
    """
    if not warehouse.exists():
        raise WarehouseError(f"expected the warehouse at {warehouse}, found nothing: publish it first")
    if target.exists() and target.samefile(warehouse):
        raise UsageError(f"{target} is the published warehouse, which stays as it is; choose another name")
    with whole_file(target) as building:
        with _errors(warehouse), closing(duckdb.connect(str(building))) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH {text(str(warehouse.absolute()))} AS {_SOURCE} (READ_ONLY)")
            row_counts = _copy(connection)
            connection.execute(f"DETACH {_SOURCE}")
        size_bytes = building.stat().st_size
    return Portable(target, row_counts, size_bytes)


def _copy(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
    views = connection.execute(_DEFINED).fetchall()
    row_counts = {}
    for name in (*tables, *(name for name, _ in views if name in VIEWS)):
        # A view of the lake was defined where its own tables are the nearest; so it is read there.
        source = f"{_SOURCE}.{identifier(name)}"
        [(row_counts[name],)] = connection.execute(f"CREATE TABLE {identifier(name)} AS FROM {source}").fetchall()
    for _, definition in sorted((_ORDER.get(name, len(_ORDER)), sql) for name, sql in views if name not in VIEWS):
        connection.execute(definition)
    for kind, name, column, comment in connection.execute(_COMMENTS).fetchall():
        connection.execute(_comment("TABLE" if name in VIEWS and kind == "VIEW" else kind, name, column, comment))
    return row_counts


def _comment(kind: str, name: str, column: str | None, comment: str | None) -> str:
    place = identifier(name) + (f".{identifier(column)}" if column else "")
    return f"COMMENT ON {kind} {place} IS {'NULL' if comment is None else text(comment)}"


@contextmanager
def _errors(warehouse: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            f"cannot copy {warehouse} with the lake's rows: {str(error).splitlines()[0]}; see that the lake is there, "
            "and publish the warehouse again"
        ) from error
