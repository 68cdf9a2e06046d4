"""The views over the lake: exactly the files of the datasets that are current, each by its id, or the folds that have
their rows (`folded_datasets.py`).

Against a pattern with a semi-join, at 5,000 datasets, the list costs the same to publish (0.4 s for three views) and to
query (a count 0.4 s against 0.6, one dataset 0.1 s), needs no listing on S3, and cannot take in what came later.
"""

import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.state.lake import SCHEMAS, Lake, write_empty
from pipeline.state.lake.folds import fold_schema, fold_uri
from pipeline.state.lake.schemas import FORMER_NAMES
from pipeline.state.warehouse.nested import selected_as
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


VIEW = """
CREATE OR REPLACE VIEW {table} AS SELECT {columns} FROM (
    SELECT {nulls} WHERE false{parts}
)"""
# Ids that look like numbers or dates stay texts.
_OPTIONS = "union_by_name = true, hive_partitioning = true, hive_types = {'dataset_id': VARCHAR}"
_FOLDED = "union_by_name = true, hive_partitioning = false"
OWN_FILES = """
    UNION ALL BY NAME FROM read_parquet(coalesce(getvariable({variable}), {macro}()), {options})"""
# Those that are not shown are few: of 1.2 million turns of 100,000 datasets, to look for them takes 30 ms, to look for
# those that are shown 100.
FOLDED_FILES = """
    UNION ALL BY NAME SELECT * EXCLUDE (fold_id) FROM read_parquet(
        coalesce(getvariable({variable}), {macro}()), {options}
    ) ANTI JOIN (FROM folded_datasets WHERE NOT is_shown) USING (fold_id, dataset_id)"""
_MADE_OF = """SELECT view_name, contains(sql, 'files_of_' || view_name), contains(sql, 'files_of_folded_' || view_name)
FROM duckdb_views() WHERE NOT internal"""


def tables_of(*, is_ready: bool, is_newer: bool) -> tuple[str, ...]:
    """The views that have rows of a dataset. is_newer: not of the first version."""
    return tuple(
        table for table in VIEWS if (is_ready or table not in READY_TABLES) and (is_newer or table not in NEWER_TABLES)
    )


def create_views(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[str]:
    """Have every view show the files of the datasets that `dataset_profiles` has for it; return those that were made.

    The files are those that macros give, `files_of_turns()` and `files_of_folded_turns()`: they are all that changes
    where a view is there.

    Creating a view opens its files. What is published was looked at before, and on S3 DuckDB would need its extension
    httpfs, which may not be there: so the lists of files can be replaced by variables, which here name an empty local
    file. An analyst with a copy of the files can do the same:
    `SET VARIABLE lake_turns = ['turns/dataset_id=…/data.parquet']`.
    """
    there = {name: (has_own, has_folded) for name, has_own, has_folded in connection.execute(_MADE_OF).fetchall()}
    folds = " ".join(_folds(connection))
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for table in VIEWS:
            ids = _ids(connection, table)
            connection.execute(f"CREATE OR REPLACE MACRO {_macro(table)}() AS {_files(table, lake, ids)}")
            connection.execute(
                f"CREATE OR REPLACE MACRO {_macro(_folded(table))}() AS {_folded_files(table, lake, folds)}"
            )
            if there.get(table) == (bool(ids), bool(folds)):
                continue
            _create(connection, table, Path(folder), has_own=bool(ids), has_folded=bool(folds))
            made.append(table)
    return made


def _create(
    connection: duckdb.DuckDBPyConnection, table: str, folder: Path, *, has_own: bool, has_folded: bool
) -> None:
    stands_in = {f"lake_{table}": _stand_in(table, folder), f"lake_{_folded(table)}": _folded_stand_in(table, folder)}
    for variable, file in stands_in.items():
        connection.execute(f"SET VARIABLE {identifier(variable)} = [{path_pattern(str(file))}]")
    connection.execute(_view(table, has_own=has_own, has_folded=has_folded))
    for variable in stands_in:
        connection.execute(f"RESET VARIABLE {identifier(variable)}")


def look_into(
    connection: duckdb.DuckDBPyConnection, lake: Lake, among: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """See that files of a local lake can be read: those of all views, or of some datasets in them.

    Returns the tables that cannot, by dataset.

    Raises:
        duckdb.Error: they cannot be read together.
    """
    if lake.place.startswith("s3://"):
        return {}
    ids_of = {table: _ids(connection, table, among).split() for table in VIEWS}
    try:
        for table, ids in ids_of.items():
            for start in range(0, len(ids), _LOOKED_AT):
                files = _files(table, lake, " ".join(ids[start : start + _LOOKED_AT]))
                connection.execute(f"DESCRIBE FROM read_parquet({files}, {_OPTIONS})")
    except duckdb.Error:
        if damaged := _damaged(lake, ids_of):
            return damaged
        raise
    return {}


def _damaged(lake: Lake, ids_of: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found = defaultdict[str, tuple[str, ...]](tuple)
    for table, ids in ids_of.items():
        for each in ids:
            if not _is_readable(lake.uri(table, each)):
                found[each] += (table,)
    return dict(found)


def _is_readable(file: str) -> bool:
    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        return False
    return True


def _ids(connection: duckdb.DuckDBPyConnection, table: str, among: Collection[str] | None = None) -> str:
    """The datasets of a view that it has out of files of their own, with blanks between.

    A profile that says no `format_why` is of the first version.
    """
    is_newer = "format_why IS NOT NULL" if table in NEWER_TABLES else "true"
    is_ready = "status = 'ready'" if table in READY_TABLES else "true"
    [[ids]] = connection.execute(
        f"""SELECT coalesce(string_agg(dataset_id, ' ' ORDER BY dataset_id), '') FROM dataset_profiles
        ANTI JOIN (FROM folded_datasets WHERE is_shown) USING (dataset_id)
        WHERE is_current AND {is_newer} AND {is_ready}
            AND ($among IS NULL OR list_contains($among::VARCHAR[], dataset_id))""",  # noqa: S608
        {"among": None if among is None else list(among)},
    ).fetchall()
    return str(ids)


def _folds(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT DISTINCT fold_id FROM folded_datasets WHERE is_shown ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def _view(table: str, *, has_own: bool, has_folded: bool) -> str:
    parts = [_part(OWN_FILES, table, _OPTIONS)] * has_own + [_part(FOLDED_FILES, _folded(table), _FOLDED)] * has_folded
    # No file at all is an error in DuckDB. Where every one is of an older version, a newer column would be an unknown
    # name, and the other way round.
    former = [f"NULL::BIGINT AS {identifier(name)}" for name in _former_names(table)]
    return VIEW.format(
        table=table,
        columns=", ".join(_selected(table, name) for name in ("dataset_id", *VIEWS[table].names)),
        nulls=", ".join([_typed_nulls(table, ["dataset_id", *VIEWS[table].names]), *former]),
        parts="".join(parts),
    )


def _part(part: str, name: str, options: str) -> str:
    return part.format(variable=text(f"lake_{name}"), macro=_macro(name), options=options)


def _folded(table: str) -> str:
    return f"folded_{table}"


def _macro(table: str) -> str:
    return identifier(f"files_of_{table}")


def _files(table: str, lake: Lake, ids: str) -> str:
    """A list of paths, made of one text: a constant for each of 100,000 files is a hundred times as much to read."""
    return _listed(lake.uri(table, _ANY_ID), ids)


def _folded_files(table: str, lake: Lake, folds: str) -> str:
    return _listed(fold_uri(lake, table, _ANY_ID), folds)


def _listed(any_place: str, ids: str) -> str:
    before, _, after = any_place.rpartition(_ANY_ID)
    path = f"concat({path_pattern(before)}, each_id, {path_pattern(after)})"
    return f"list_transform(string_split({text(ids)}, ' '), lambda each_id: {path})"


def _selected(table: str, name: str) -> str:
    """A column of the lake as the view has it; in files of older versions it may have another name."""
    known_as = [identifier(each) for each in (name, FORMER_NAMES.get(name)) if each]
    return selected_as(table, RENAMED.get(name, name), f"coalesce({', '.join(known_as)})")


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


def _folded_stand_in(table: str, folder: Path) -> Path:
    place = folder / f"{_folded(table)}.parquet"
    pq.write_table(fold_schema(table).empty_table(), place)
    return place
