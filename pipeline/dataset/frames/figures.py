"""Aggregations over the frames of a block, all of them in one query a frame.

What is counted, and how it adds up over blocks, is said by the modules that ask: `profiles/turn_statistics.py` and
`quality/`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from pipeline.dataset.frames.frames import Frames
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns

Figures = Mapping[str, Any]


def figures_of(
    frames: Frames, columns: Columns, turns: Mapping[str, pl.Expr], conversations: Mapping[str, pl.Expr]
) -> Figures:
    """The value of each expression by name, a list where it gives one. Names are not to be used twice.

    frames: of these columns; of their different rows, where they come again and again.
    """
    again = columns.again
    if again is None:
        return {**_row(frames.turns, turns), **_row(frames.conversations, conversations)}
    owners = np.repeat(np.arange(len(columns.rows)), columns.turn_counts)
    own = {"conversation": owners, "row": columns.rows[owners], "line": columns.lines[owners]}
    of_turns = _of_all(frames.turns, again.turns, own, turns)
    own = {"row": columns.rows, "line": columns.lines, "byte_offset": columns.offsets}
    return {
        **_row(of_turns, turns),
        **_row(_of_all(frames.conversations, again.rows, own, conversations), conversations),
    }


def _of_all(
    frame: pl.DataFrame, numbers: Integers, own: Mapping[str, Integers], figures: Mapping[str, pl.Expr]
) -> pl.DataFrame:
    """The columns that are asked for, of all rows. own: what each row has for itself."""
    names = {name for figure in figures.values() for name in figure.meta.root_names()}
    alike = frame.select(sorted(names - own.keys()))[pl.Series(numbers.astype(np.uint32))]  # 64 bits take twice as long
    return alike.with_columns(pl.Series(name, own[name]) for name in sorted(names & own.keys()))


def _row(frame: pl.DataFrame, figures: Mapping[str, pl.Expr]) -> dict[str, Any]:
    return frame.select(**figures).row(0, named=True) if figures else {}


def counts_of(column: pl.Expr) -> pl.Expr:
    """How often each value occurs: a list of values and counts for `counted`."""
    return column.alias("value").value_counts().implode()


def counted(figure: list[dict[str, int]]) -> Counter[int]:
    """What `counts_of` gave, in the order of the values."""
    return Counter({each["value"]: each["count"] for each in sorted(figure, key=lambda each: each["value"])})
