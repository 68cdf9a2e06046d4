"""The catalog's tables in the file that is being built: copied whole, or brought up to date row by row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from pipeline.state.catalog.changed_keys import RowKey
from pipeline.state.catalog.export import TABLE_NAMES, Snapshot, export_schema, key_columns
from pipeline.state.warehouse.nested import selected
from pipeline.state.warehouse.sql import identifier

_SETTLED_BATCHES = 5  # a commit waits for the disk


def copy_tables(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """Make every table, with all its rows."""
    for table in TABLE_NAMES:
        schema = export_schema(table)
        insert(
            connection,
            f"CREATE TABLE {identifier(table)} AS SELECT {selected(table, schema.names)} FROM source",  # noqa: S608
            schema.empty_table(),
        )
        _append(connection, table, snapshot.export(table))


def change_tables(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, keys: Mapping[str, frozenset[RowKey]]
) -> None:
    """Put what the catalog has now in the place of the rows with these keys."""
    for table in TABLE_NAMES:
        if changed := keys.get(table):
            _remove(connection, table, changed)
            _append(connection, table, snapshot.export_rows(table, changed))


def insert(connection: duckdb.DuckDBPyConnection, statement: str, source: pa.Table) -> None:
    """Carry a statement out to which `source` is a table."""
    connection.register("source", source)
    connection.execute(statement)
    connection.unregister("source")


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Commit what was written so far, so that it need not stay in memory: nobody sees the file that is being built."""
    connection.commit()
    connection.begin()


def in_pieces(connection: duckdb.DuckDBPyConnection, ids: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """So many of some ids at a time; what was written for the former ones is settled."""
    for start in range(0, len(ids), most):
        if start:
            settle(connection)
        yield ids[start : start + most]


def _append(connection: duckdb.DuckDBPyConnection, table: str, batches: Iterable[pa.RecordBatch]) -> None:
    columns = selected(table, export_schema(table).names)
    add = f"INSERT INTO {identifier(table)} SELECT {columns} FROM source"  # noqa: S608
    for number, batch in enumerate(batches, 1):
        insert(connection, add, pa.Table.from_batches([batch]))
        if number % _SETTLED_BATCHES == 0:
            settle(connection)


def _remove(connection: duckdb.DuckDBPyConnection, table: str, keys: frozenset[RowKey]) -> None:
    names = key_columns(table)
    schema = pa.schema([export_schema(table).field(name) for name in names])
    columns = [pa.array(values, kind) for values, kind in zip(zip(*keys, strict=True), schema.types, strict=True)]
    is_one = " AND ".join(f"{identifier(table)}.{identifier(name)} = source.{identifier(name)}" for name in names)
    insert(
        connection,
        f"DELETE FROM {identifier(table)} USING source WHERE {is_one}",  # noqa: S608
        pa.Table.from_arrays(columns, schema=schema),
    )
