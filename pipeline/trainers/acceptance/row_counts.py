"""Counts the rows that have findings of given codes, in one pass and in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline.dataset.model.bit_flags import Integers

FIRST_ROWS = 5
_BATCH_ROWS = 65_536


@dataclass(slots=True)
class RowCount:
    """How many rows, and the first of them."""

    count: int = 0
    first: tuple[int, ...] = ()
    last: int = 0  # rows count from 1

    def add(self, rows: Integers) -> None:
        """Count further rows, in order and perhaps repeated."""
        if len(rows) == 0:
            return
        fresh = rows[np.flatnonzero(np.diff(rows, prepend=self.last))]
        self.count += len(fresh)
        self.first += tuple(fresh[: FIRST_ROWS - len(self.first)].tolist())
        self.last = int(rows[-1])


def count_rows(path: Path, groups: Iterable[frozenset[str]]) -> dict[frozenset[str], RowCount]:
    """For each group of codes, the distinct rows with a finding of any of them.

    path: Parquet with `row` and `code` in row order.
    """
    counts = {group: RowCount() for group in groups}
    with pq.ParquetFile(path, read_dictionary=["code"]) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=["row", "code"]):
            rows = batch["row"].to_numpy()
            codes = batch["code"].dictionary.to_pylist()
            places = batch["code"].indices.to_numpy()
            for group, count in counts.items():
                is_member = np.array([code in group for code in codes], dtype=np.bool_)
                if is_member.any():
                    count.add(rows[is_member[places]])
    return counts
