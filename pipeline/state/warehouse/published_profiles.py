"""`dataset_profiles` in the file that is being built: the lake's files of one row each, read only where they are new.

Reading a profile file for each of 5,000 datasets costs more than all the rest, so rows whose file has not changed are
taken from the warehouse that stands. That is a shortcut only: without it, everything is read from the lake.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import LakeDamaged
from pipeline.state.lake import PROFILES, Lake
from pipeline.state.lake.profiles import READ_SCHEMA
from pipeline.state.warehouse.catalog_rows import in_pieces, insert
from pipeline.state.warehouse.nested import NESTED, selected
from pipeline.state.warehouse.sql import text

_TABLE = "dataset_profiles"
_TYPED = selected(_TABLE, PROFILES.names)
_OWN = [pa.field("is_current", pa.bool_()), pa.field("lake_version", pa.string())]
_SCHEMA = pa.schema([*READ_SCHEMA, *_OWN])
_ROWS = f"SELECT {_TYPED}, is_current, lake_version FROM dataset_profiles"  # noqa: S608
_AT_ONCE = 2_000  # files, of some 7 KB each in memory
_HAS_VERDICT = "validated_at IS NOT NULL"


def make_profiles(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], previous: Iterable[pa.Table]
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
    known = f"{_ROWS} WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))"
    previous = _as_published(connection.sql(known, params=[list(ids)]).to_arrow_table())
    connection.execute("DELETE FROM dataset_profiles WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))", [list(ids)])
    return _add(connection, lake, {each: versions[each] for each in ids if each in versions}, [previous])


def previous_profiles(path: Path) -> Iterator[pa.Table]:
    """Yield what the warehouse to be replaced knows, some rows at a time; nothing where there is none, or it is none of
    ours.
    """
    with suppress(duckdb.Error, pa.ArrowException), _published(path) as connection:
        for batch in connection.sql(_ROWS).to_arrow_reader(_AT_ONCE):
            yield _as_published(pa.Table.from_batches([batch]))


def previously_shown(path: Path) -> list[str]:
    """Datasets that it has in its views."""
    with suppress(duckdb.Error), _published(path) as connection:
        rows = connection.execute("SELECT dataset_id FROM dataset_profiles WHERE is_current").fetchall()
        return [row[0] for row in rows]
    return []


@contextmanager
def _published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """In a database of its own: what is wrong with that file must not spoil the one that is being built."""
    with closing(duckdb.connect()) as connection:
        if not path.exists():
            raise duckdb.IOException(f"there is no {path}")
        connection.execute(f"ATTACH {text(str(path))} AS previous (READ_ONLY)")
        connection.execute("USE previous")
        yield connection


def other_versions(connection: duckdb.DuckDBPyConnection, versions: Mapping[str, str]) -> set[str]:
    """Datasets with a verdict whose profile in the lake is another than the one whose row is there, or is missing."""
    _list(connection, versions)
    rows = connection.execute(
        f"""SELECT id FROM datasets LEFT JOIN listing AS l ON l.dataset_id = id
        LEFT JOIN dataset_profiles AS p ON p.dataset_id = id
        WHERE datasets.{_HAS_VERDICT} AND l.lake_version IS DISTINCT FROM p.lake_version"""  # noqa: S608
    ).fetchall()
    return {row[0] for row in rows}


def _as_published(found: pa.Table) -> pa.Table:
    """With the types of today, but of the nested columns, which have theirs already."""
    nested = NESTED[_TABLE]
    kinds = [found.schema.field(each.name).type if each.name in nested else each.type for each in _SCHEMA]
    return found.cast(pa.schema(list(zip(_SCHEMA.names, kinds, strict=True))))


def _add(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], previous: Iterable[pa.Table]
) -> int:
    _list(connection, versions)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT id AS dataset_id, lake_version, superseded_by IS NULL AND deleted_at IS NULL AS is_current
        FROM datasets JOIN listing ON dataset_id = id WHERE {_HAS_VERDICT}"""  # noqa: S608
    )
    add = f"""INSERT INTO dataset_profiles SELECT {_TYPED}, wanted.is_current, lake_version
        FROM source JOIN wanted USING (dataset_id{{}}) ORDER BY dataset_id"""  # noqa: S608
    for known in previous:
        insert(connection, add.format(", lake_version"), known)
    rows = connection.execute("SELECT dataset_id FROM wanted ANTI JOIN dataset_profiles USING (dataset_id) ORDER BY 1")
    to_read = [row[0] for row in rows.fetchall()]
    for some in in_pieces(connection, to_read, _AT_ONCE):
        insert(connection, add.format(""), _read(lake, some))
    return len(to_read)


def _list(connection: duckdb.DuckDBPyConnection, versions: Mapping[str, str]) -> None:
    columns = [pa.array(list(versions), pa.string()), pa.array(list(versions.values()), pa.string())]
    listing = pa.table(columns, names=["dataset_id", "lake_version"])
    insert(connection, "CREATE OR REPLACE TEMP TABLE listing AS FROM source", listing)


def _read(lake: Lake, ids: Sequence[str]) -> pa.Table:
    """Leave out what is damaged: it counts as missing, like a file that is not there."""
    try:
        return lake.read_profiles(ids)
    except LakeDamaged as error:
        whole = [each for each in ids if lake.uri("profiles", each) not in error.places]
        if len(whole) == len(ids):
            raise
        return _read(lake, whole)
