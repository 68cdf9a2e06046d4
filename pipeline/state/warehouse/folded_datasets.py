"""`folded_datasets` in the file that is being built: which folds have the rows of which attempts, and which are shown.

A fold has the rows of exact attempts. A dataset's rows come out of the newest fold that has them as its profile says
they are, else out of its own files: so one that was validated again, deleted or superseded is not shown out of a fold,
and one that is restored is shown again. A fold that is gone is done without in the same way.
"""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import LakeDamaged
from pipeline.state.lake import Lake
from pipeline.state.lake.fold_writer import Wanted
from pipeline.state.lake.folds import MEMBERS, is_readable, list_folds, read_members
from pipeline.state.warehouse.catalog_rows import insert
from pipeline.state.warehouse.sql import text
from pipeline.state.warehouse.views import tables_of

SCHEMA = pa.schema([*MEMBERS, pa.field("is_shown", pa.bool_())])

_SHOWN = """
CREATE OR REPLACE TEMP TABLE shown AS SELECT max(fold_id) AS fold_id, dataset_id
FROM folded_datasets JOIN dataset_profiles USING (dataset_id, run_id, validated_at)
WHERE is_current AND dataset_id IN (FROM touched) GROUP BY dataset_id
"""
_SHOW = """
UPDATE folded_datasets SET is_shown = NOT is_shown WHERE dataset_id IN (FROM touched)
    AND is_shown <> EXISTS (FROM shown AS s WHERE (s.fold_id, s.dataset_id) =
        (folded_datasets.fold_id, folded_datasets.dataset_id))
"""
_FOLDABLE = """
SELECT dataset_id, run_id, validated_at, bytes, status = 'ready', format_why IS NOT NULL FROM dataset_profiles
ANTI JOIN (FROM folded_datasets WHERE is_shown AND NOT list_contains($without::VARCHAR[], fold_id)) USING (dataset_id)
WHERE is_current AND bytes <= $most_bytes AND $most_bytes > 0 ORDER BY dataset_id
"""


@dataclass(frozen=True, slots=True)
class FoldShown:
    """What a published file shows out of a fold."""

    fold_id: str
    datasets: int
    """How many the fold has."""
    shown: tuple[str, ...]
    """Ids of those in the views."""


@dataclass(frozen=True, slots=True)
class Foldable:
    """What a published file says to who folds: datasets in files of their own, and folds as far as they are shown."""

    wanted: Sequence[Wanted]
    folds: Sequence[FoldShown]


def make_folded(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the table, of all folds; `dataset_profiles` is there already."""
    insert(connection, "CREATE TABLE folded_datasets AS FROM source", SCHEMA.empty_table())
    change_folded(connection, lake, usable(lake), None)


def usable(lake: Lake) -> set[str]:
    """The folds of which views may name files."""
    folds = [fold.fold_id for fold in list_folds(lake) if fold.is_usable]
    return {fold_id for fold_id in folds if is_readable(lake, fold_id, is_thorough=False)}


def is_fold_lost(connection: duckdb.DuckDBPyConnection, folds: Collection[str]) -> bool:
    """Whether the views show datasets out of another fold than these: whatever took it may have taken more."""
    shown = connection.execute("SELECT DISTINCT fold_id FROM folded_datasets WHERE is_shown").fetchall()
    return any(fold_id not in folds for (fold_id,) in shown)


def change_folded(
    connection: duckdb.DuckDBPyConnection, lake: Lake, folds: Collection[str], ids: Collection[str] | None
) -> None:
    """Bring the table up to date. folds: those that are usable; ids: datasets whose profiles changed, None for all."""
    known = {row[0] for row in connection.execute("SELECT DISTINCT fold_id FROM folded_datasets").fetchall()}
    touched = list(ids or ())
    for fold_id in sorted(known - set(folds)):
        gone = connection.execute("DELETE FROM folded_datasets WHERE fold_id = ? RETURNING dataset_id", [fold_id])
        touched += [row[0] for row in gone.fetchall()]
    for fold_id in sorted(set(folds) - known):
        members = _members(lake, fold_id)
        insert(connection, "INSERT INTO folded_datasets SELECT *, false FROM source", members)
        touched += members["dataset_id"].to_pylist()
    of_all = "SELECT dataset_id FROM folded_datasets" if ids is None else "FROM source"
    source = pa.table({"dataset_id": pa.array(touched, pa.string())})
    insert(connection, f"CREATE OR REPLACE TEMP TABLE touched AS {of_all}", source)
    connection.execute(_SHOWN)
    connection.execute(_SHOW)


def _members(lake: Lake, fold_id: str) -> pa.Table:
    """None of a fold that cannot be read: its datasets have their own files."""
    try:
        return read_members(lake, fold_id)
    except LakeDamaged:
        return MEMBERS.empty_table()


def read_foldable(path: Path, most_bytes: int, without: Collection[str] = ()) -> Foldable | None:
    """Return what a published file says; None where there is none, or it is of a version that knew no folds.

    most_bytes: of an upload whose rows may be folded. without: folds that have to be made anew.
    """
    if not path.exists():
        return None
    try:
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {text(str(path))} AS published (READ_ONLY)")
            connection.execute("USE published")
            connection.execute("SET TimeZone = 'UTC'")
            asked = {"most_bytes": most_bytes, "without": list(without)}
            rows = connection.execute(_FOLDABLE, asked).fetchall()
            folds = connection.execute(
                """SELECT fold_id, count(*), coalesce(list(dataset_id ORDER BY dataset_id) FILTER (is_shown), [])
                FROM folded_datasets GROUP BY fold_id ORDER BY fold_id"""
            ).fetchall()
    except duckdb.Error:
        return None
    wanted = [
        Wanted(dataset_id, run_id, validated_at, size_bytes, tables_of(is_ready=is_ready, is_newer=is_newer))
        for dataset_id, run_id, validated_at, size_bytes, is_ready, is_newer in rows
    ]
    return Foldable(wanted, [FoldShown(fold_id, count, tuple(shown)) for fold_id, count, shown in folds])
