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

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.model.xxh3 import xxh3_64
from pipeline.dataset.near.shares import Found, found_in, grouped, joined, shares, taken
from pipeline.dataset.reading.columns import Again, Columns
from pipeline.dataset.reading.turn_hashes import hash_surroundings, hash_turns
from pipeline.dataset.rules.mismatch import Mismatch

CODE = "conflicting-answers"
# 128 bits of the prompt, 64 of the answer: equal answers must be told from others only within a prompt.
ANSWER = np.dtype([("prompt", "<u8", 2), ("answer", "<u8"), ("row", "<i8"), ("line", "<i8"), ("offset", "<i8")])
SHARE_RECORDS = 100_000  # held at a time, about 5 MB

Answers = npt.NDArray[np.void]


def answers(columns: Columns) -> Answers:
    """One record for each conversation that has a prompt and an answer, in order."""
    return _answers(columns)[0] if columns.again is None else _answers_again(columns, columns.again)


def _answers_again(columns: Columns, again: Again) -> Answers:
    """The same of rows that come again and again."""
    of_different, owners = _answers(again.different)
    places = np.full(len(again.different.rows), -1)
    places[owners] = np.arange(len(owners))
    has_answer = places[again.rows] >= 0
    records = taken(of_different, places[again.rows[has_answer]])
    records["row"], records["line"] = columns.rows[has_answer], columns.lines[has_answer]
    records["offset"] = columns.offsets[has_answer]
    return records


def _answers(columns: Columns) -> tuple[Answers, Integers]:
    """The records, and whose each is."""
    owners, turns = _last_learned(columns)
    firsts = columns.turn_starts[owners]
    records = np.empty(len(owners), dtype=ANSWER)
    records["prompt"] = hash_turns(columns, firsts, turns, hash_surroundings(columns))
    records["answer"] = xxh3_64(columns.text, columns.text_starts[turns], columns.text_starts[turns + 1])
    records["row"] = columns.rows[owners]
    records["line"] = columns.lines[owners]
    records["offset"] = columns.offsets[owners]
    return records, owners


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
    """The rows that answer a prompt otherwise than an earlier row, each with the first such row."""

    found: Found = Found()

    @property
    def conversation_count(self) -> int:
        """Rows that answer otherwise than an earlier one."""
        return self.found.count

    def counts(self) -> Counter[str]:
        """How many findings of each code there are."""
        return +Counter({CODE: self.conversation_count})

    def findings(self, row_name: str = "line") -> Iterator[Finding]:
        """A warning for each that is listed, in row order. row_name: what a row is called."""
        for row, line, offset, first in self.found.listed:
            said = Mismatch("one answer to a prompt", "the prompt", f"of {row_name} {first} with another answer")
            yield Finding(int(line), int(offset), CODE, "$", said, int(row))


def find_conflicting_answers(spills: Sequence[Path]) -> ConflictingAnswers:
    """All rows with such an answer. spills: files of answers; within and across them in row order.

    Raises:
        LakeError: the disk is full.
    """
    return ConflictingAnswers(joined(_conflicts(spills), MAX_LISTED))


def _conflicts(spills: Sequence[Path]) -> Iterator[Found]:
    for share in shares(spills, ANSWER, "prompt", SHARE_RECORDS):
        known = np.empty(0, dtype=ANSWER)
        for records in share:
            conflicts, known = _conflicts_among(np.concatenate([known, records]), len(known))
            yield conflicts


def _conflicts_among(records: Answers, known_count: int) -> tuple[Found, Answers]:
    """The records whose prompt was answered otherwise before, and two of each prompt that tell it of later ones.

    known_count: how many of them come first and have been told of.
    """
    order, is_new = grouped(records, "prompt")
    answer = records["answer"][order]
    starts = np.flatnonzero(is_new)
    group = np.cumsum(is_new) - 1
    is_other = answer != answer[starts[group]]
    # Who answers as the first does conflicts with the first that does not, once that one has been.
    others = np.flatnonzero(is_other)
    first_others = np.full(len(starts), len(order))
    np.minimum.at(first_others, group[others], others)
    at = np.flatnonzero((is_other | (first_others[group] < np.arange(len(order)))) & (order >= known_count))
    firsts = np.where(is_other[at], starts[group[at]], first_others[group[at]])
    telling = np.sort(np.append(starts, first_others[first_others < len(order)]))
    return found_in(records, order[at], order[firsts], MAX_LISTED), taken(records, order[telling])
