"""Finds repeated ids and repeated conversations of a whole file, in bounded memory.

While the file is read, each accepted row leaves a fixed-size fingerprint on disk; afterwards the fingerprints are
read back one share of the hash space at a time, so memory does not grow with the file.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import NATIVE_LAYOUT, Layout
from pipeline.dataset.model.xxh3 import Hashes, xxh3_128
from pipeline.dataset.near.shares import Found, found_in, grouped, joined, shares, taken
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.turn_hashes import hash_surroundings, hash_turns, text_hashes
from pipeline.dataset.rules.mismatch import Mismatch

# 128-bit hashes: a collision among a billion conversations has a probability of about 1e-21.
FINGERPRINT = np.dtype([("id", "<u8", 2), ("turns", "<u8", 2), ("row", "<i8"), ("line", "<i8"), ("offset", "<i8")])
SHARE_RECORDS = 100_000  # fingerprints held at a time, about 6 MB

Fingerprints = npt.NDArray[np.void]


def fingerprints(columns: Columns) -> Fingerprints:
    """One record for each conversation, in order. The turns' hash covers roles and contents, not the id."""
    records = np.empty(len(columns.ids), dtype=FINGERPRINT)
    records["id"] = _id_hashes(columns.ids)
    records["turns"] = columns.of_rows(_hashes_of_turns)
    records["row"] = columns.rows
    records["line"] = columns.lines
    records["offset"] = columns.offsets
    return records


def _hashes_of_turns(columns: Columns) -> Hashes:
    return hash_turns(columns, columns.turn_starts[:-1], columns.turn_starts[1:], _extra_hashes(columns))


def _id_hashes(ids: pa.StringArray) -> Hashes:
    _, starts, text = ids.buffers()
    places = np.frombuffer(starts, dtype=np.int32, count=len(ids) + 1).astype(np.int64)
    return xxh3_128(np.frombuffer(text or b"", dtype=np.uint8), places[:-1], places[1:])


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
    if extras.reasoning is not None:
        said ^= text_hashes(extras.reasoning)
    return said


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The repeated rows of a file, each with the first row that it repeats."""

    by_id: Found = Found()
    """Whose id an earlier row had."""
    by_turns: Found = Found()
    """Whose turns an earlier row had, whatever the id."""

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({"duplicate-conversation-id": self.id_count, "duplicate-conversation": self.turns_count})

    @property
    def id_count(self) -> int:
        """Rows whose conversation_id an earlier row had."""
        return self.by_id.count

    @property
    def turns_count(self) -> int:
        """Rows whose turns an earlier row had."""
        return self.by_turns.count

    def findings(self, layout: Layout = NATIVE_LAYOUT, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order.

        layout: where the format keeps ids and turns. row_name: what a row is called.
        """
        ids = (
            _repeat(each, "duplicate-conversation-id", layout.identity, "an id of its own", "the id", row_name)
            for each in self.by_id.listed
        )
        turns = (
            _repeat(each, "duplicate-conversation", layout.turns, "new turns", "the turns", row_name)
            for each in self.by_turns.listed
        )
        return heapq.merge(ids, turns, key=lambda finding: finding.sort_key)


def _repeat(repeated: Integers, code: str, path: str, expected: str, found: str, row_name: str) -> Finding:
    row, line, offset, first_row = repeated.tolist()
    return Finding(line, offset, code, path, Mismatch(expected, found, f"of {row_name} {first_row}"), row)


def find_duplicates(spills: Sequence[Path]) -> Duplicates:
    """All repeated rows, as many of them listed as are told of. spills: see `find_repeats`."""
    return Duplicates(find_repeats(spills, "id", MAX_LISTED), find_repeats(spills, "turns", MAX_LISTED))


def find_repeats(spills: Sequence[Path], key: Literal["id", "turns"], limit: int | None) -> Found:
    """All rows that repeat the id or the turns of an earlier row.

    spills: files of fingerprints; within and across them in row order. limit: how many are listed; without one, all.

    Raises:
        LakeError: the disk is full.
    """
    return joined(_repeats(spills, key, limit), limit)


def _repeats(spills: Sequence[Path], key: str, limit: int | None) -> Iterator[Found]:
    for share in shares(spills, FINGERPRINT, key, SHARE_RECORDS):
        firsts = np.empty(0, dtype=FINGERPRINT)  # one of each hash in the share, whatever there is of each
        for records in share:
            repeats, firsts = _repeats_among(np.concatenate([firsts, records]), key, limit)
            yield repeats


def _repeats_among(records: Fingerprints, key: str, limit: int | None) -> tuple[Found, Fingerprints]:
    """The records that repeat an earlier one, and the others."""
    order, is_first = grouped(records, key)
    if is_first.all():
        return Found(), records
    firsts = order[is_first]
    repeated = firsts[np.cumsum(is_first) - 1]
    return found_in(records, order[~is_first], repeated[~is_first], limit), taken(records, firsts)
