"""What a dataset's split is, as training jobs are made from it: counts, that nothing leaks, and a fingerprint.

How conversations are split is decided in `dataset/profiles/splits.py`; here the result is read back from the lake.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.profiles.splits import VALIDATION
from pipeline.errors import LakeError
from pipeline.state.lake import Lake
from pipeline.state.lake.older_files import row_column
from pipeline.state.lake.parquet_files import ANEW, parquet_file
from pipeline.trainers.dataset_rows import DatasetRows, dataset_rows


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """The split of one dataset version."""

    train_conversations: int
    validation_conversations: int
    clusters: int
    leaking_clusters: int
    """Groups of near-duplicates on both sides."""
    fingerprint: str
    """Of what every accepted conversation says and of what it is learned from, in file order, and of its side; other
    rows or another split give another one."""


def read_split(lake: Lake, dataset_id: str) -> SplitFacts:
    """Read a dataset's split.

    Raises:
        LakeError: the lake does not have the dataset, or its tables do not belong together.
    """
    with dataset_rows(lake, dataset_id) as tables:
        return split_of(tables, dataset_id)


def split_of(tables: DatasetRows, dataset_id: str) -> SplitFacts:
    """The split of these tables; without one (see LORA_NEAR_DUPLICATES) every conversation is for training.

    Raises:
        LakeError: they do not belong together, or are damaged.
    """
    rows, conversations = _read(tables.conversations, ["turns_hash"])
    with parquet_file(tables.turns, ANEW) as file:  # `read_table` makes a dataset of it first: as long again
        turns = file.read(["is_supervised", "weight"])
    rows_of_splits, splits = _read(tables.splits, ["split", "cluster"])
    if splits.num_rows and not rows_of_splits.equals(rows):
        raise LakeError(f"expected a side for each conversation of {dataset_id}; {ANEW}")
    is_validation = _is_validation(splits) if splits.num_rows else np.zeros(conversations.num_rows, dtype=np.bool_)
    clusters = splits["cluster"].to_numpy()
    validation = np.unique(clusters[is_validation]) if splits.num_rows else clusters
    train = np.unique(clusters[~is_validation]) if splits.num_rows else clusters
    return SplitFacts(
        train_conversations=int((~is_validation).sum()),
        validation_conversations=int(is_validation.sum()),
        clusters=len(np.union1d(train, validation)),
        leaking_clusters=len(np.intersect1d(train, validation)),
        fingerprint=_fingerprint(conversations, turns, is_validation),
    )


def _read(path: Path, columns: list[str]) -> tuple[pa.ChunkedArray, pa.Table]:
    """The places of the rows, and some columns."""
    with parquet_file(path, ANEW) as file:
        row = row_column(file)
        table = file.read([row, *columns])
    return table[row], table


def _is_validation(splits: pa.Table) -> Flags:
    sides: Any = splits["split"].to_numpy()
    flags: Flags = np.asarray(sides == VALIDATION, dtype=np.bool_)
    return flags


def _fingerprint(conversations: pa.Table, turns: pa.Table, is_validation: Flags) -> str:
    weights = turns["weight"].fill_null(-1.0).to_numpy()  # no weight is negative
    digest = hashlib.sha256()
    for part in (
        b"".join(conversations["turns_hash"].to_pylist()),
        turns["is_supervised"].to_numpy().astype(np.uint8).tobytes(),
        weights.astype("<f8").tobytes(),
        is_validation.astype(np.uint8).tobytes(),
    ):
        digest.update(len(part).to_bytes(8, "little"))  # keeps the parts apart
        digest.update(part)
    return digest.hexdigest()
