"""The conversations of a file with their clusters. What is known of each stays on disk; in memory is 4 bytes a row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.near.near_records import Records


@dataclass(frozen=True, slots=True)
class Clusters:
    """Every conversation of a file, in order, with its cluster."""

    records: Records
    """Of dtype SIGNATURE, one each."""
    roots: npt.NDArray[np.int32]
    """The index of the first conversation of its cluster, int32."""

    @property
    def rows(self) -> Integers:
        """Of each conversation, its place in the file; read from disk."""
        rows = np.empty(len(self.records), dtype=np.int64)
        for first, chunk in self.records.chunks():
            rows[first : first + len(chunk)] = chunk["row"]
        return rows

    @property
    def clusters(self) -> Integers:
        """Of each conversation, the smallest row of its cluster; read from disk."""
        return self.rows[self.roots]
