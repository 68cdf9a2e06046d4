"""Aggregations over the frames of a block, all of them in one query a frame.

What is counted, and how it adds up over blocks, is said by the modules that ask: `profiles/turn_statistics.py` and
`quality/`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.dataset.frames.frames import Frames

Figures = Mapping[str, Any]


def figures_of(frames: Frames, turns: Mapping[str, pl.Expr], conversations: Mapping[str, pl.Expr]) -> Figures:
    """The value of each expression by name, a list where it gives one. Names are not to be used twice."""
    return {**_row(frames.turns, turns), **_row(frames.conversations, conversations)}


def _row(frame: pl.DataFrame, figures: Mapping[str, pl.Expr]) -> dict[str, Any]:
    return frame.select(**figures).row(0, named=True) if figures else {}


def counts_of(column: pl.Expr) -> pl.Expr:
    """How often each value occurs: a list of values and counts for `counted`."""
    return column.alias("value").value_counts().implode()


def counted(figure: list[dict[str, int]]) -> Counter[int]:
    """What `counts_of` gave, in the order of the values."""
    return Counter({each["value"]: each["count"] for each in sorted(figure, key=lambda each: each["value"])})
