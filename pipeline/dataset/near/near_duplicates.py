"""Finds nearly equal conversations of a whole file, and joins them into clusters.

Conversations are compared when they agree in a band of their signatures; each is compared with the first and the
next before it that share the band, so a million alike take no longer than a million unlike would. The signatures stay
on disk; in memory are 40 bytes a conversation, up to 140 where all are near-duplicates.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.forest import Forest
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.signatures import BANDS, SIGNATURE, agreements, agreements_at, jaccard

CODE = "near-duplicate-conversation"
THRESHOLD = 0.8
# The estimate scatters by about 0.02. Asked for a little less, it finds 99 % of the pairs at the threshold, all above
# 0.85, and 3 % of those at 0.70 (tests/benchmarks/near_duplicates.py).
LEAST_AGREEMENTS = agreements_at(THRESHOLD - 0.05)
_PAIRS = 50_000  # compared at a time: about 30 MB

Pairs = tuple[Integers, Integers]  # the earlier rows and the later rows beside them


@dataclass(frozen=True, slots=True)
class Clusters:
    """Every conversation of a file, in order, with its cluster.

    rows: places in the file, lines: where they begin, int64. roots: the index of the first conversation of its cluster,
    int32. contents: 64 bits of the hash of its turns. turn_counts: uint32.
    """

    rows: Integers
    lines: Integers
    roots: npt.NDArray[np.int32]
    contents: npt.NDArray[np.uint64]
    turn_counts: npt.NDArray[np.uint32]

    @property
    def clusters(self) -> Integers:
        """Of each conversation, the smallest row of its cluster."""
        return self.rows[self.roots]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The conversations that nearly repeat an earlier one, by row; not those that repeat one exactly.

    rows, lines, offsets: where they are. firsts: the first row of the cluster; agreement_counts: of the two signatures.
    clusters: of all conversations, with the exact duplicates. cluster_count: those with a near-duplicate.
    """

    rows: Integers
    lines: Integers
    offsets: Integers
    firsts: Integers
    agreement_counts: Integers
    clusters: Clusters
    cluster_count: int

    @property
    def conversation_count(self) -> int:
        """Conversations that nearly repeat an earlier one."""
        return len(self.rows)

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({CODE: self.conversation_count})

    def findings(self, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order. row_name: what a row is called."""
        found = zip(self.rows, self.lines, self.offsets, self.firsts, self.agreement_counts, strict=True)
        for row, line, offset, first, agreement_count in islice(found, MAX_LISTED):
            between = "" if agreement_count >= LEAST_AGREEMENTS else f", by way of {row_name}s between"
            detail = (
                f"expected new turns, found nearly those of {row_name} {first} "
                f"(estimated Jaccard similarity {jaccard(int(agreement_count)):.2f}{between})"
            )
            yield Finding(int(line), int(offset), CODE, "$", detail, int(row))


def find_near_duplicates(spills: Sequence[Path]) -> NearDuplicates:
    """All near-duplicates. spills: files of signatures; within and across them in row order."""
    records = Records(spills, SIGNATURE)
    rows, lines = np.empty((2, len(records)), dtype=np.int64)
    contents = np.empty(len(records), dtype=np.uint64)
    turn_counts = np.empty(len(records), dtype=np.uint32)
    is_single = np.empty(len(records), dtype=np.bool_)
    for first, chunk in records.chunks():
        of_chunk = slice(first, first + len(chunk))
        rows[of_chunk], lines[of_chunk] = chunk["row"], chunk["line"]
        contents[of_chunk], turn_counts[of_chunk] = chunk["content"], chunk["turn_count"]
        is_single[of_chunk] = chunk["is_single"]
    forest = Forest(len(records))
    firsts, repeats = _exact_repeats(contents)
    forest.join(firsts, repeats)
    is_new = np.ones(len(records), dtype=np.bool_)
    is_new[repeats] = False
    for band in range(BANDS):
        is_asked = is_new & ~is_single if band else is_new  # of one shingle all bands say the same
        for pairs in _candidates(records, band, is_asked):
            _join_alike(records, forest, pairs)
    roots = forest.all_roots()
    near = np.flatnonzero(is_new & (roots != np.arange(len(roots))))
    offsets, agreement_counts = _compare_with_first(records, near, roots)
    clusters = Clusters(rows, lines, roots, contents, turn_counts)
    count = len(np.unique(roots[near]))
    return NearDuplicates(rows[near], lines[near], offsets, rows[roots[near]], agreement_counts, clusters, count)


def _exact_repeats(contents: npt.NDArray[np.uint64]) -> Pairs:
    """Pairs of first rows and rows that repeat them."""
    order = np.argsort(contents, kind="stable")
    return _first_and_next(order, contents[order])[0]


def _first_and_next(rows: Integers, keys: npt.NDArray[np.uint64]) -> tuple[Pairs, Pairs]:
    """Each row that shares its key with an earlier one, with the first such row; and with the next before it.

    rows: beside their keys, which ascend; ascending where keys are equal.
    """
    tied = np.flatnonzero(keys[1:] == keys[:-1])
    is_first = np.diff(tied, prepend=-2) != 1
    firsts = tied[is_first][np.cumsum(is_first) - 1]
    return (rows[firsts], rows[tied + 1]), (rows[tied[~is_first]], rows[tied[~is_first] + 1])


def _candidates(records: Records, band: int, is_new: Flags) -> tuple[Pairs, Pairs]:
    """Pairs that agree in the band. Its key and the row are one number, so sorting needs no second array."""
    keyed = np.empty(int(is_new.sum()), dtype=np.uint64)
    done = 0
    for first, chunk in records.chunks(is_new):
        rows = np.flatnonzero(is_new[first : first + len(chunk)])
        keys = chunk["bands"][rows, band].astype(np.uint64)
        keyed[done : done + len(rows)] = (keys << np.uint64(32)) | (rows + first).astype(np.uint64)
        done += len(rows)
    keyed.sort()
    return _first_and_next((keyed & np.uint64(2**32 - 1)).astype(np.int64), keyed >> np.uint64(32))


def _join_alike(records: Records, forest: Forest, pairs: Pairs) -> None:
    """Join the pairs whose signatures agree enough, without a look at those that are together already."""
    for begin in range(0, len(pairs[0]), _PAIRS):
        earlier, later = (rows[begin : begin + _PAIRS] for rows in pairs)
        are_apart = forest.are_apart(earlier, later)
        earlier, later = earlier[are_apart], later[are_apart]
        if len(earlier):
            is_alike = _agreements(records, earlier, later) >= LEAST_AGREEMENTS
            forest.join(earlier[is_alike], later[is_alike])


def _agreements(records: Records, earlier: Integers, later: Integers) -> Integers:
    rows = np.unique(np.concatenate([earlier, later]))
    bands = records.take(rows)["bands"]
    return agreements(bands[np.searchsorted(rows, earlier)], bands[np.searchsorted(rows, later)])


def _compare_with_first(records: Records, near: Integers, roots: npt.NDArray[np.int32]) -> Pairs:
    """Offsets of the rows, and in how much each agrees with the first row of its cluster."""
    offsets, counts = np.empty(len(near), dtype=np.int64), np.empty(len(near), dtype=np.int64)
    for begin in range(0, len(near), _PAIRS):
        rows = near[begin : begin + _PAIRS]
        offsets[begin : begin + _PAIRS] = records.take(rows)["offset"]
        counts[begin : begin + _PAIRS] = _agreements(records, roots[rows].astype(np.int64), rows)
    return offsets, counts
