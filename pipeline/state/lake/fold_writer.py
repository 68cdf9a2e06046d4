"""Writes folds: from the own files of datasets, or from other folds; some thousand datasets at a time.

Either way the rows come in pieces, sorted by dataset, and each piece becomes a row group of each table: its statistics
say to who reads whether a dataset is in it. Memory is that of a piece.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import LakeDamaged, LakeError
from pipeline.state.lake.folds import FOLDED, MEMBERS, file_name, fold_schema, read_whole
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.lake_protocol import PUBLISH_ORDER, Lake
from pipeline.state.lake.schemas import FORMER_NAMES
from pipeline.state.lake.writer import DICTIONARY_COLUMNS

PIECE_DATASETS = 1_000
PIECE_BYTES = 32 * 2**20  # of uploads; their rows take about as much
_AT_ONCE = 10  # datasets read side by side: on S3 each of their files is a request
_STATISTICS = ["fold_id", "dataset_id", "row"]
_PROFILES = "profiles"

Piece = Mapping[str, pa.Table]
"""Rows of each table, of the same datasets, sorted by them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attempt at a dataset whose rows are to be folded."""

    dataset_id: str
    run_id: str
    validated_at: datetime
    upload_bytes: int
    tables: tuple[str, ...]
    """Those it has rows in."""


def fold_datasets(lake: Lake, fold_id: str, wanted: Sequence[Wanted]) -> int:
    """Make a fold of what datasets have in files of their own; return how many are in it, where none is no fold.

    Left out are those whose files are of another attempt by now, are gone, or cannot be read.

    Raises:
        LakeError: lake or disk fail.
    """
    ordered = sorted(wanted, key=lambda each: each.dataset_id)
    return _write(lake, fold_id, (_own_rows(lake, piece) for piece in _pieces(ordered)))


def merge_folds(lake: Lake, fold_id: str, shown: Mapping[str, Sequence[str]]) -> int:
    """Make a fold of datasets that other folds have; return how many. shown: by fold, the ids that are wanted of it.

    Raises:
        LakeDamaged: a fold cannot be read.
        LakeError: lake or disk fail, or a fold is not there.
    """
    with ExitStack() as stack:
        files = {
            table: {fold: stack.enter_context(lake.fetch_made(FOLDED, fold, file_name(table))) for fold in shown}
            for table in PUBLISH_ORDER
        }
        sizes = _upload_sizes(files[_PROFILES], shown)
        return _write(lake, fold_id, (_folded_rows(files, shown, piece) for piece in _pieces(sizes)))


@dataclass(frozen=True, slots=True)
class _Sized:
    dataset_id: str
    upload_bytes: int


_Any = TypeVar("_Any", Wanted, _Sized)


def batched(ordered: Sequence[_Any], most: int, most_bytes: int) -> Iterator[list[_Any]]:
    """Groups of neighbours: at most so many, of uploads of at most so many bytes, where it is more than one."""
    batch: list[_Any] = []
    size_bytes = 0
    for each in ordered:
        if batch and (len(batch) == most or size_bytes + each.upload_bytes > most_bytes):
            yield batch
            batch, size_bytes = [], 0
        batch.append(each)
        size_bytes += each.upload_bytes
    if batch:
        yield batch


def _pieces(ordered: Sequence[_Any]) -> Iterator[list[_Any]]:
    return batched(ordered, PIECE_DATASETS, PIECE_BYTES)


def _write(lake: Lake, fold_id: str, pieces: Iterator[Piece]) -> int:
    count = 0
    with lake.staging() as folder:
        with lake_errors("write", folder), ExitStack() as stack:
            writers = {table: stack.enter_context(_writer(table, folder)) for table in PUBLISH_ORDER}
            for piece in pieces:
                count += len(piece[_PROFILES])
                for table, rows in piece.items():
                    writers[table].write_table(_named(table, rows, fold_id))
        if count:
            lake.publish_made(FOLDED, fold_id, folder)
    return count


def _writer(table: str, folder: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        folder / file_name(table),
        fold_schema(table),
        compression="snappy",
        write_page_checksum=True,
        use_dictionary=["fold_id", "dataset_id", *DICTIONARY_COLUMNS.get(table, [])],
        write_statistics=[name for name in _STATISTICS if name in fold_schema(table).names],
    )


def _named(table: str, rows: pa.Table, fold_id: str) -> pa.Table:
    """The rows under the id of their new fold."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * len(rows), pa.int32()), pa.array([fold_id]))
    return rows.add_column(0, fold_schema(table).field(0), column).cast(fold_schema(table)).unify_dictionaries()


def _own_rows(lake: Lake, wanted: Sequence[Wanted]) -> Piece:
    """What lies in the files of datasets, of those alone that are whole and of the attempt that is wanted.

    A profile is placed last: where it is the same before and after, so is what lies beside it.
    """
    before = lake.profile_versions([each.dataset_id for each in wanted])
    profiles = _profiles(lake, [each for each in wanted if each.dataset_id in before])
    with ThreadPoolExecutor(_AT_ONCE if lake.place.startswith("s3://") else 1) as threads:
        attempts = set(zip(*(profiles[name].to_pylist() for name in MEMBERS.names[1:]), strict=True))
        asked = [each for each in wanted if (each.dataset_id, each.run_id, each.validated_at) in attempts]
        read = dict(zip(asked, threads.map(lambda each: _tables(lake, each), asked), strict=True))
    after = lake.profile_versions([each.dataset_id for each in asked])
    kept = {
        each.dataset_id: tables
        for each, tables in read.items()
        if tables is not None and before[each.dataset_id] == after.get(each.dataset_id)
    }
    is_kept = pc.is_in(profiles["dataset_id"], pa.array(list(kept), pa.string()))
    return {_PROFILES: profiles.filter(is_kept), **_joined(kept)}


def _profiles(lake: Lake, wanted: Sequence[Wanted]) -> pa.Table:
    try:
        return lake.read_profiles([each.dataset_id for each in wanted])
    except LakeDamaged as error:
        whole = [each for each in wanted if lake.uri(_PROFILES, each.dataset_id) not in error.places]
        if len(whole) == len(wanted):
            raise
        return _profiles(lake, whole)


def _tables(lake: Lake, wanted: Wanted) -> dict[str, pa.Table] | None:
    """None where a file is gone or damaged: the publication says so, and asks for what is lost."""
    found = {}
    try:
        for table in wanted.tables:
            with lake.fetch(table, wanted.dataset_id) as path:
                found[table] = read_whole(path)
    except LakeDamaged:
        return None
    except LakeError:
        if lake.has(wanted.dataset_id):
            raise
        return None
    return found


def _joined(kept: Mapping[str, Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """The tables of all datasets, one after another, with the columns of today."""
    joined = {}
    for table in PUBLISH_ORDER:
        if parts := {dataset_id: tables[table] for dataset_id, tables in kept.items() if table in tables}:
            rows = pa.concat_tables(parts.values(), promote_options="permissive")
            numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
            ids = pa.array(list(parts), pa.string()).take(pa.array(numbers))
            columns = [_column(rows, field) for field in list(fold_schema(table))[2:]]
            joined[table] = pa.table([ids, *columns], schema=pa.schema(list(fold_schema(table))[1:]))
    return joined


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    """A column of today out of rows of any version of the program, in which it may have another name."""
    known_as = [name for name in (field.name, FORMER_NAMES.get(field.name)) if name in rows.schema.names]
    if not known_as:
        return pa.nulls(len(rows), field.type)
    columns = [rows[name].unify_dictionaries().combine_chunks().cast(field.type) for name in known_as]
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def _upload_sizes(files: Mapping[str, Path], shown: Mapping[str, Sequence[str]]) -> list[_Sized]:
    found = []
    for fold, ids in shown.items():
        rows = read_whole(files[fold], ["dataset_id", "bytes"])
        rows = rows.filter(pc.is_in(rows["dataset_id"], pa.array(ids, pa.string())))
        found += [_Sized(*row) for row in zip(*(column.to_pylist() for column in rows.columns), strict=True)]
    return sorted(found, key=lambda each: each.dataset_id)


def _folded_rows(
    files: Mapping[str, Mapping[str, Path]], shown: Mapping[str, Sequence[str]], piece: Sequence[_Sized]
) -> Piece:
    """The rows of a range of datasets, each from the fold that it is wanted of; Parquet's statistics find the place."""
    first, last = piece[0].dataset_id, piece[-1].dataset_id
    return {table: _range(table, files[table], shown, first, last) for table in PUBLISH_ORDER}


def _range(
    table: str, files: Mapping[str, Path], shown: Mapping[str, Sequence[str]], first: str, last: str
) -> pa.Table:
    parts = []
    for fold, ids in shown.items():
        wanted = pa.array([each for each in ids if first <= each <= last], pa.string())
        if len(wanted):
            parts.append(_rows_of(table, files[fold], pc.field("dataset_id").isin(wanted), first, last))
    joined = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    return joined.take(pc.sort_indices(joined["dataset_id"]))  # stable: the rows of a dataset keep their order


def _rows_of(table: str, path: Path, is_wanted: pc.Expression, first: str, last: str) -> pa.Table:
    key = pc.field("dataset_id")
    is_near = (key >= pa.scalar(first)) & (key <= pa.scalar(last))
    try:
        rows = pq.read_table(
            path,
            filters=is_near & is_wanted,
            partitioning=None,
            use_threads=False,
            page_checksum_verification=True,
        )
    except (pa.ArrowException, OSError) as error:
        raise LakeDamaged(f"cannot read {path}: {error}", (str(path),)) from error
    columns = [_column(rows, field) for field in list(fold_schema(table))[1:]]
    return pa.table(columns, schema=pa.schema(list(fold_schema(table))[1:]))
