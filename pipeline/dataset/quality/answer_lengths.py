"""Conversations far longer or shorter than the rest of their file, told from a histogram of sizes on a log scale."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.frames.figures import Figures, counted, counts_of
from pipeline.dataset.model.frame_columns import SIZE_STEPS
from pipeline.dataset.quality.short_answers import NAMED_ROWS, first_rows
from pipeline.dataset.rules.mismatch import Mismatch

FEWEST_CONVERSATIONS = 50  # fewer have no shape to stand out from
_FENCE_SPREADS = 3.0  # Tukey's outer fence, in interquartile ranges
_LEAST_SPREAD = SIZE_STEPS / 2  # files of one length are not strict about it: a factor of 2 ** 1.5 either way


@dataclass(frozen=True, slots=True)
class LengthFigures:
    """What is far from the rest."""

    outlier_count: int
    outlier_share: float
    shortest_usual_bytes: int
    """Outside are the outliers."""
    longest_usual_bytes: int
    """Outside are the outliers."""
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Conversations by size step, and the first row of each step; `+` joins two neighbouring parts, in file order."""

    counts: Counter[int] = field(default_factory=Counter)
    first_row: dict[int, int] = field(default_factory=dict)

    def __add__(self, other: "Lengths") -> "Lengths":
        return Lengths(self.counts + other.counts, other.first_row | self.first_row)

    def conclude(self) -> LengthFigures | None:
        """The outliers; None for too few conversations."""
        total = self.counts.total()
        if total < FEWEST_CONVERSATIONS:
            return None
        steps = np.array(sorted(self.counts), dtype=np.int64)
        reached = np.cumsum([self.counts[step] for step in steps.tolist()])
        lower, upper = (int(steps[np.searchsorted(reached, share * total)]) for share in (0.25, 0.75))
        fence = _FENCE_SPREADS * max(upper - lower, _LEAST_SPREAD)
        outside = [step for step in steps.tolist() if not lower - fence <= step <= upper + fence]
        count = sum(self.counts[step] for step in outside)
        rows = tuple(sorted(self.first_row[step] for step in outside)[:NAMED_ROWS])
        shortest, longest = _least_bytes(lower - fence), _least_bytes(upper + fence + 1) - 1
        return LengthFigures(count, count / total, shortest, longest, rows)


def length_figures() -> dict[str, pl.Expr]:
    """What `measure_lengths` needs of the conversations of a block."""
    step = pl.col("size_step")
    return {
        "length_steps": counts_of(step),
        "length_firsts": pl.struct(step, "row").filter(step.is_first_distinct()).implode(),
    }


def measure_lengths(figures: Figures) -> Lengths:
    """The sizes of a block's conversations. figures: at least those of `length_figures`."""
    firsts = {each["size_step"]: each["row"] for each in figures["length_firsts"]}
    return Lengths(counted(figures["length_steps"]), firsts)


def length_findings(figures: LengthFigures | None, row_name: str = "line") -> list[Finding]:
    """A note about the file, where it has outliers. row_name: line or row."""
    if figures is None or not figures.outlier_count:
        return []
    usual = f"{figures.shortest_usual_bytes:,} to {figures.longest_usual_bytes:,} bytes of text, as most have"
    found = f"{figures.outlier_count:,} ({figures.outlier_share:.2%}) far from it, {first_rows(figures.rows, row_name)}"
    return [Finding(1, 0, "length-outliers", "$", Mismatch(usual, found))]


def _least_bytes(step: float) -> int:
    """The smallest size of a step."""
    return int(np.ceil(2 ** (step / SIZE_STEPS))) if step > 0 else 0
