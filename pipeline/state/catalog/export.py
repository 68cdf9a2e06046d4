"""The catalog's tables as Arrow, for the warehouse: one moment in time over all tables, in bounded memory.

pyarrow is imported where it is used: only the warehouse needs it, and every command opens the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, Select, cast, select, text, tuple_
from sqlalchemy import Text as SqlText
from sqlalchemy.types import BigInteger, Boolean, Date, Float, Integer

from pipeline.state.catalog import attempt_tables, generation_tables, job_tables  # noqa: F401  # every table of `metadata`
from pipeline.state.catalog.catalog_engine import Database, translated_errors
from pipeline.state.catalog.changed_keys import OF_ITSELF, Changes, RowKey, read_changes
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.tables import StorableJson, UtcDateTime, metadata

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1_000  # with what is shown of each, a dataset has 4 KB
# How an installation minds itself and who signed out says nothing to analysts.
_NOT_EXPORTED = {"ended_sessions", "looks", "marks", *OF_ITSELF}
TABLE_NAMES = tuple(table.name for table in metadata.sorted_tables if table.name not in _NOT_EXPORTED)
"""The tables that can be exported."""


@cache
def export_schema(table_name: str) -> pa.Schema:
    """Return the columns of an exported table: times in microseconds and UTC, JSON as text."""
    import pyarrow as pa

    columns = metadata.tables[table_name].columns
    return pa.schema([pa.field(c.name, _arrow_type(c.type), nullable=bool(c.nullable)) for c in columns])


def _arrow_type(kind: object) -> pa.DataType:
    import pyarrow as pa

    match kind:
        case UtcDateTime():
            return pa.timestamp("us", tz="UTC")
        case Date():
            return pa.date32()
        case Boolean():
            return pa.bool_()
        case BigInteger():
            return pa.int64()
        case Integer():
            return pa.int32()
        case Float():
            return pa.float64()
        case _:
            return pa.string()  # text, and JSON as text


def key_columns(table_name: str) -> list[str]:
    """Names of the columns of an exported table's key."""
    return [column.name for column in metadata.tables[table_name].primary_key.columns]


class Snapshot:
    """The catalog as it was when the snapshot was taken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def export(self, table_name: str, batch_rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield a table in batches of `export_schema(table_name)`, ordered by key; an empty table yields none."""
        key = metadata.tables[table_name].primary_key.columns
        streaming = self._connection.execution_options(stream_results=True, yield_per=batch_rows)
        with translated_errors(self._connection.engine.url):
            for rows in streaming.execute(_exported(table_name).order_by(*key)).partitions():
                yield _batch(table_name, rows)

    def export_rows(self, table_name: str, keys: Iterable[RowKey]) -> Iterator[pa.RecordBatch]:
        """Yield those rows of a table whose keys are given; a key without a row yields none."""
        key = tuple_(*metadata.tables[table_name].primary_key.columns)
        with translated_errors(self._connection.engine.url):
            for some in chunks(list(keys)):
                if rows := self._connection.execute(_exported(table_name).where(key.in_(some))).all():
                    yield _batch(table_name, rows)

    def changes(self) -> Changes:
        """What changed since the warehouse was published."""
        with translated_errors(self._connection.engine.url):
            return read_changes(self._connection)


def _exported(table_name: str) -> Select[Any]:
    columns = metadata.tables[table_name].columns
    return select(*(cast(c, SqlText).label(c.name) if isinstance(c.type, StorableJson) else c for c in columns))


def _batch(table_name: str, rows: Sequence[Row[Any]]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = export_schema(table_name)
    arrays = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Export(Database):
    """The methods that the warehouse uses."""

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Hold one read transaction: everything exported inside is of the moment of entering."""
        self._ready()
        isolation = {"isolation_level": "REPEATABLE READ"} if self._engine.dialect.name == "postgresql" else {}
        reader = self._engine.execution_options(**isolation)
        with translated_errors(self._engine.url), reader.connect() as connection:
            # Databases take their snapshot at the first read, not at BEGIN.
            connection.execute(text("SELECT 1 FROM datasets LIMIT 1")).all()
            yield Snapshot(connection)

    def export(self, table_name: str, batch_rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield one table in batches, in a snapshot of its own."""
        with self.snapshot() as snapshot:
            yield from snapshot.export(table_name, batch_rows)
