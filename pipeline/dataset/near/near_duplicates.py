"""Finds nearly equal conversations of a whole file, and joins them into clusters.

Which are compared is the choice of `candidates.py`, which are alike is found by `alike.py`. Signatures and all that is
known of a conversation stay on disk; in memory are about 20 bytes a conversation, and 4 afterwards; where all agree in
a band, 16 more.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.alike import (
    COMPARED_PAIRS,
    LEAST_AGREEMENTS,
    Firsts,
    agreements_of,
    roots_by_bands,
    taken_in_any_order,
)
from pipeline.dataset.near.clusters import Chosen, Clusters, are_firsts
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.shares import Array, are_different, handed_out
from pipeline.dataset.near.signatures import (
    SIGNATURE,
    SIGNED,
    SIGNED_BANDS,
    SINGLE,
    bands_of,
    jaccard,
)
from pipeline.dataset.near.sketches import BINS
from pipeline.dataset.rules.mismatch import Mismatch

CODE = "near-duplicate-conversation"
_SHARE_RECORDS = 2**18  # held at a time, about 15 MB
_HASHED = np.dtype([("hash", "<u8"), ("index", "<i8")])

FindRoots = Callable[[Flags], Firsts]
"""Of each signed conversation, given which are asked for, the first that it is nearly alike."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The conversations that nearly repeat an earlier one, by row; not those that repeat one exactly."""

    rows: Integers
    """Where the first MAX_LISTED are."""
    lines: Integers
    """Where the first MAX_LISTED are."""
    offsets: Integers
    """Where the first MAX_LISTED are."""
    firsts: Integers
    """The first row of the cluster."""
    agreement_counts: Integers
    """Of the two signatures."""
    clusters: Clusters
    """Of all conversations, with the exact duplicates."""
    conversation_count: int
    """Of near-duplicates."""
    cluster_count: int
    """Of clusters with one."""

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


def find_near_duplicates(spills: Sequence[Path], find_roots: FindRoots | None = None) -> NearDuplicates:
    """All near-duplicates.

    spills: files of signatures, with their bands beside them (`bands_of`); within and across them in row order.
    find_roots: looks through the bands, which is most of the work; by default `roots_by_bands`.
    """
    records, bands = Records(spills, SIGNATURE), Records(list(map(bands_of, spills)), SIGNED_BANDS)
    folder = spills[0].parent if spills else Path()
    copied = _firsts(_hashes(records, "content"), len(records), len(records), folder)
    new = Chosen.that_are_firsts(copied)
    is_single, signed = _kinds(records, copied)
    roots = _firsts(_hashes(records, "shingle", is_single, new), int(is_single.sum()), new.count, folder)
    is_asked = copied[signed] == signed
    of_signed = find_roots(is_asked) if find_roots else roots_by_bands(bands, is_asked, folder)
    roots[new.places(signed[is_asked])] = new.places(signed[of_signed[is_asked]])
    near = np.flatnonzero(roots != np.arange(len(roots), dtype=np.int32))
    listed, firsts = new.at(near[:MAX_LISTED]), new.at(roots[near[:MAX_LISTED]])
    is_cluster = np.zeros(len(roots), dtype=np.bool_)
    is_cluster[roots[near]] = True
    told = records.take(listed)
    return NearDuplicates(
        rows=told["row"],
        lines=told["line"],
        offsets=told["offset"],
        firsts=taken_in_any_order(records, firsts)["row"],
        agreement_counts=_compare_with_first(bands, signed, listed, firsts),
        clusters=Clusters(records, _followed(copied, new, roots)),
        conversation_count=len(near),
        cluster_count=int(is_cluster.sum()),
    )


def _kinds(records: Records, copied: Firsts) -> tuple[Flags, Firsts]:
    """Which new conversations have a single shingle, and where those that are signed are."""
    is_single, signed = np.empty(len(records), dtype=np.bool_), [np.empty(0, dtype=np.int32)]
    for first, chunk in records.chunks():
        of_chunk = slice(first, first + len(chunk))
        is_single[of_chunk] = (chunk["kind"] == SINGLE) & are_firsts(copied[of_chunk], first)
        signed.append((np.flatnonzero(chunk["kind"] == SIGNED) + first).astype(np.int32))
    return is_single, np.concatenate(signed)


def _followed(copied: Firsts, new: Chosen, roots: Firsts) -> Firsts:
    """The roots of those that rows copy, where these stood: no third array of all rows."""
    for first in range(0, len(copied), _SHARE_RECORDS):
        some = copied[first : first + _SHARE_RECORDS]
        some[:] = new.at(roots[new.places(some)])
    return copied


def _hashes(
    records: Records, field: str, is_asked: Flags | None = None, among: Chosen | None = None
) -> Iterator[Array]:
    """The field of each record that is asked for, and the record's index; among others, its place there."""
    for first, chunk in records.chunks(is_asked):
        asked: Integers = np.arange(len(chunk))
        if is_asked is not None:
            asked = np.flatnonzero(is_asked[first : first + len(chunk)])
        hashed = np.empty(len(asked), dtype=_HASHED)
        hashed["hash"] = chunk[field][asked]
        hashed["index"] = asked + first if among is None else among.places(asked + first)
        yield hashed


def _firsts(hashed: Iterator[Array], hash_count: int, count: int, folder: Path) -> Firsts:
    """Of each row, the first that has the same hash; itself where it has none. count: of rows."""
    firsts = np.arange(count, dtype=np.int32)
    for share in handed_out(hashed, lambda some: some["hash"], hash_count, _SHARE_RECORDS, folder):
        known = np.empty(0, dtype=_HASHED)  # the first of each hash: all records of a file may have the same one
        for some in _lots(share):
            held = np.concatenate([known, some])
            if are_different(held["hash"]):  # half of the time of putting them in order
                known = held
                continue
            order = np.argsort(held["hash"], kind="stable")
            ordered, indexes = held["hash"][order], held["index"][order]
            starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
            firsts[indexes] = np.repeat(indexes[starts], np.diff(starts, append=len(indexes)))
            known = held[order[starts]]
    return firsts


def _lots(arrays: Iterator[Array]) -> Iterator[Array]:
    """The records of arrays, about as many at a time as a share should have."""
    held: list[Array] = []
    for some in arrays:
        held.append(some)
        if sum(map(len, held)) >= _SHARE_RECORDS:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _compare_with_first(
    bands: Records, signed: npt.NDArray[np.int32], rows: Integers, firsts: Integers
) -> npt.NDArray[np.int64]:
    """In how much each row agrees with the first of its cluster: those of one shingle in all."""
    counts = np.full(len(rows), BINS)
    numbers = np.searchsorted(signed, rows)
    has_bands = np.append(signed, -1)[numbers] == rows
    for some in np.array_split(np.flatnonzero(has_bands), -(-len(rows) // COMPARED_PAIRS) or 1):
        counts[some] = agreements_of(bands, np.searchsorted(signed, firsts[some]), numbers[some])
    return counts
