"""The views over the lake: exactly the files of the datasets that are current, named one by one.

Against a pattern with a semi-join, at 5,000 datasets, the list costs the same to publish (0.4 s for three views) and to
query (a count 0.4 s against 0.6, one dataset 0.1 s), needs no listing on S3, and cannot take in what came later.
"""

import tempfile
from collections.abc import Mapping, Sequence
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

# `column` is a word of SQL, which one could select only in quotes.
RENAMED = {"column": "column_number"}


def view_columns(table: str) -> list[str]:
    """Return the names of a view's columns."""
    return ["dataset_id", *(RENAMED.get(name, name) for name in VIEWS[table].names)]


def create_views(connection: duckdb.DuckDBPyConnection, lake: Lake, dataset_ids: Mapping[str, Sequence[str]]) -> None:
    """Create every view over the files of these datasets. dataset_ids: by table.

    Creating a view opens its first file. Where that is on S3, DuckDB would need its extension httpfs, which may not be
    there: so the list of files can be replaced by a variable, which here names an empty local file. An analyst with a
    copy of the files can do the same: `SET VARIABLE lake_turns = ['turns/dataset_id=…/data.parquet']`.
    """
    with tempfile.TemporaryDirectory() as folder:
        for table in VIEWS:
            uris = [lake.uri(table, each) for each in dataset_ids[table]]
            is_remote = any(uri.startswith("s3://") for uri in uris)
            if is_remote:
                variable = identifier(f"lake_{table}")
                connection.execute(f"SET VARIABLE {variable} = [{path_pattern(str(_stand_in(table, Path(folder))))}]")
            connection.execute(_view(table, uris, is_remote))
            if is_remote:
                connection.execute(f"RESET VARIABLE {variable}")


def _view(table: str, uris: list[str], is_remote: bool) -> str:
    if not uris:
        nulls = _typed_nulls(table, view_columns(table))
        return f"CREATE VIEW {table} AS SELECT {nulls} WHERE false"  # no file is an error in DuckDB
    columns = ", ".join(_selected(name) for name in ("dataset_id", *VIEWS[table].names))
    files = "[" + ", ".join(map(path_pattern, uris)) + "]"
    if is_remote:
        files = f"coalesce(getvariable({text(f'lake_{table}')}), {files})"
    # Ids that look like numbers or dates stay texts.
    options = "union_by_name = true, hive_partitioning = true, hive_types = {'dataset_id': VARCHAR}"
    # Where every file is of an older version, a newer column would be an unknown name, and the other way round.
    former = [f"NULL::BIGINT AS {identifier(name)}" for name in _former_names(table)]
    nulls = ", ".join([_typed_nulls(table, ["dataset_id", *VIEWS[table].names]), *former])
    older = f"SELECT {nulls} WHERE false UNION ALL BY NAME"
    return f"CREATE VIEW {table} AS SELECT {columns} FROM ({older} FROM read_parquet({files}, {options}))"  # noqa: S608


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
