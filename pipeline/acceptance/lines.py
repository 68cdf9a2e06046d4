"""Counts the lines that findings of given codes stand on, in one pass and in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline.conversations.flags import Integers

FIRST_LINES = 5
_BATCH_ROWS = 65_536


@dataclass(slots=True)
class LineCount:
    """How many lines, and the first of them."""

    count: int = 0
    first: tuple[int, ...] = ()
    last: int = 0  # lines count from 1

    def add(self, lines: Integers) -> None:
        """Count further lines, in order and perhaps repeated."""
        if len(lines) == 0:
            return
        fresh = lines[np.flatnonzero(np.diff(lines, prepend=self.last))]
        self.count += len(fresh)
        self.first += tuple(fresh[: FIRST_LINES - len(self.first)].tolist())
        self.last = int(lines[-1])


def count_lines(path: Path, groups: Iterable[frozenset[str]]) -> dict[frozenset[str], LineCount]:
    """For each group of codes, the distinct lines with a finding of any of them.

    path: Parquet with `line` and `code` in line order.
    """
    counts = {group: LineCount() for group in groups}
    with pq.ParquetFile(path, read_dictionary=["code"]) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=["line", "code"]):
            lines = batch["line"].to_numpy()
            codes = batch["code"].dictionary.to_pylist()
            places = batch["code"].indices.to_numpy()
            for group, count in counts.items():
                is_member = np.array([code in group for code in codes], dtype=np.bool_)
                if is_member.any():
                    count.add(lines[is_member[places]])
    return counts
