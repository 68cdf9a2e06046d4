"""Asks the warehouse a question, without ever holding up a publication."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import QueryError, WarehouseError
from pipeline.state.warehouse.reading_only import close_doors, read_statements, refusal
from pipeline.state.warehouse.sql import text
from pipeline.state.warehouse.standing import is_whole

_ROWS = 1_000
_MADE_ANEW = "remove it and ask again, which makes it anew"


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of the columns, and rows of Python values (numbers, texts, times, lists, dicts, None for NULL)."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def open_query(path: Path, sql: str) -> Iterator[Answer]:
    """Run SQL on the warehouse, read-only; its rows are read while you iterate, inside the block.

    No other file is read or written but those of the lake, and no setting is changed.

    Raises:
        QueryError: DuckDB refuses the SQL, at once or at a later row; says what and where in the SQL.
        WarehouseError: there is no warehouse, or it, or the lake on S3, cannot be read.
    """
    with closing(_connect(path)) as connection:
        with _sql_errors(path):
            _check_single(read_statements(connection, sql, path))
            connection.execute(sql)
        if connection.description is None:
            raise QueryError("expected an SQL statement, found none; try: SELECT * FROM datasets")
        yield Answer(_unique([column[0] for column in connection.description]), _rows(connection, path))


def query(path: Path, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Run SQL on the warehouse, read-only; return the names of the columns and all rows.

    Raises:
        QueryError, WarehouseError: see `open_query`.
    """
    with open_query(path, sql) as answer:
        return answer.columns, list(answer.rows)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise WarehouseError(f"expected the warehouse at {path}, found nothing: publish it first")
    # Not duckdb.connect(path): as long as any connection of this process has the old file open, that would give the
    # old one again. A database of its own finds what is there now.
    # What does not fit into memory goes to the system's folder, not to the one the person is in.
    spill = Path(tempfile.gettempdir()) / "lora-pipeline-query"
    connection = duckdb.connect(config={"temp_directory": str(spill)})
    try:
        connection.execute(f"ATTACH {text(str(path.absolute()))} AS warehouse (READ_ONLY)")
        connection.execute("USE warehouse")
        connection.execute("SET TimeZone = 'UTC'")
        close_doors(connection)
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(f"cannot open the warehouse {path}: {error}; {_MADE_ANEW}") from error
    return connection


def _check_single(statements: list[duckdb.Statement]) -> None:
    """Only the last statement's rows would be seen; those before it may set something, but not ask."""
    asking = sum(each.expected_result_type == [duckdb.ExpectedResultType.QUERY_RESULT] for each in statements[:-1])
    if asking:
        raise QueryError(f"expected one question, found {asking + 1} with a semicolon between them: ask one at a time")


def _rows(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[Any, ...]]:
    while True:
        with _sql_errors(path):
            rows = connection.fetchmany(_ROWS)
        if not rows:
            return
        yield from rows


@contextmanager
def _sql_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        message = refusal(str(error), path)
        if "extension 'httpfs" in message:
            raise WarehouseError(
                "the lake is on S3, and DuckDB reads s3:// with its extension httpfs, which is not installed here and "
                "could not be fetched: run INSTALL httpfs once in DuckDB where there is internet; the tables datasets, "
                "notifications, dataset_profiles and lineage need no extension"
            ) from error
        if "attached in read-only mode" in message:
            message = f"{message}\n\nThe warehouse is for reading; what it holds comes from the catalog and the lake."
        if not isinstance(error, duckdb.ProgrammingError | duckdb.DataError) and not is_whole(path):
            raise WarehouseError(f"the warehouse {path} is damaged: {message}; {_MADE_ANEW}") from error
        raise QueryError(message) from error


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return the names with `_2`, `_3` … at those that repeat, so that a row can be an object."""
    found: dict[str, None] = {}
    for name in names:
        candidate, count = name, 1
        while candidate in found:
            count += 1
            candidate = f"{name}_{count}"
        found[candidate] = None
    return tuple(found)
