"""Answers of very few words, and with white space at their edges: so common in some files that a share says more."""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns

MOST_SHORT_WORDS = 2
MOST_SHORT_BYTES = 15
NAMED_ROWS = 5
_IS_SPACE = np.zeros(256, dtype=np.bool_)
_IS_SPACE[list(b" \t\n\r\x0b\x0c")] = True


@dataclass(frozen=True, slots=True)
class Marked:
    """How many answers, and the first rows that hold one, in order."""

    count: int = 0
    rows: tuple[int, ...] = ()

    def __add__(self, other: "Marked") -> "Marked":
        return Marked(self.count + other.count, tuple(dict.fromkeys(self.rows + other.rows))[:NAMED_ROWS])


@dataclass(frozen=True, slots=True)
class Answers:
    """Counts of answers that hold a word; `+` joins two neighbouring parts, in file order."""

    count: int = 0
    short: Marked = Marked()
    spaced: Marked = Marked()

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(self.count + other.count, self.short + other.short, self.spaced + other.spaced)

    def findings(self, row_name: str = "line") -> list[Finding]:
        """A note about the file for each fault that occurs. row_name: line or row."""
        few = f"more than {MOST_SHORT_WORDS} words or {MOST_SHORT_BYTES} bytes in an answer"
        return [
            *self._note("very-short-answers", few, self.short, row_name),
            *self._note("white-space-at-edges", "answers without white space at their edges", self.spaced, row_name),
        ]

    def _note(self, code: str, expected: str, marked: Marked, row_name: str) -> list[Finding]:
        if not marked.count:
            return []
        found = f"{marked.count:,} of {self.count:,} ({marked.count / self.count:.1%}) otherwise"
        said = Mismatch(expected, f"{found}, {first_rows(marked.rows, row_name)}")
        return [Finding(1, 0, code, "$", said)]


def measure_answers(columns: Columns) -> Answers:
    """The answers of a block."""
    sizes = np.diff(columns.text_starts)
    is_answer = columns.is_supervised & (columns.word_counts > 0)
    is_short = is_answer & (columns.word_counts <= MOST_SHORT_WORDS) & (sizes <= MOST_SHORT_BYTES)
    short, spaced = np.flatnonzero(is_short), spaced_answers(columns)
    return Answers(int(is_answer.sum()), _marked(columns, short), _marked(columns, spaced))


def spaced_answers(columns: Columns) -> Integers:
    """The turns that are answers with words and begin or end with white space of ASCII."""
    answers = np.flatnonzero(columns.is_supervised & (columns.word_counts > 0))
    first, last = columns.text_starts[answers], columns.text_starts[answers + 1] - 1
    spaced: Integers = answers[_IS_SPACE[columns.text[first]] | _IS_SPACE[columns.text[last]]]
    return spaced


def _marked(columns: Columns, turns: Integers) -> Marked:
    owners = np.searchsorted(columns.turn_starts, turns, side="right") - 1
    owners = owners[np.diff(owners, prepend=-1) > 0][:NAMED_ROWS]
    return Marked(len(turns), tuple(columns.rows[owners].tolist()))


def first_rows(rows: tuple[int, ...], row_name: str) -> str:
    """Names a few rows, the rest being as many as the caller counted. row_name: line or row."""
    where = f"first {'on' if row_name == 'line' else 'in'} {row_name}"
    if len(rows) == 1:
        return f"{where} {rows[0]:,}"
    return f"{where}s {', '.join(f'{row:,}' for row in rows[:-1])} and {rows[-1]:,}"
