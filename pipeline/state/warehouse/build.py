"""Builds the warehouse from one moment of the catalog and the lake's files.

Reading a profile file for each of 5,000 datasets costs more than all the rest, so rows whose file has not changed are
taken from the warehouse that is being replaced. That is a shortcut only: without it, everything is read from the lake.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeDamaged, WarehouseError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.export import TABLE_NAMES, Snapshot, export_schema
from pipeline.state.catalog.lookup import CHANGING_TABLES
from pipeline.state.lake import PROFILES, Lake
from pipeline.state.lake.profiles import READ_SCHEMA
from pipeline.state.warehouse.comments import write_comments
from pipeline.state.warehouse.completeness import compare, insist
from pipeline.state.warehouse.history import HISTORY_VIEWS, make_history
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS, make_lineage
from pipeline.state.warehouse.publication import publication
from pipeline.state.warehouse.sql import identifier, text
from pipeline.state.warehouse.views import NEWER_TABLES, READY_TABLES, VIEWS, create_views

_PROFILE_COLUMNS = ", ".join(identifier(name) for name in PROFILES.names)
_HAS_VERDICT = "validated_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class WarehouseReport:
    """What was published. row_counts: by table and view; views are counted by what the profiles say.

    profiles_read: files read from the lake, the others came from the previous warehouse. datasets: how many with a
    verdict it should have, and has. last_change: of the catalog, as `Catalog.last_change`.
    """

    path: Path
    row_counts: Mapping[str, int]
    size_bytes: int
    duration_s: float
    profiles_read: int
    datasets: int
    last_change: datetime | None


def ensure_warehouse(path: Path, catalog: Catalog, lake: Lake, now: datetime) -> WarehouseReport | None:
    """Build the warehouse of a new installation; return None where there is one.

    Raises:
        WarehouseError, CatalogError, LakeError: see `build_warehouse`.
    """
    return None if path.exists() else build_warehouse(path, catalog, lake, now)


def build_warehouse(
    path: Path, catalog: Catalog, lake: Lake, now: datetime, *, may_shrink: bool = False
) -> WarehouseReport:
    """Publish the state of catalog and lake as the DuckDB file at `path`; readers are not disturbed.

    may_shrink: whether datasets that the published file has, and the catalog does not know, may go.

    Raises:
        WarehouseIncomplete: it would lack datasets that it should have.
        WarehouseError: the file cannot be built, or another publication does not end.
        CatalogError, LakeError: they cannot be read. The warehouse stays as it was, as after any failure.
    """
    start_s = time.perf_counter()
    path = path.absolute()
    with publication(path) as building:
        try:
            with closing(duckdb.connect(str(building))) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.begin()  # else each of a hundred statements would wait for the disk
                with catalog.snapshot() as snapshot:
                    for table in TABLE_NAMES:
                        _copy_table(connection, snapshot, table)
                # Listed after the snapshot: a dataset is in the lake before its verdict is in the catalog.
                versions = lake.profile_versions()
                previous = _previous_profiles(path)
                profiles_read = _make_profiles(connection, lake, versions, previous)
                shown_before = previous.filter(pc.field("is_current"))["dataset_id"]
                found = compare(connection, lake, shown_before.to_pylist(), now)
                insist(found, path, catalog.place, lake.place, may_shrink=may_shrink)
                make_lineage(connection, lake)
                make_history(connection)
                create_views(connection, lake, _current_ids(connection))
                write_comments(connection, now)
                row_counts = _row_counts(connection)
                last_change = _last_change(connection)
                connection.commit()
        except duckdb.Error as error:
            raise WarehouseError(f"cannot build {path}: {error}; the warehouse stays as it was") from error
        size_bytes = building.stat().st_size
    return WarehouseReport(
        path, row_counts, size_bytes, time.perf_counter() - start_s, profiles_read, found.expected, last_change
    )


def _copy_table(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: str) -> None:
    _insert(connection, f"CREATE TABLE {identifier(table)} AS FROM source", export_schema(table).empty_table())
    for batch in snapshot.export(table):
        _insert(connection, f"INSERT INTO {identifier(table)} FROM source", pa.Table.from_batches([batch]))


def _insert(connection: duckdb.DuckDBPyConnection, statement: str, source: pa.Table) -> None:
    connection.register("source", source)
    connection.execute(statement)
    connection.unregister("source")


def _make_profiles(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, str], previous: pa.Table
) -> int:
    """Make `dataset_profiles`; return how many files of the lake were read for it."""
    columns = [pa.array(list(versions), pa.string()), pa.array(list(versions.values()), pa.string())]
    listing = pa.table(columns, names=["dataset_id", "lake_version"])
    _insert(connection, "CREATE TEMP TABLE listing AS FROM source", listing)
    connection.execute(
        f"""CREATE TEMP TABLE wanted AS
        SELECT id AS dataset_id, lake_version, superseded_by IS NULL AND deleted_at IS NULL AS is_current
        FROM datasets JOIN listing ON dataset_id = id WHERE {_HAS_VERDICT}"""  # noqa: S608
    )
    _insert(
        connection,
        f"""CREATE TEMP TABLE profiles AS SELECT {_PROFILE_COLUMNS} FROM source
        SEMI JOIN wanted USING (dataset_id, lake_version)""",  # noqa: S608
        previous,
    )
    rows = connection.execute(
        "SELECT dataset_id FROM wanted ANTI JOIN profiles USING (dataset_id) ORDER BY 1"
    ).fetchall()
    to_read = [row[0] for row in rows]
    _insert(connection, "INSERT INTO profiles FROM source", _read_profiles(lake, to_read))
    connection.execute(
        f"""CREATE TABLE dataset_profiles AS SELECT {_PROFILE_COLUMNS}, is_current, lake_version
        FROM profiles JOIN wanted USING (dataset_id) ORDER BY dataset_id"""  # noqa: S608
    )
    return len(to_read)


def _read_profiles(lake: Lake, ids: list[str]) -> pa.Table:
    """Leave out what is damaged: it counts as missing, like a file that is not there."""
    try:
        return lake.read_profiles(ids)
    except LakeDamaged as error:
        whole = [each for each in ids if lake.uri("profiles", each) not in error.places]
        if len(whole) == len(ids):
            raise
        return _read_profiles(lake, whole)


def _previous_profiles(path: Path) -> pa.Table:
    """Return what the warehouse to be replaced knows; nothing where there is none, or it is none of ours."""
    own = [pa.field("lake_version", pa.string()), pa.field("is_current", pa.bool_())]
    nothing = pa.schema([*READ_SCHEMA, *own]).empty_table()
    if not path.exists():
        return nothing
    try:
        # In a database of its own: what is wrong with that file must not spoil the one that is being built.
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {text(str(path))} AS previous (READ_ONLY)")
            rows = connection.sql(f"SELECT {_PROFILE_COLUMNS}, lake_version, is_current FROM previous.dataset_profiles")  # noqa: S608
            return rows.to_arrow_table().cast(nothing.schema)
    except (duckdb.Error, pa.ArrowException):
        return nothing


def _current_ids(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The datasets of each view; a profile without the reason for its format is of the first version."""
    rows = connection.execute(
        "SELECT dataset_id, format_why IS NOT NULL, status = 'ready' FROM dataset_profiles WHERE is_current ORDER BY 1"
    ).fetchall()

    def chosen(table: str) -> list[str]:
        return [
            dataset_id
            for dataset_id, is_newer, is_ready in rows
            if (is_newer or table not in NEWER_TABLES) and (is_ready or table not in READY_TABLES)
        ]

    return {table: chosen(table) for table in VIEWS}


def _last_change(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    latest = " UNION ALL ".join(f"SELECT max(updated_at) AS changed FROM {table}" for table in CHANGING_TABLES)  # noqa: S608
    found: datetime | None = connection.execute(f"SELECT max(changed) FROM ({latest})").fetchall()[0][0]  # noqa: S608
    return found.astimezone(UTC) if found else None


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {}
    for table in (*TABLE_NAMES, "dataset_profiles", "lineage", *LINEAGE_VIEWS, *HISTORY_VIEWS):
        (counts[table],) = connection.execute(f"SELECT count(*) FROM {identifier(table)}").fetchall()[0]  # noqa: S608
    sums = connection.execute(_VIEW_COUNTS).fetchall()[0]
    return counts | {view: int(rows) for view, rows in zip(VIEWS, sums, strict=True)}


# Counted from the profiles: counting the views would open every file of the lake.
_VIEW_COUNTS = """
    SELECT
        coalesce(sum(conversations) FILTER (status = 'ready'), 0), coalesce(sum(turns) FILTER (status = 'ready'), 0),
        coalesce(sum(findings), 0),
        coalesce(sum(conversations) FILTER (status = 'ready' AND validation_conversations IS NOT NULL), 0),
        coalesce(sum(json_array_length(target_acceptance)), 0)
    FROM dataset_profiles WHERE is_current
"""
