"""Builds the warehouse from one moment of the catalog and the lake's files: anew, or by what changed since the file
that stands. Both give the same tables and views.
"""

import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.errors import WarehouseError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.changed_keys import RowKey
from pipeline.state.catalog.export import TABLE_NAMES, Snapshot
from pipeline.state.catalog.lookup import CHANGING_TABLES
from pipeline.state.lake import Lake
from pipeline.state.warehouse.catalog_rows import change_tables, copy_tables
from pipeline.state.warehouse.comments import write_comments
from pipeline.state.warehouse.completeness import EXPECTED, Found, compare, insist
from pipeline.state.warehouse.folded_datasets import change_folded, is_fold_lost, make_folded, usable
from pipeline.state.warehouse.history import HISTORY_VIEWS, make_history
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS, change_lineage, make_lineage
from pipeline.state.warehouse.publication import publication, remove_leftovers
from pipeline.state.warehouse.published_profiles import (
    change_profiles,
    make_profiles,
    other_versions,
    previous_profiles,
    previously_shown,
)
from pipeline.state.warehouse.sql import identifier
from pipeline.state.warehouse.standing import Standing, is_whole, read_standing, rules_of, write_standing
from pipeline.state.warehouse.views import VIEWS, create_views, look_into


@dataclass(frozen=True, slots=True)
class WarehouseReport:
    """What was published."""

    path: Path
    row_counts: Mapping[str, int]
    """By table and view; views are counted by what the profiles say."""
    size_bytes: int
    duration_s: float
    profiles_read: int
    """Files read from the lake, the others came from the previous warehouse."""
    datasets: int
    """How many with a verdict it should have, and has."""
    last_change: datetime | None
    """Of the catalog, as `Catalog.last_change`."""
    changed: int | None = None
    """Datasets that were brought up to date in a copy of the file that stood; None where the file was made of
    everything."""


def ensure_warehouse(path: Path, catalog: Catalog, lake: Lake, now: datetime) -> WarehouseReport | None:
    """Build the warehouse of a new installation; return None where there is one.

    Raises:
        WarehouseError, CatalogError, LakeError: see `build_warehouse`.
    """
    return None if path.exists() else build_warehouse(path, catalog, lake, now)


def build_warehouse(
    path: Path,
    catalog: Catalog,
    lake: Lake,
    now: datetime,
    *,
    may_shrink: bool = False,
    is_thorough: bool = True,
    is_full: bool = False,
) -> WarehouseReport:
    """Publish the state of catalog and lake as the DuckDB file at `path`; readers are not disturbed.

    The file goes on from a copy of the one that stands, by what changed since; or is made of everything, where none
    stands that this catalog and this program know.

    may_shrink: whether datasets that the published file has, and the catalog does not know, may go. is_thorough:
    whether all files of the lake are looked for, or only those of datasets that changed. is_full: do not go on from
    the file that stands.

    Raises:
        WarehouseIncomplete: it would lack datasets that it should have.
        WarehouseError: the file cannot be built, or another publication does not end.
        CatalogError, LakeError: they cannot be read. The warehouse stays as it was, as after any failure.
    """
    start_s = time.perf_counter()
    path = path.absolute()
    token, rules = uuid.uuid4().hex, rules_of(lake)
    with publication(path) as building, catalog.snapshot() as snapshot:
        seen = snapshot.changes()
        before = None if is_full or may_shrink else read_standing(path)
        making = _Making(building, path, catalog, lake, snapshot, now, may_shrink)
        try:
            made = None
            if before and seen.keys is not None and before.is_base_of(seen.token, rules, path.stat().st_size):
                standing = Standing(token, rules, before.full_bytes or path.stat().st_size)
                made = making.go_on_if_whole(seen.keys, standing, is_thorough=is_thorough)
            made = made or making.make(Standing(token, rules))
        except duckdb.Error as error:
            raise WarehouseError(f"cannot build {path}: {error}; the warehouse stays as it was") from error
        size_bytes = building.stat().st_size
    catalog.note_published(seen, token)
    duration_s = time.perf_counter() - start_s
    return WarehouseReport(
        path, made.row_counts, size_bytes, duration_s, made.profiles_read, made.datasets, made.last_change, made.changed
    )


@dataclass(frozen=True, slots=True)
class _Made:
    row_counts: Mapping[str, int]
    profiles_read: int
    datasets: int
    last_change: datetime | None
    changed: int | None


@dataclass(frozen=True, slots=True)
class _Making:
    """One file on its way: of what, and where."""

    building: Path
    path: Path
    """Of the file that stands."""
    catalog: Catalog
    lake: Lake
    snapshot: Snapshot
    now: datetime
    may_shrink: bool

    def make(self, standing: Standing) -> _Made:
        """Make the file of everything."""
        with _writing(self.building) as connection:
            copy_tables(connection, self.snapshot)
            # Listed after the snapshot: a dataset is in the lake before its verdict is in the catalog.
            versions = self.lake.profile_versions()
            profiles_read = make_profiles(connection, self.lake, versions, previous_profiles(self.path))
            expected = self._insist(connection, previously_shown(self.path), None)
            make_folded(connection, self.lake)
            make_lineage(connection, self.lake)
            make_history(connection)
            self._insist_readable(look_into(connection, self.lake), expected)
            create_views(connection, self.lake)
            write_comments(connection, self.now)
            write_standing(connection, standing)
            return self._made(connection, profiles_read, expected, None)

    def go_on_if_whole(
        self, keys: Mapping[str, frozenset[RowKey]], standing: Standing, *, is_thorough: bool
    ) -> _Made | None:
        """Go on from the file that stands; None where that is damaged, which is looked for where that is thorough."""
        if is_thorough and not is_whole(self.path):
            return None
        shutil.copyfile(self.path, self.building)
        try:
            return self.go_on(keys, standing, is_thorough=is_thorough)
        except duckdb.Error:
            if is_whole(self.path):
                raise
        remove_leftovers(self.path)
        return None

    def go_on(self, keys: Mapping[str, frozenset[RowKey]], standing: Standing, *, is_thorough: bool) -> _Made:
        """Bring a copy of the file that stands up to date. keys: of the catalog's rows that changed, by table."""
        with _writing(self.building) as connection:
            folds = usable(self.lake)
            is_thorough = is_thorough or is_fold_lost(connection, folds)
            changed = {str(key[0]) for key in keys.get("datasets", ())}
            shown_before = _shown(connection, None if is_thorough else changed)
            change_tables(connection, self.snapshot, keys)
            versions = self.lake.profile_versions(None if is_thorough else changed)
            if is_thorough:
                changed |= other_versions(connection, versions)
            profiles_read = change_profiles(connection, self.lake, versions, changed)
            expected = self._insist(connection, shown_before, None if is_thorough else changed)
            change_folded(connection, self.lake, folds, None if is_thorough else changed)
            change_lineage(connection, self.lake, changed)
            self._insist_readable(look_into(connection, self.lake, None if is_thorough else changed), expected)
            write_comments(connection, self.now, ["datasets", *create_views(connection, self.lake)])
            write_standing(connection, standing)
            return self._made(connection, profiles_read, expected, len(changed))

    def _insist(
        self, connection: duckdb.DuckDBPyConnection, shown_before: Collection[str], ids: Collection[str] | None
    ) -> int:
        """See that nothing is missing; return how many datasets should be there."""
        found = compare(connection, self.lake, shown_before, self.now, ids)
        insist(found, self.path, self.catalog.place, self.lake.place, may_shrink=self.may_shrink)
        return int(connection.execute(f"SELECT count(*) FROM datasets WHERE {EXPECTED}").fetchall()[0][0])  # noqa: S608

    def _insist_readable(self, damaged: Mapping[str, tuple[str, ...]], expected: int) -> None:
        """What cannot be read is as good as gone: of one dataset it must not keep all others out for good."""
        found = Found(expected, damaged, (), ())
        insist(found, self.path, self.catalog.place, self.lake.place, may_shrink=self.may_shrink)

    def _made(
        self, connection: duckdb.DuckDBPyConnection, profiles_read: int, expected: int, changed: int | None
    ) -> _Made:
        return _Made(_row_counts(connection), profiles_read, expected, _last_change(connection), changed)


@contextmanager
def _writing(building: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A few transactions: else each of a hundred statements would wait for the disk, or all stay in memory."""
    with closing(duckdb.connect(str(building))) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_external_file_cache = false")  # each of the lake's files is read once
        connection.begin()
        yield connection
        connection.commit()


def _shown(connection: duckdb.DuckDBPyConnection, among: Collection[str] | None) -> list[str]:
    """Datasets that the file has in its views, or those of some."""
    rows = connection.execute(
        """SELECT dataset_id FROM dataset_profiles
        WHERE is_current AND ($among IS NULL OR list_contains($among::VARCHAR[], dataset_id))""",
        {"among": None if among is None else list(among)},
    ).fetchall()
    return [row[0] for row in rows]


def _last_change(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    latest = " UNION ALL ".join(f"SELECT max(updated_at) AS changed FROM {table}" for table in CHANGING_TABLES)  # noqa: S608
    found: datetime | None = connection.execute(f"SELECT max(changed) FROM ({latest})").fetchall()[0][0]  # noqa: S608
    return found.astimezone(UTC) if found else None


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {}
    for table in (*TABLE_NAMES, "dataset_profiles", "folded_datasets", "lineage", *LINEAGE_VIEWS, *HISTORY_VIEWS):
        (counts[table],) = connection.execute(f"SELECT count(*) FROM {identifier(table)}").fetchall()[0]  # noqa: S608
    sums = connection.execute(_VIEW_COUNTS).fetchall()[0]
    return counts | {view: int(rows) for view, rows in zip(VIEWS, sums, strict=True)}


# Counted from the profiles: counting the views would open every file of the lake.
_VIEW_COUNTS = """
    SELECT
        coalesce(sum(conversations) FILTER (status = 'ready'), 0), coalesce(sum(turns) FILTER (status = 'ready'), 0),
        coalesce(sum(findings), 0),
        coalesce(sum(conversations) FILTER (status = 'ready' AND validation_conversations IS NOT NULL), 0),
        coalesce(sum(len(target_acceptance)), 0)
    FROM dataset_profiles WHERE is_current
"""
