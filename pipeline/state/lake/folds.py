"""Folds: the rows of many small datasets in one immutable file a table, so that a question opens few files.

A dataset's own files stay the truth; a fold is made of them, of an exact attempt each, sorted by dataset, and can be
made again. It lies at `<lake>/folded/id=<number>-…/<table>.parquet` and has one row of `profiles` for each of its
datasets, which says of which attempt its rows are. A fold that no view needs is retired, and removed a day later: who
has an older warehouse open still reads it. What is folded when is decided in `pipeline.flow.folding`.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline.errors import LakeDamaged
from pipeline.state.lake.lake_protocol import MIN_FILE_BYTES, PUBLISH_ORDER, Lake, MadeKind
from pipeline.state.lake.parquet_files import parquet_file
from pipeline.state.lake.schemas import PROFILES, SCHEMAS

FOLDED: MadeKind = "folded"
FOLD_ID = pa.field("fold_id", pa.dictionary(pa.int32(), pa.string()), nullable=False)
MEMBERS = pa.schema(
    [pa.field("fold_id", pa.string()), *(PROFILES.field(name) for name in ("dataset_id", "run_id", "validated_at"))]
)
"""Which attempt at which dataset a fold has the rows of."""

_PROFILES = "profiles"
_RETIRED = "retired"  # a file that says since when


@dataclass(frozen=True, slots=True)
class Fold:
    """What lies in the lake under a fold's id."""

    fold_id: str
    size_bytes: int
    is_whole: bool
    """All its files are there."""
    is_retired: bool
    """No view is to need it."""

    @property
    def is_usable(self) -> bool:
        """Whether a view may name its files."""
        return self.is_whole and not self.is_retired


def fold_schema(table: str) -> pa.Schema:
    """The columns of a folded file: those of today, any of which is null where an older file had none."""
    own = [] if table == _PROFILES else [PROFILES.field("dataset_id")]
    return pa.schema([FOLD_ID, *own, *(field.with_nullable(True) for field in SCHEMAS[table])])


def list_folds(lake: Lake) -> list[Fold]:
    """Everything below the place of folds, oldest first."""
    return [_fold(fold_id, sizes) for fold_id, sizes in sorted(lake.all_made(FOLDED).items())]


def _fold(fold_id: str, sizes: Mapping[str, int]) -> Fold:
    is_whole = all(sizes.get(file_name(table), 0) >= MIN_FILE_BYTES for table in PUBLISH_ORDER)
    return Fold(fold_id, sum(sizes.values()), is_whole, _RETIRED in sizes)


def file_name(table: str) -> str:
    """What a fold's file of a table is called."""
    return f"{table}.parquet"


def new_fold_id(there: Iterable[Fold]) -> str:
    """Return an id that comes after those that are there: of two folds with the same rows, the later one counts."""
    numbers = [int(fold.fold_id.partition("-")[0]) for fold in there if fold.fold_id.partition("-")[0].isdecimal()]
    return f"{max(numbers, default=0) + 1:08d}-{uuid.uuid4().hex[:8]}"


def fold_uri(lake: Lake, table: str, fold_id: str) -> str:
    """Where a fold's file of a table lies: an absolute path or `s3://…`."""
    return f"{lake.made_uri(FOLDED, fold_id)}/{file_name(table)}"


def read_members(lake: Lake, fold_id: str) -> pa.Table:
    """Return a fold's datasets with their attempts, a row of `MEMBERS` each, sorted by dataset.

    Raises:
        LakeDamaged: it cannot be read.
        LakeError: it is not there.
    """
    with lake.fetch_made(FOLDED, fold_id, file_name(_PROFILES)) as path:
        return read_whole(path, MEMBERS.names).cast(MEMBERS)


def read_whole(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file of the lake.

    Raises:
        LakeDamaged: it is none.
    """
    with parquet_file(path, page_checksum_verification=True) as file:
        return file.read(columns, use_threads=False)


def is_readable(lake: Lake, fold_id: str, *, is_thorough: bool) -> bool:
    """Whether the files of a whole fold are Parquet; is_thorough: and all of their rows are as they were written.

    Only a thorough look fetches files out of a bucket.

    Raises:
        LakeError: they are not there, or the lake does not answer.
    """
    if not is_thorough and lake.place.startswith("s3://"):
        return True
    try:
        for table in PUBLISH_ORDER:
            with lake.fetch_made(FOLDED, fold_id, file_name(table)) as path:
                _check(path, is_thorough=is_thorough)
    except LakeDamaged:
        return False
    return True


def _check(path: Path, *, is_thorough: bool) -> None:
    with parquet_file(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups if is_thorough else 0):
            file.read_row_group(group, use_threads=False)


def retire_fold(lake: Lake, fold_id: str, now: datetime) -> None:
    """Have later publications do without it."""
    with lake.staging() as folder:
        (folder / _RETIRED).write_text(now.isoformat())
        lake.publish_made(FOLDED, fold_id, folder)


def retired_at(lake: Lake, fold_id: str) -> datetime | None:
    """Since when a retired fold is; None where its file says nothing that can be read.

    Raises:
        LakeError: it is not there, or the lake does not answer.
    """
    with lake.fetch_made(FOLDED, fold_id, _RETIRED) as path:
        said = path.read_bytes()
    try:
        since = datetime.fromisoformat(said.decode())
    except ValueError:
        return None
    return since if since.tzinfo else None
