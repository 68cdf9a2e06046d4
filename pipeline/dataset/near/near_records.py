"""Reads fixed-size records of several files as one long array that never is in memory as a whole."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers

_CHUNK_RECORDS = 4_096
_NEXT_RECORDS = 512  # so far apart, records are read by themselves: what lies between takes longer


class Records:
    """The records of files, one file after the other; a row is a place among all of them."""

    def __init__(self, paths: Sequence[Path], dtype: np.dtype[np.void]) -> None:
        self._paths = paths
        self._dtype = dtype
        self._counts = [path.stat().st_size // dtype.itemsize for path in paths]

    def __len__(self) -> int:
        return sum(self._counts)

    def chunks(self, wanted: Flags | None = None) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
        """All records in order, some at a time, each time with the row of the first.

        wanted: a flag for each record; chunks without any that is wanted are left out.
        """
        first = 0
        for path, count in zip(self._paths, self._counts, strict=True):
            with path.open("rb") as stream:
                for begin in range(0, count, _CHUNK_RECORDS):
                    size = min(_CHUNK_RECORDS, count - begin)
                    if wanted is None or wanted[first : first + size].any():
                        stream.seek(begin * self._dtype.itemsize)
                        yield first, self._read(stream, size)
                    first += size

    def take(self, rows: Integers) -> npt.NDArray[np.void]:
        """The records of the rows; rows: ascending."""
        taken, end = [np.empty(0, dtype=self._dtype)], 0
        for path, count in zip(self._paths, self._counts, strict=True):
            first, end = end, end + count
            wanted = rows[np.searchsorted(rows, first) : np.searchsorted(rows, end)] - first
            is_cut = (np.diff(wanted // _CHUNK_RECORDS) > 0) | (np.diff(wanted) > _NEXT_RECORDS)
            with path.open("rb", buffering=0) as stream:
                for near in np.split(wanted, np.flatnonzero(is_cut) + 1) if len(wanted) else []:
                    begin = int(near[0])
                    stream.seek(begin * self._dtype.itemsize)
                    taken.append(self._read(stream, int(near[-1]) + 1 - begin)[near - begin])
        return np.concatenate(taken)

    def _read(self, stream: IO[bytes], count: int) -> npt.NDArray[np.void]:
        return np.frombuffer(stream.read(count * self._dtype.itemsize), dtype=self._dtype)
