"""`dataset_profiles` in the file that is being built: the lake's files of one row each, read only where they are new.

Reading a profile file for each of 5,000 datasets costs more than all the rest, so rows whose file has not changed are
taken from the warehouse that stands. That is a shortcut only: without it, everything is read from the lake.
"""

from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import LakeDamaged
from pipeline.state.lake import PROFILES, Lake
from pipeline.state.lake.profiles import READ_SCHEMA
from pipeline.state.warehouse.catalog_rows import insert
from pipeline.state.warehouse.nested import NESTED, selected
from pipeline.state.warehouse.sql import identifier, text

_TABLE = "dataset_profiles"
_COLUMNS = ", ".join(identifier(name) for name in PROFILES.names)
_TYPED = selected(_TABLE, PROFILES.names)
_OWN = [pa.field("is_current", pa.bool_()), pa.field("lake_version", pa.string())]
_SCHEMA = pa.schema([*READ_SCHEMA, *_OWN])
_HAS_VERDICT = "validated_at IS NOT NULL"


def make_profiles(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], previous: pa.Table
) -> int:
    """Make the table; return how many files of the lake were read for it. versions: of the lake's profiles."""
    insert(
        connection,
        f"CREATE TABLE dataset_profiles AS SELECT {_TYPED}, is_current, lake_version FROM source",  # noqa: S608
        _SCHEMA.empty_table(),
    )
    return _add(connection, lake, versions, previous)


def change_profiles(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], ids: Collection[str]
) -> int:
    """Put what catalog and lake have now in the place of the rows of some datasets; return how many files were read."""
    previous = _rows(connection, "WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))", list(ids))
    connection.execute("DELETE FROM dataset_profiles WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))", [list(ids)])
    return _add(connection, lake, {each: versions[each] for each in ids if each in versions}, previous)


def previous_profiles(path: Path) -> pa.Table:
    """Return what the warehouse to be replaced knows; nothing where there is none, or it is none of ours."""
    if not path.exists():
        return _SCHEMA.empty_table()
    try:
        # In a database of its own: what is wrong with that file must not spoil the one that is being built.
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {text(str(path))} AS previous (READ_ONLY)")
            connection.execute("USE previous")
            return _rows(connection)
    except (duckdb.Error, pa.ArrowException):
        return _SCHEMA.empty_table()


def other_versions(connection: duckdb.DuckDBPyConnection, versions: Mapping[str, str]) -> set[str]:
    """Datasets with a verdict whose profile in the lake is another than the one whose row is there, or is missing."""
    _list(connection, versions)
    rows = connection.execute(
        f"""SELECT id FROM datasets LEFT JOIN listing AS l ON l.dataset_id = id
        LEFT JOIN dataset_profiles AS p ON p.dataset_id = id
        WHERE datasets.{_HAS_VERDICT} AND l.lake_version IS DISTINCT FROM p.lake_version"""  # noqa: S608
    ).fetchall()
    return {row[0] for row in rows}


def _rows(connection: duckdb.DuckDBPyConnection, condition: str = "", *values: object) -> pa.Table:
    query = f"SELECT {_TYPED}, is_current, lake_version FROM dataset_profiles {condition}"  # noqa: S608
    found = connection.sql(query, params=list(values)).to_arrow_table()
    nested = NESTED[_TABLE]
    kinds = [found.schema.field(each.name).type if each.name in nested else each.type for each in _SCHEMA]
    return found.cast(pa.schema(list(zip(_SCHEMA.names, kinds, strict=True))))


def _add(connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], previous: pa.Table) -> int:
    _list(connection, versions)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT id AS dataset_id, lake_version, superseded_by IS NULL AND deleted_at IS NULL AS is_current
        FROM datasets JOIN listing ON dataset_id = id WHERE {_HAS_VERDICT}"""  # noqa: S608
    )
    insert(
        connection,
        f"""CREATE OR REPLACE TEMP TABLE profiles AS SELECT {_TYPED} FROM source
        SEMI JOIN wanted USING (dataset_id, lake_version)""",  # noqa: S608
        previous,
    )
    rows = connection.execute("SELECT dataset_id FROM wanted ANTI JOIN profiles USING (dataset_id) ORDER BY 1")
    to_read = [row[0] for row in rows.fetchall()]
    insert(connection, f"INSERT INTO profiles SELECT {_TYPED} FROM source", _read(lake, to_read))  # noqa: S608
    connection.execute(
        f"""INSERT INTO dataset_profiles SELECT {_COLUMNS}, is_current, lake_version
        FROM profiles JOIN wanted USING (dataset_id) ORDER BY dataset_id"""  # noqa: S608
    )
    return len(to_read)


def _list(connection: duckdb.DuckDBPyConnection, versions: Mapping[str, str]) -> None:
    columns = [pa.array(list(versions), pa.string()), pa.array(list(versions.values()), pa.string())]
    listing = pa.table(columns, names=["dataset_id", "lake_version"])
    insert(connection, "CREATE OR REPLACE TEMP TABLE listing AS FROM source", listing)


def _read(lake: Lake, ids: list[str]) -> pa.Table:
    """Leave out what is damaged: it counts as missing, like a file that is not there."""
    try:
        return lake.read_profiles(ids)
    except LakeDamaged as error:
        whole = [each for each in ids if lake.uri("profiles", each) not in error.places]
        if len(whole) == len(ids):
            raise
        return _read(lake, whole)
