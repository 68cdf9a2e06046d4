"""Answers of very few words, and with white space at their edges: so common in some files that a share says more."""

from dataclasses import dataclass

import polars as pl

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.frames.figures import Figures
from pipeline.dataset.model.frame_columns import TurnColumns
from pipeline.dataset.rules.mismatch import Mismatch

MOST_SHORT_WORDS = 2
MOST_SHORT_BYTES = 15
NAMED_ROWS = 5
_SPACES = " \t\n\r\x0b\x0c"


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


def answer_figures() -> dict[str, pl.Expr]:
    """What `measure_answers` needs of the turns of a block."""
    turn = TurnColumns()
    is_short = (turn.word_count <= MOST_SHORT_WORDS) & (turn.size_bytes <= MOST_SHORT_BYTES)
    marked = {"short_answers": is_short, "spaced_answers": is_spaced(turn)}
    is_answer = is_spoken_answer(turn)
    return {
        "answers": is_answer.sum(),
        **{name: (is_answer & flag).sum() for name, flag in marked.items()},
        **{f"{name}_rows": _first_rows(is_answer & flag) for name, flag in marked.items()},
    }


def _first_rows(flag: pl.Expr) -> pl.Expr:
    return pl.col("row").filter(flag).unique(maintain_order=True).head(NAMED_ROWS).implode()


def measure_answers(figures: Figures) -> Answers:
    """The answers of a block. figures: at least those of `answer_figures`."""
    short, spaced = (
        Marked(figures[name], tuple(figures[f"{name}_rows"])) for name in ("short_answers", "spaced_answers")
    )
    return Answers(figures["answers"], short, spaced)


def is_spoken_answer(turn: TurnColumns) -> pl.Expr:
    """An answer that is learned from, with words."""
    return turn.is_supervised & (turn.word_count > 0)


def is_spaced(turn: TurnColumns) -> pl.Expr:
    """Begins or ends with white space of ASCII."""
    return turn.content.str.strip_chars(_SPACES).str.len_bytes() != turn.size_bytes


def first_rows(rows: tuple[int, ...], row_name: str) -> str:
    """Names a few rows, the rest being as many as the caller counted. row_name: line or row."""
    where = f"first {'on' if row_name == 'line' else 'in'} {row_name}"
    if len(rows) == 1:
        return f"{where} {rows[0]:,}"
    return f"{where}s {', '.join(f'{row:,}' for row in rows[:-1])} and {rows[-1]:,}"
