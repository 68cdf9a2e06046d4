"""docs/tables.md: the tables of the warehouse, the lake and the catalog, from their definitions.

The warehouse is asked itself: an empty one is built for the purpose, so its types and comments are those analysts see.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import Column, Table

from pipeline.docs.markdown import code, section, table
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.export import TABLE_NAMES
from pipeline.state.catalog.tables import metadata
from pipeline.state.lake import SCHEMAS, LocalLake
from pipeline.state.warehouse import build_warehouse
from pipeline.state.warehouse.comments import COLUMNS, lake_column

_WAREHOUSE = """What analysts open (`LORA_WAREHOUSE`). `SELECT comment FROM duckdb_columns()` says the same there."""
_LAKE = """Parquet files at `<lake>/<table>/dataset_id=<id>/data.parquet`; `lora-pipeline check --output DIR` writes the
first three with the same columns."""
_CATALOG = """What the system knows and changes (`LORA_CATALOG_URL`); types as in SQLite and PostgreSQL."""
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # it would stand in a table's comment, which is not shown


def page() -> str:
    """The page."""
    return section(
        "Tables",
        "Three places for data: the catalog for state, the lake for what was read, the warehouse for questions.",
        section("Warehouse", _WAREHOUSE, *_warehouse_tables()),
        section("Lake", _LAKE, *(_lake_table(name, schema) for name, schema in SCHEMAS.items())),
        section("Catalog", _CATALOG, *(_catalog_table(metadata.tables[name]) for name in TABLE_NAMES)),
        level=1,
    )


def _warehouse_tables() -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Catalog.open(f"sqlite:///{folder / 'catalog.db'}") as catalog:
            build_warehouse(folder / "warehouse.duckdb", catalog, LocalLake(folder / "lake"), _ANY_DAY)
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
            columns = connection.execute(
                """SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()
                WHERE NOT internal ORDER BY table_name, column_index"""
            ).fetchall()
    by_table: dict[str, list[tuple[str, ...]]] = {}
    for owner, column, kind, _, comment in columns:
        by_table.setdefault(owner, []).append((code(column), kind, comment or ""))
    heading = ("column", "type", "meaning")
    return [section(code(owner), table(heading, rows), level=3) for owner, rows in by_table.items()]


def _lake_table(name: str, schema: pa.Schema) -> str:
    rows = [
        (
            code(each.name),
            str(each.type).split("<values=")[0],
            "yes" if each.nullable else "no",
            lake_column(name, each.name),
        )
        for each in schema
    ]
    return section(code(name), table(("column", "type", "null", "meaning"), rows), level=3)


def _catalog_table(of: Table) -> str:
    meanings = COLUMNS.get(of.name, {})
    rows = [
        (
            code(column.name),
            _types(column),
            "yes" if column.nullable else "no",
            meanings.get(column.name, ""),
        )
        for column in of.columns
    ]
    return section(code(of.name), table(("column", "type", "null", "meaning"), rows), level=3)


def _types(column: "Column[object]") -> str:
    names = [column.type.compile(dialect=dialect()) for dialect in (sqlite.dialect, postgresql.dialect)]
    return " / ".join(dict.fromkeys(names)).lower()
