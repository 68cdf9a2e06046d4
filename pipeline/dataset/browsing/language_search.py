"""Finds rows by the language of their longest answer: told row by row, since the lake does not know it.

Detection takes a tenth of a millisecond a row, so each search looks at some rows only, and says where to go on.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.quality.languages import TEXT_BYTES, language_of

MOST_LOOKED_AT = 250
MOST_APART = 10_000  # rows; those that lie further apart are in more row groups than one answer may read


@dataclass(frozen=True, slots=True)
class OfLanguage:
    """What a look for a language found."""

    rows: Integers
    """Those found."""
    looked_at: int
    """How many were looked at."""
    next_after: int | None
    """Where to go on; None at the end."""


def rows_of_language(tables: RowTables, language: str, among: Integers | None, after: int, limit: int) -> OfLanguage:
    """At most `limit` rows behind the row `after`. among: the rows that are looked at, ascending; None for all.

    Raises:
        LakeError: the lake does not have the dataset.
    """
    behind = _behind(tables, among, after)
    looked_at = behind[:MOST_LOOKED_AT]
    looked_at = looked_at[looked_at <= looked_at[0] + MOST_APART] if len(looked_at) else looked_at
    texts = _longest_answers(tables, looked_at)
    found: list[int] = []
    for place, row in enumerate(looked_at.tolist()):
        if language_of(texts.get(row, "")) == language:
            found.append(row)
        if len(found) == limit:
            looked_at = looked_at[: place + 1]
            break
    is_end = len(looked_at) == len(behind)
    return OfLanguage(np.array(found, dtype=np.int64), len(looked_at), None if is_end else int(looked_at[-1]))


def _behind(tables: RowTables, among: Integers | None, after: int) -> Integers:
    """The next rows, one more than are looked at, so that the end is known."""
    if among is not None:
        return among[np.searchsorted(among, after, side="right") :][: MOST_LOOKED_AT + 1]
    rows = tables.table("conversations").filter(pl.col("row") > after).select("row").head(MOST_LOOKED_AT + 1)
    return tables.rows(rows)


def _longest_answers(tables: RowTables, rows: Integers) -> dict[int, str]:
    """The beginning of each row's longest answer."""
    size = pl.col("content").str.len_bytes() * pl.col("is_supervised").cast(pl.UInt32)
    longest = pl.col("content").get(size.arg_max()).str.slice(0, TEXT_BYTES)
    of_rows = tables.table("turns").filter(pl.col("row").is_in(rows.tolist()))
    found = tables.frame(of_rows.group_by("row").agg(longest)) if len(rows) else pl.DataFrame()
    return dict(found.iter_rows())
