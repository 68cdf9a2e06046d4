"""Finds prompts that a file answers in different ways, in bounded memory.

The prompt is everything before the last turn that is learned from, with the tools to choose from and the pictures that
are shown: asked with others, a question may well have another answer. Rejected and disliked answers teach nothing, so
they conflict with nothing. The records are compared one share of the hash space at a time, as in
`pipeline/dataset/profiles/duplicates.py`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.turn_hashes import hash_surroundings, hash_turns

CODE = "conflicting-answers"
# 128 bits of the prompt, 64 of the answer: equal answers must be told from others only within a prompt.
ANSWER = np.dtype([("prompt", "<u8", 2), ("answer", "<u8"), ("row", "<i8"), ("line", "<i8"), ("offset", "<i8")])
SHARE_RECORDS = 100_000  # held at a time, about 5 MB

Answers = npt.NDArray[np.void]


def answers(columns: Columns) -> Answers:
    """One record for each conversation that has a prompt and an answer, in order."""
    owners, turns = _last_learned(columns)
    firsts = columns.turn_starts[owners]
    records = np.empty(len(owners), dtype=ANSWER)
    records["prompt"] = hash_turns(columns, firsts, turns, hash_surroundings(columns))
    text, starts = memoryview(columns.text.data), columns.text_starts
    spans = zip(starts[turns].tolist(), starts[turns + 1].tolist(), strict=True)
    records["answer"] = [xxhash.xxh3_64_intdigest(text[from_:to]) for from_, to in spans]
    records["row"] = columns.rows[owners]
    records["line"] = columns.lines[owners]
    records["offset"] = columns.offsets[owners]
    return records


def _last_learned(columns: Columns) -> tuple[Integers, Integers]:
    """The conversations that have a turn before their last answer, and that answer."""
    learned = np.flatnonzero(columns.is_supervised & (columns.branches != Branch.REJECTED))
    owners = np.searchsorted(columns.turn_starts, learned, side="right") - 1
    if columns.extras.labels is not None:
        is_liked = np.array([label is not False for label in columns.extras.labels], dtype=np.bool_)[owners]
        learned, owners = learned[is_liked], owners[is_liked]
    is_last = np.diff(owners, append=-1) != 0
    learned, owners = learned[is_last], owners[is_last]
    has_prompt = learned > columns.turn_starts[owners]
    return owners[has_prompt], learned[has_prompt]


@dataclass(frozen=True, slots=True)
class ConflictingAnswers:
    """The rows that answer a prompt otherwise than an earlier row. found: row, line, offset, first such row; by row."""

    found: Integers

    @property
    def conversation_count(self) -> int:
        """Rows that answer otherwise than an earlier one."""
        return len(self.found)

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({CODE: self.conversation_count})

    def findings(self, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order. row_name: what a row is called."""
        for row, line, offset, first in self.found[:MAX_LISTED]:
            detail = f"expected one answer to a prompt, found the prompt of {row_name} {first} with another answer"
            yield Finding(int(line), int(offset), CODE, "$", detail, int(row))


def find_conflicting_answers(spills: Sequence[Path]) -> ConflictingAnswers:
    """All rows with such an answer. spills: files of answers; within and across them in row order."""
    records = Records(spills, ANSWER)
    shares = max(1, -(-len(records) // SHARE_RECORDS))
    found = np.concatenate([_conflicts_among(_share(records, share, shares)) for share in range(shares)])
    return ConflictingAnswers(found[np.argsort(found[:, 0], kind="stable")])


def _share(records: Records, share: int, shares: int) -> Answers:
    """The records whose prompt falls into one share of the hash space, in row order."""
    kept = [chunk[chunk["prompt"][:, 0] % np.uint64(shares) == share] for _, chunk in records.chunks()]
    return np.concatenate([np.empty(0, dtype=ANSWER), *kept])


def _conflicts_among(records: Answers) -> Integers:
    """The row, line, offset and first row of each record whose prompt was answered otherwise before."""
    high, low = records["prompt"][:, 0], records["prompt"][:, 1]
    order = np.lexsort((low, high))  # stable: in row order within a prompt
    high, low, answer = high[order], low[order], records["answer"][order]
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    starts = np.flatnonzero(is_new)
    group = np.cumsum(is_new) - 1
    is_other = answer != answer[starts[group]]
    # Who answers as the first does conflicts with the first that does not, once that one has been.
    others = np.flatnonzero(is_other)
    first_others = np.full(len(starts), len(order))
    np.minimum.at(first_others, group[others], others)
    at = np.flatnonzero(is_other | (first_others[group] < np.arange(len(order))))
    firsts = np.where(is_other[at], starts[group[at]], first_others[group[at]])
    ordered = records[order]
    again = ordered[at]
    return np.stack([again["row"], again["line"], again["offset"], ordered["row"][firsts]], axis=1)
