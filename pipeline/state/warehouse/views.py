"""The views over the lake: exactly the files of the datasets that are current, each by its id.

Against a pattern with a semi-join, at 5,000 datasets, the list costs the same to publish (0.4 s for three views) and to
query (a count 0.4 s against 0.6, one dataset 0.1 s), needs no listing on S3, and cannot take in what came later.
"""

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.state.lake import SCHEMAS, Lake, write_empty
from pipeline.state.lake.schemas import FORMER_NAMES
from pipeline.state.warehouse.sql import identifier, path_pattern, text

VIEWS: dict[str, pa.Schema] = {
    name: SCHEMAS[name] for name in ("conversations", "turns", "findings", "splits", "target_acceptance")
}

# Rows to train on: a dataset that was rejected has none, though some of its lines were well-formed.
READY_TABLES = ("conversations", "turns", "splits")
# Not written by the first version of the program; a dataset has them when it has been validated since.
NEWER_TABLES = ("splits", "target_acceptance")

_ANY_ID = "ID"
_LOOKED_AT = 500  # files at a time: DuckDB keeps what it knows of each

# `column` is a word of SQL, which one could select only in quotes.
RENAMED = {"column": "column_number"}


def view_columns(table: str) -> list[str]:
    """Return the names of a view's columns."""
    return ["dataset_id", *(RENAMED.get(name, name) for name in VIEWS[table].names)]


VIEW = """
CREATE OR REPLACE VIEW {table} AS SELECT {columns} FROM (
    SELECT {nulls} WHERE false UNION ALL BY NAME
    FROM read_parquet(coalesce(getvariable({variable}), {macro}()), {options})
)"""
# Ids that look like numbers or dates stay texts.
_OPTIONS = "union_by_name = true, hive_partitioning = true, hive_types = {'dataset_id': VARCHAR}"
_HAS_FILES = "SELECT view_name FROM duckdb_views() WHERE NOT internal AND contains(sql, 'read_parquet')"


def create_views(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[str]:
    """Have every view show the files of the datasets that `dataset_profiles` has for it; return those that were made.

    The files are those that a macro gives, `files_of_turns()`: it is all that changes where a view is there.

    Creating a view opens its files. What is published was looked at before, and on S3 DuckDB would need its extension
    httpfs, which may not be there: so the list of files can be replaced by a variable, which here names an empty local
    file. An analyst with a copy of the files can do the same:
    `SET VARIABLE lake_turns = ['turns/dataset_id=…/data.parquet']`.
    """
    there = {row[0] for row in connection.execute(_HAS_FILES).fetchall()}
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for table in VIEWS:
            ids = _ids(connection, table)
            connection.execute(f"CREATE OR REPLACE MACRO {_macro(table)}() AS {_files(table, lake, ids)}")
            if ids and table in there:
                continue
            variable = identifier(f"lake_{table}")
            connection.execute(f"SET VARIABLE {variable} = [{path_pattern(str(_stand_in(table, Path(folder))))}]")
            connection.execute(_view(table, is_empty=not ids))
            connection.execute(f"RESET VARIABLE {variable}")
            made.append(table)
    return made


def look_into(connection: duckdb.DuckDBPyConnection, lake: Lake, among: Collection[str] | None = None) -> None:
    """See that files of a local lake can be read: those of all views, or of some datasets in them.

    Raises:
        duckdb.Error: one cannot.
    """
    if lake.place.startswith("s3://"):
        return
    for table in VIEWS:
        ids = _ids(connection, table, among).split()
        for start in range(0, len(ids), _LOOKED_AT):
            files = _files(table, lake, " ".join(ids[start : start + _LOOKED_AT]))
            connection.execute(f"DESCRIBE FROM read_parquet({files}, {_OPTIONS})")


def _ids(connection: duckdb.DuckDBPyConnection, table: str, among: Collection[str] | None = None) -> str:
    """The datasets of a view, with blanks between; a profile that says no `format_why` is of the first version."""
    is_newer = "format_why IS NOT NULL" if table in NEWER_TABLES else "true"
    is_ready = "status = 'ready'" if table in READY_TABLES else "true"
    [[ids]] = connection.execute(
        f"""SELECT coalesce(string_agg(dataset_id, ' ' ORDER BY dataset_id), '') FROM dataset_profiles
        WHERE is_current AND {is_newer} AND {is_ready}
            AND ($among IS NULL OR list_contains($among::VARCHAR[], dataset_id))""",  # noqa: S608
        {"among": None if among is None else list(among)},
    ).fetchall()
    return str(ids)


def _view(table: str, *, is_empty: bool) -> str:
    if is_empty:
        nulls = _typed_nulls(table, view_columns(table))
        return f"CREATE OR REPLACE VIEW {table} AS SELECT {nulls} WHERE false"  # no file is an error in DuckDB
    # Where every file is of an older version, a newer column would be an unknown name, and the other way round.
    former = [f"NULL::BIGINT AS {identifier(name)}" for name in _former_names(table)]
    return VIEW.format(
        table=table,
        columns=", ".join(_selected(name) for name in ("dataset_id", *VIEWS[table].names)),
        nulls=", ".join([_typed_nulls(table, ["dataset_id", *VIEWS[table].names]), *former]),
        variable=text(f"lake_{table}"),
        macro=_macro(table),
        options=_OPTIONS,
    )


def _macro(table: str) -> str:
    return identifier(f"files_of_{table}")


def _files(table: str, lake: Lake, ids: str) -> str:
    """A list of paths, made of one text: a constant for each of 100,000 files is a hundred times as much to read."""
    before, _, after = lake.uri(table, _ANY_ID).rpartition(_ANY_ID)
    path = f"concat({path_pattern(before)}, each_id, {path_pattern(after)})"
    return f"list_transform(string_split({text(ids)}, ' '), lambda each_id: {path})"


def _selected(name: str) -> str:
    """A column of the lake as the view has it; in files of older versions it may have another name."""
    known_as = [identifier(each) for each in (name, FORMER_NAMES.get(name)) if each]
    return f"coalesce({', '.join(known_as)}) AS {identifier(RENAMED.get(name, name))}"


def _former_names(table: str) -> list[str]:
    names = VIEWS[table].names
    return [former for name, former in FORMER_NAMES.items() if name in names and former not in names]


def _typed_nulls(table: str, names: Sequence[str]) -> str:
    types = ["VARCHAR", *(_sql_type(kind) for kind in VIEWS[table].types)]
    return ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind in zip(names, types, strict=True))


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_int64(kind):
        return "BIGINT"
    if pa.types.is_int32(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return "BLOB" if pa.types.is_fixed_size_binary(kind) else "VARCHAR"


def _stand_in(table: str, folder: Path) -> Path:
    place = folder / table / "dataset_id=none" / "data.parquet"
    place.parent.mkdir(parents=True)
    return write_empty(table, place)
