"""The conversations of a file with their clusters. What is known of each stays on disk; in memory is 4 bytes a row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.near.near_records import Records

_MOST_IN_32_BITS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Clusters:
    """Every conversation of a file, in order, with its cluster."""

    records: Records
    """Of dtype SIGNATURE, one each."""
    roots: npt.NDArray[np.int32]
    """The index of the first conversation of its cluster, int32."""

    @property
    def rows(self) -> npt.NDArray[np.int32] | Integers:
        """Of each conversation, its place in the file; read from disk. int32 where that holds them all."""
        rows: npt.NDArray[np.int32] | Integers = np.empty(len(self.records), dtype=np.int32)
        for first, chunk in self.records.chunks():
            if chunk["row"][-1] > _MOST_IN_32_BITS and rows.dtype == np.int32:
                rows = rows.astype(np.int64)
            rows[first : first + len(chunk)] = chunk["row"]
        return rows

    @property
    def clusters(self) -> Integers:
        """Of each conversation, the smallest row of its cluster; read from disk."""
        return self.rows[self.roots].astype(np.int64)
