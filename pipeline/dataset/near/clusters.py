"""The conversations of a file with their clusters. What is known of each stays on disk; in memory is 4 bytes a row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.near_records import Records

_MOST_IN_32_BITS = 2**31 - 1
_AT_ONCE = 2**18

Indexes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some conversations of a file, by which arrays go that are to be no longer than that: nearly all may be copies."""

    indexes: Indexes | None
    """Ascending; None where they are all."""
    count: int

    @classmethod
    def that_are_firsts(cls, firsts: Indexes) -> "Chosen":
        """Those that are the first of their kind. firsts: of each conversation the first of its kind."""
        begins = range(0, len(firsts), _AT_ONCE)
        flags = (are_firsts(firsts[begin : begin + _AT_ONCE], begin) for begin in begins)
        if all(map(np.all, flags)):
            return cls(None, len(firsts))
        flags = (are_firsts(firsts[begin : begin + _AT_ONCE], begin) for begin in begins)
        found = [
            np.flatnonzero(some).astype(np.int32) + np.int32(begin) for begin, some in zip(begins, flags, strict=True)
        ]
        return cls(np.concatenate(found), sum(map(len, found)))

    def at(self, places: Integers | Indexes) -> Integers:
        """The conversations at these places among the chosen."""
        indexes: Integers = (places if self.indexes is None else self.indexes[places]).astype(np.int64)
        return indexes

    def places(self, indexes: Integers | Indexes) -> Integers | Indexes:
        """Where these are among the chosen, as they must be."""
        return indexes if self.indexes is None else np.searchsorted(self.indexes, indexes)


def are_firsts(firsts: Indexes, begin: int) -> Flags:
    """Of some conversations from one on, whether each is the first of its kind."""
    flags: Flags = firsts == np.arange(begin, begin + len(firsts), dtype=np.int32)
    return flags


@dataclass(frozen=True, slots=True)
class Clusters:
    """Every conversation of a file, in order, with its cluster."""

    records: Records
    """Of dtype SIGNATURE, one each."""
    roots: Indexes
    """The index of the first conversation of its cluster, int32."""

    @property
    def rows(self) -> Integers:
        """Of each conversation, its place in the file; read from disk."""
        return self.rows_of(Chosen(None, len(self.roots))).astype(np.int64)

    @property
    def clusters(self) -> Integers:
        """Of each conversation, the smallest row of its cluster; read from disk."""
        return self.rows[self.roots]

    def rows_of(self, chosen: Chosen) -> Indexes | Integers:
        """The places of some conversations in the file; read from disk. int32 where that holds them all."""
        rows: Indexes | Integers = np.empty(chosen.count, dtype=np.int32)
        for first, chunk in self.records.chunks():
            begin, end = chosen.places(np.array([first, first + len(chunk)], dtype=np.int32)).tolist()
            if chunk["row"][-1] > _MOST_IN_32_BITS and rows.dtype == np.int32:
                rows = rows.astype(np.int64)
            some = slice(None) if chosen.indexes is None else chosen.indexes[begin:end] - first
            rows[begin:end] = chunk["row"][some]
        return rows
