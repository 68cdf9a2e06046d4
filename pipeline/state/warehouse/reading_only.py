"""Keeps a question to what it is asked of: the warehouse and the lake's files, for reading.

Two walls. DuckDB opens no file but those below the lake, and its settings are locked. That alone would let COPY write
into the lake, so only the kinds of statement that ask, or that fill tables in memory, are carried out.
"""

import re
from contextlib import suppress
from pathlib import Path

import duckdb

from pipeline.errors import QueryError
from pipeline.state.warehouse.sql import path_pattern, text

_KIND = duckdb.StatementType
# Those that write are refused by DuckDB for the warehouse, which is attached for reading; temporary tables take them.
_CARRIED_OUT = frozenset(
    {_KIND.SELECT, _KIND.CREATE, _KIND.INSERT, _KIND.UPDATE, _KIND.DELETE, _KIND.DROP, _KIND.ALTER}
)
_VARIABLE = re.compile(r"\s*(?:SET|RESET)\s+VARIABLE\b|\s*USE\b", re.IGNORECASE)
_EXPLAIN = re.compile(r"\s*EXPLAIN\s+(?:ANALYZE\s+)?(?=\w)", re.IGNORECASE)
_ROOT = r"/[^/]+/dataset_id=[^/]+/data\.parquet$"
_WHAT_TO_DO = (
    "`query` reads the warehouse and the lake's files, and nothing else: write answers with --csv or --json, and for "
    "more open {path} in DuckDB itself"
)


def close_doors(connection: duckdb.DuckDBPyConnection) -> None:
    """Allow the attached warehouse and the files below the lake that it names, and let nothing change that."""
    roots = _lake_roots(connection)
    if any(root.startswith("s3://") for root in roots):
        with suppress(duckdb.Error):  # where it is not installed, a view says so
            connection.execute("LOAD httpfs")
    connection.execute("SELECT count(*) FROM duckdb_secrets()").fetchall()  # reads those that a person keeps on disk
    # The views name files as patterns, and both that text and what it finds are looked up among the folders.
    # A name that is no table must not find a variable of this program.
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_directories = [{', '.join([*map(text, roots), *map(path_pattern, roots)])}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def read_statements(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> list[duckdb.Statement]:
    """Take SQL apart into statements that may be carried out; the warehouse's path is for the message.

    Raises:
        QueryError: one may not.
        duckdb.Error: it is no SQL.
    """
    try:
        statements = connection.extract_statements(sql)
        refused = [each for each in statements if not _is_carried_out(connection, each)]
    except ValueError:  # a kind for which this binding has no name
        raise QueryError(f"expected a question, found another statement; {_WHAT_TO_DO.format(path=path)}") from None
    if refused:
        word = (refused[0].query.split() or ["nothing"])[0].upper()
        raise QueryError(f"expected a question, found {word}; {_WHAT_TO_DO.format(path=path)}")
    return statements


def refusal(message: str, path: Path) -> str:
    """Say in our words what DuckDB's settings forbid; any other message stays."""
    first, *_ = message.splitlines() or [""]
    if first.startswith("Permission Error: "):
        return f"{first.removeprefix('Permission Error: ').partition(' - ')[0]}; {_WHAT_TO_DO.format(path=path)}"
    return message


def _is_carried_out(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    if statement.type == _KIND.SET:
        return _VARIABLE.match(statement.query) is not None
    if statement.type == _KIND.EXPLAIN:  # of a COPY, ANALYZE would write
        found = _EXPLAIN.match(statement.query)
        inner = connection.extract_statements(statement.query[found.end() :]) if found else []
        return [each.type for each in inner] == [_KIND.SELECT]
    return statement.type in _CARRIED_OUT


def _lake_roots(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The folder of the lake, or the prefix in its bucket; none in a warehouse without datasets."""
    try:
        rows = connection.execute("SELECT DISTINCT regexp_replace(uri, ?, '/') FROM lineage", [_ROOT]).fetchall()
    except duckdb.Error:  # a warehouse of an early version
        return []
    return [row[0] for row in rows]
