"""Finds nearly equal conversations of a whole file, and joins them into clusters.

Conversations are compared when they agree in a band of their signatures; each is compared with the first and the
next before it that share the band, so a million alike take no longer than a million unlike would. The signatures stay
on disk; in memory are about 70 bytes a conversation.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.forest import Forest
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.shares import are_different
from pipeline.dataset.near.signatures import (
    BANDS,
    SIGNATURE,
    SIGNED,
    SIGNED_BANDS,
    SINGLE,
    agreements,
    agreements_at,
    bands_of,
    jaccard,
)
from pipeline.dataset.near.sketches import BINS

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

    rows, lines, offsets: where the first MAX_LISTED are. firsts: the first row of the cluster; agreement_counts: of the
    two signatures. clusters: of all conversations, with the exact duplicates. conversation_count: of near-duplicates;
    cluster_count: of clusters with one.
    """

    rows: Integers
    lines: Integers
    offsets: Integers
    firsts: Integers
    agreement_counts: Integers
    clusters: Clusters
    conversation_count: int
    cluster_count: int

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({CODE: self.conversation_count})

    def findings(self, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order. row_name: what a row is called."""
        found = zip(self.rows, self.lines, self.offsets, self.firsts, self.agreement_counts, strict=True)
        for row, line, offset, first, agreement_count in found:
            between = "" if agreement_count >= LEAST_AGREEMENTS else f", by way of {row_name}s between"
            likeness = f"(estimated Jaccard similarity {jaccard(int(agreement_count)):.2f}{between})"
            said = Mismatch("new turns", "nearly those", f"of {row_name} {first} {likeness}")
            yield Finding(int(line), int(offset), CODE, "$", said, int(row))


def find_near_duplicates(spills: Sequence[Path]) -> NearDuplicates:
    """All near-duplicates.

    spills: files of signatures, with their bands beside them (`bands_of`); within and across them in row order.
    """
    records, bands = Records(spills, SIGNATURE), Records(list(map(bands_of, spills)), SIGNED_BANDS)
    rows, lines = np.empty((2, len(records)), dtype=np.int64)
    contents = np.empty(len(records), dtype=np.uint64)
    turn_counts = np.empty(len(records), dtype=np.uint32)
    kinds = np.empty(len(records), dtype=np.uint8)
    of_singles = [np.empty(0, dtype=np.uint64)]
    for first, chunk in records.chunks():
        of_chunk = slice(first, first + len(chunk))
        rows[of_chunk], lines[of_chunk] = chunk["row"], chunk["line"]
        contents[of_chunk], turn_counts[of_chunk] = chunk["content"], chunk["turn_count"]
        kinds[of_chunk] = chunk["kind"]
        of_singles.append(chunk["shingle"][chunk["kind"] == SINGLE])
    copied = _first_of_equal(contents)
    is_new = copied == np.arange(len(copied), dtype=np.int32)
    roots = np.arange(len(copied), dtype=np.int32)  # of new rows
    _join_singles(roots, is_new, kinds == SINGLE, np.concatenate(of_singles))
    signed = np.flatnonzero(kinds == SIGNED)
    roots[signed] = signed[_roots_by_bands(bands, is_new[signed])]
    near = np.flatnonzero(is_new & (roots != np.arange(len(roots), dtype=np.int32)))
    listed = near[:MAX_LISTED]
    first_rows = roots[listed]
    agreement_counts = _compare_with_first(bands, signed, listed, first_rows)
    is_cluster = np.zeros(len(roots), dtype=np.bool_)
    is_cluster[roots[near]] = True
    return NearDuplicates(
        rows=rows[listed],
        lines=lines[listed],
        offsets=records.take(listed)["offset"],
        firsts=rows[first_rows],
        agreement_counts=agreement_counts,
        clusters=Clusters(rows, lines, roots[copied], contents, turn_counts),
        conversation_count=len(near),
        cluster_count=int(is_cluster.sum()),
    )


def _first_of_equal(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
    """Of each key, the index of the first that equals it."""
    if are_different(keys):  # half of the time of putting them in order
        return np.arange(len(keys), dtype=np.int32)
    order = np.argsort(keys, kind="stable").astype(np.int32)
    ordered = keys[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    firsts = np.empty(len(keys), dtype=np.int32)
    firsts[order] = np.repeat(order[starts], np.diff(starts, append=len(keys)))
    return firsts


def _join_singles(
    roots: npt.NDArray[np.int32], is_new: Flags, is_single: Flags, of_singles: npt.NDArray[np.uint64]
) -> None:
    """Join rows of one shingle that have the same: such a row is like no other. of_singles: the shingle of each."""
    chosen = is_new[is_single]
    singles = np.flatnonzero(is_single & is_new).astype(np.int32)
    roots[singles] = singles[_first_of_equal(of_singles[chosen])]


def _roots_by_bands(bands: Records, is_asked: Flags) -> npt.NDArray[np.int32]:
    """Of each signed row, the first of those that it is nearly alike, by way of others or not."""
    forest = Forest(len(bands))
    for band in range(BANDS):
        for pairs in _candidates(bands, band, is_asked):
            _join_alike(bands, forest, pairs)
    return forest.all_roots()


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
    rows = np.sort(np.concatenate([earlier, later]))
    rows = rows[np.diff(rows, prepend=-1) > 0]
    bands = records.take(rows)["bands"]
    return agreements(bands[np.searchsorted(rows, earlier)], bands[np.searchsorted(rows, later)])


def _compare_with_first(
    bands: Records, signed: Integers, rows: Integers, firsts: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """In how much each row agrees with the first of its cluster: those of one shingle in all."""
    counts = np.full(len(rows), BINS)
    numbers = np.searchsorted(signed, rows)
    has_bands = np.append(signed, -1)[numbers] == rows
    for some in np.array_split(np.flatnonzero(has_bands), -(-len(rows) // _PAIRS) or 1):
        counts[some] = _agreements(bands, np.searchsorted(signed, firsts[some]), numbers[some])
    return counts
