"""Folds the files of small datasets into few, so that what an analyst asks opens few files; and removes folds that no
view needs.

What is to be folded is read off the published warehouse, so the work is in proportion to what was published since.
Folds of like size are merged, eight into one: of 100,000 datasets there are some twenty, and a row was written four
times. The files of datasets stay as they are.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from pipeline.errors import LakeDamaged, LakeError
from pipeline.flow.marks import insist_on_lake
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.lake.fold_writer import batched, fold_datasets, merge_folds
from pipeline.state.lake.folds import (
    FOLDED,
    Fold,
    is_readable,
    list_folds,
    new_fold_id,
    read_members,
    retire_fold,
    retired_at,
)
from pipeline.state.warehouse.folded_datasets import FoldShown, read_foldable

KEPT_RETIRED = timedelta(days=1)  # for whoever has an older warehouse open
FAN_IN = 8
MOST_BYTES = 2**29  # of a fold that is merged once more
MOST_UPLOAD_BYTES = 2**30  # of what goes into one at once
MOST_DATASETS = 20_000  # what a process that dies had folded until then stays
_LOG = logging.getLogger(__name__)
_LEAST_SHOWN = 0.5


@dataclass(frozen=True, slots=True)
class Folded:
    """What was done."""

    datasets: int = 0
    """How many were folded out of their own files."""
    made: int = 0
    merged: int = 0
    """Folds that became others."""
    retired: int = 0
    removed: int = 0

    def summary(self) -> str:
        """One line for people."""
        return (
            f"folded {self.datasets}, new folds {self.made}, merged {self.merged}, retired {self.retired}, "
            f"removed {self.removed}"
        )


def fold_lake(
    warehouse: Path, catalog: Catalog, lake: Lake, most_upload_bytes: int, now: datetime, *, is_thorough: bool = True
) -> Folded:
    """Fold what the published warehouse shows out of small datasets' own files; the next publication reads the folds.

    Nothing is done where nothing was published by this version. Of a damaged fold the datasets are folded anew.

    is_thorough: whether all rows of all folds are read to find damage, or only the ends of a local lake's files.

    Raises:
        LakeError: the lake is not there or not the one that is meant, or it or the disk fails.
        CatalogError: the catalog cannot be asked which lake is meant.
    """
    insist_on_lake(lake, catalog)
    there = list_folds(lake)
    usable = {fold.fold_id: fold for fold in there if fold.is_usable}
    damaged = {each for each in usable if not is_readable(lake, each, is_thorough=is_thorough)}
    published = read_foldable(warehouse, most_upload_bytes, damaged)
    if published is None:
        return Folded()
    retired, removed = _clear(lake, there, damaged, published.folds, now)
    merged, made = 0, 0
    for group in _to_merge([fold for fold in published.folds if fold.fold_id not in damaged], usable):
        if _merge(lake, group, now):
            merged, made = merged + len(group), made + 1
    datasets = 0
    for batch in batched(published.wanted, MOST_DATASETS, MOST_UPLOAD_BYTES):
        count = fold_datasets(lake, new_fold_id(list_folds(lake)), batch)
        datasets, made = datasets + count, made + bool(count)
    return Folded(datasets, made, merged, retired, removed)


def note_unfolded(warehouse: Path, catalog: Catalog, most_upload_bytes: int) -> int:
    """Note in the catalog how many small datasets the published warehouse shows out of files of their own.

    Raises:
        CatalogError: it cannot be written to.
    """
    published = read_foldable(warehouse, most_upload_bytes)
    wanted = published.wanted if published else ()
    catalog.note_unfolded(len(wanted), min((each.validated_at for each in wanted), default=None))
    return len(wanted)


def _clear(
    lake: Lake, there: Sequence[Fold], damaged: Collection[str], published: Sequence[FoldShown], now: datetime
) -> tuple[int, int]:
    """Retire folds that are of no use, remove those that have been for a day; return how many of each."""
    shown = {fold.fold_id: len(fold.shown) for fold in published if fold.fold_id not in damaged}
    left = [fold for fold in there if not fold.is_retired]
    useless = [fold.fold_id for fold in left if fold.fold_id in damaged or _is_useless(lake, fold, shown)]
    for fold_id in useless:
        retire_fold(lake, fold_id, now)
    # One that the published file still knows may have to be read: nobody has published for a day.
    known = {fold.fold_id for fold in there if fold.is_retired and fold.fold_id not in shown}
    gone = [fold_id for fold_id in sorted(known) if _is_over(lake, fold_id, now)]
    for fold_id in gone:
        lake.remove_made(FOLDED, fold_id)
    return len(useless), len(gone)


def _is_over(lake: Lake, fold_id: str, now: datetime) -> bool:
    """Whether a fold has been retired for a day. Where nobody can read since when, its day begins now."""
    try:
        since = retired_at(lake, fold_id)
    except LakeError:
        if lake.made_files(FOLDED, fold_id):
            raise
        return False  # another who folds has removed it
    if since is None:
        retire_fold(lake, fold_id, now)
    return since is not None and now - since >= KEPT_RETIRED


def _is_useless(lake: Lake, fold: Fold, shown: dict[str, int]) -> bool:
    """Whether no view needs it: it was published and shows nothing, or it is not whole, or cannot be read."""
    if not fold.is_whole or fold.fold_id in shown:
        return not shown.get(fold.fold_id)
    try:
        read_members(lake, fold.fold_id)
    except LakeDamaged:
        return True
    return False


def _merge(lake: Lake, group: Sequence[FoldShown], now: datetime) -> bool:
    """Make one fold of several; where one is damaged, all are given up, and made anew out of datasets' own files."""
    try:
        merge_folds(lake, new_fold_id(list_folds(lake)), {fold.fold_id: fold.shown for fold in group})
    except LakeDamaged as error:
        _LOG.warning("%s; its datasets are folded anew", error)
        for fold in group:
            retire_fold(lake, fold.fold_id, now)
        return False
    return True


def _to_merge(published: Sequence[FoldShown], usable: dict[str, Fold]) -> Iterator[list[FoldShown]]:
    """Groups of folds that are to become one: eight of like size, or those of which less than a half is shown."""
    live = [fold for fold in published if fold.shown and fold.fold_id in usable]
    wasteful = [fold for fold in live if len(fold.shown) < _LEAST_SHOWN * fold.datasets]
    rest = [fold for fold in live if fold not in wasteful and usable[fold.fold_id].size_bytes < MOST_BYTES]
    full = [tier for tier in _tiers(rest) if len(tier) >= FAN_IN]
    yield from full
    if wasteful:
        yield wasteful


def _tiers(folds: Sequence[FoldShown]) -> list[list[FoldShown]]:
    """Folds of like numbers of datasets: those of 8 to 63, of 64 to 511, …"""
    ranked = sorted(folds, key=lambda fold: (_tier(fold), fold.fold_id))
    return [list(tier) for _, tier in groupby(ranked, _tier)]


def _tier(fold: FoldShown) -> int:
    return (len(fold.shown).bit_length() - 1) // (FAN_IN.bit_length() - 1)
