"""Finds repeated ids and repeated conversations of a whole file, in bounded memory.

While the file is read, each accepted row leaves a fixed-size fingerprint on disk; afterwards the fingerprints are
read back one share of the hash space at a time, so memory does not grow with the file.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import NATIVE_LAYOUT, Layout
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.turn_hashes import as_words, hash_surroundings, hash_turns, text_hashes

# 128-bit hashes: a collision among a billion conversations has a probability of about 1e-21.
FINGERPRINT = np.dtype([("id", "<u8", 2), ("turns", "<u8", 2), ("row", "<i8"), ("line", "<i8"), ("offset", "<i8")])
SHARE_RECORDS = 100_000  # fingerprints held at a time, about 6 MB
_READ_RECORDS = 50_000

Fingerprints = npt.NDArray[np.void]


def fingerprints(columns: Columns) -> Fingerprints:
    """One record for each conversation, in order. The turns' hash covers roles and contents, not the id."""
    records = np.empty(len(columns.ids), dtype=FINGERPRINT)
    hash_128 = xxhash.xxh3_128_digest
    records["id"] = as_words([hash_128(identity.encode()) for identity in columns.ids])
    records["turns"] = hash_turns(columns, columns.turn_starts[:-1], columns.turn_starts[1:], _extra_hashes(columns))
    records["row"] = columns.rows
    records["line"] = columns.lines
    records["offset"] = columns.offsets
    return records


def _extra_hashes(columns: Columns) -> npt.NDArray[np.uint64]:
    """Hash of what a turn says beside its text.

    Its calls, its place among alternatives, the label of its answer, and what stands beside the words of a prompt.
    """
    said = columns.branches.astype(np.uint64) ^ hash_surroundings(columns)
    extras = columns.extras
    if extras.labels is not None:
        labels = [0 if label is None else 4 + 4 * label for label in extras.labels]
        said ^= np.repeat(np.array(labels, dtype=np.uint64), columns.turn_counts)
    if extras.tool_calls is not None:
        said ^= text_hashes(extras.tool_calls)
    return said


class Duplicates:
    """The repeated rows of a file: for each, its row, line, offset and the first row that it repeats; by row."""

    def __init__(self, by_id: Integers, by_turns: Integers) -> None:
        self._by_id = by_id
        self._by_turns = by_turns

    @classmethod
    def none(cls) -> "Duplicates":
        """No repeated row."""
        empty = np.empty((0, 4), dtype=np.int64)
        return cls(empty, empty)

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({"duplicate-conversation-id": self.id_count, "duplicate-conversation": self.turns_count})

    @property
    def id_count(self) -> int:
        """Rows whose conversation_id an earlier row had."""
        return len(self._by_id)

    @property
    def turns_count(self) -> int:
        """Rows whose turns an earlier row had, whatever the id."""
        return len(self._by_turns)

    def findings(self, layout: Layout = NATIVE_LAYOUT, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order.

        layout: where the format keeps ids and turns. row_name: what a row is called.
        """
        ids = (
            _repeat(each, "duplicate-conversation-id", layout.identity, f"an id of its own, found the id of {row_name}")
            for each in self._by_id[:MAX_LISTED]
        )
        turns = (
            _repeat(each, "duplicate-conversation", layout.turns, f"new turns, found the turns of {row_name}")
            for each in self._by_turns[:MAX_LISTED]
        )
        return heapq.merge(ids, turns, key=lambda finding: finding.sort_key)


def _repeat(repeated: Integers, code: str, path: str, what: str) -> Finding:
    row, line, offset, first_row = repeated.tolist()
    return Finding(line, offset, code, path, f"expected {what} {first_row}", row)


def find_duplicates(spills: Sequence[Path]) -> Duplicates:
    """All repeated rows. spills: files of fingerprints; within and across them in row order."""
    return Duplicates(_repeats(spills, "id"), _repeats(spills, "turns"))


def _repeats(spills: Sequence[Path], key: str) -> Integers:
    record_count = sum(path.stat().st_size for path in spills) // FINGERPRINT.itemsize
    shares = max(1, -(-record_count // SHARE_RECORDS))
    found = [_repeats_among(_share(spills, key, share, shares), key) for share in range(shares)]
    rows = np.concatenate(found)
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _share(spills: Sequence[Path], key: str, share: int, shares: int) -> Fingerprints:
    """The fingerprints whose hash falls into one share of the hash space, in row order."""
    kept = []
    for path in spills:
        with path.open("rb") as stream:
            while len(records := _read(stream)):
                kept.append(records if shares == 1 else records[records[key][:, 0] % np.uint64(shares) == share])
    return np.concatenate(kept) if kept else np.empty(0, dtype=FINGERPRINT)


def _read(stream: BinaryIO) -> Fingerprints:
    return np.frombuffer(stream.read(_READ_RECORDS * FINGERPRINT.itemsize), dtype=FINGERPRINT)


def _repeats_among(records: Fingerprints, key: str) -> Integers:
    """The row, line, offset and first row of each record that repeats an earlier one."""
    high, low = records[key][:, 0], records[key][:, 1]
    order = np.argsort(high, kind="stable")
    tied = np.flatnonzero(high[order][1:] == high[order][:-1])
    if len(tied) == 0:
        return np.empty((0, 4), dtype=np.int64)
    candidates = np.unique(np.concatenate([order[tied], order[tied + 1]]))
    ranked = candidates[np.lexsort((candidates, low[candidates], high[candidates]))]
    is_new = np.ones(len(ranked), dtype=np.bool_)
    is_new[1:] = (high[ranked][1:] != high[ranked][:-1]) | (low[ranked][1:] != low[ranked][:-1])
    firsts = ranked[np.flatnonzero(is_new)[np.cumsum(is_new) - 1]]
    repeats = ~is_new
    again = records[ranked[repeats]]
    return np.stack([again["row"], again["line"], again["offset"], records["row"][firsts[repeats]]], axis=1)
