"""How the rows of two datasets differ: by what they say, not by where they stand; a row put in front is one row.

Rows that say the same in both are unchanged, each as often as it is in both. Of the others those with the same id,
which is the place where the file gave none, are changed; the rest was added or removed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import polars as pl

from pipeline.contract.mend_values import ChangedRow, DifferenceKind
from pipeline.contract.row_values import BrowsedRow
from pipeline.dataset.browsing.row_reading import read_rows
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.text_differences import around_difference
from pipeline.dataset.model.bit_flags import Integers
from pipeline.wording import count_of

SHOWN = 20


@dataclass(frozen=True, slots=True)
class RowDifference:
    """Rows by their places."""

    unchanged: int
    added: Integers
    removed: Integers
    changed_before: Integers
    """The same rows in both, in the same order."""
    changed_after: Integers
    """The same rows in both, in the same order."""


def row_difference(before: RowTables, after: RowTables) -> RowDifference:
    """Compare all accepted rows.

    Raises:
        LakeError: the lake does not have one of the datasets.
    """
    old, new = _rows(before), _rows(after)
    on = ["said", "again"]
    only_old, only_new = old.join(new, on=on, how="anti"), new.join(old, on=on, how="anti")
    changed = only_old.unique("conversation_id", keep="first").join(
        only_new.unique("conversation_id", keep="first"), on="conversation_id", suffix="_after"
    )
    changed = changed.sort("row_after")
    return RowDifference(
        unchanged=old.height - only_old.height,
        added=_places(only_new, changed["row_after"]),
        removed=_places(only_old, changed["row"]),
        changed_before=changed["row"].to_numpy(),
        changed_after=changed["row_after"].to_numpy(),
    )


def changed_rows(before: RowTables, after: RowTables, difference: RowDifference) -> list[ChangedRow]:
    """The first rows that say something else, with the first thing that differs."""
    pairs = list(
        zip(difference.changed_before[:SHOWN].tolist(), difference.changed_after[:SHOWN].tolist(), strict=True)
    )
    old = {each.row: each for each in read_rows(before, np.sort(difference.changed_before[:SHOWN]))}
    new = {each.row: each for each in read_rows(after, np.sort(difference.changed_after[:SHOWN]))}
    found = []
    for row, row_after in pairs:
        what, one, other = _first_difference(old[row], new[row_after])
        was, now = around_difference(one.encode(), other.encode())
        said = {"conversation_id": new[row_after].conversation_id, "before": was, "after": now or ""}
        found.append(ChangedRow(before_row=row, after_row=row_after, what=what, **said))
    return found


def _first_difference(old: BrowsedRow, new: BrowsedRow) -> tuple[DifferenceKind, str, str]:
    """What differs, and how both have it."""
    for kind, told in _TOLD.items():
        for one, other in zip_longest(told(old), told(new), fillvalue=""):
            if one != other:
                return kind, one, other
    # Of long conversations not all is read.
    sizes = [f"{count_of(each.turn_count, 'turn')}, {count_of(each.word_count, 'word')}" for each in (old, new)]
    return "beyond what is shown", sizes[0], sizes[1]


def _of_turns(name: str) -> Callable[[BrowsedRow], list[str]]:
    return lambda row: [_said(getattr(turn, name)) for turn in row.turns]


def _said(value: object) -> str:
    """A value for people: a text as it is."""
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else ("no", "yes")[value] if isinstance(value, bool) else str(value)


_TOLD: dict[DifferenceKind, Callable[[BrowsedRow], list[str]]] = {
    "text": lambda row: [f"{turn.role}: {turn.content}" for turn in row.turns],
    "reasoning": _of_turns("reasoning"),
    "tool calls": _of_turns("tool_calls"),
    "tool call id": _of_turns("tool_call_id"),
    "speaker": _of_turns("name"),
    "branch": _of_turns("branch"),
    "media": lambda row: [_said(row.media), *(_said(turn.media) for turn in row.turns)],
    "tools": lambda row: [_said(row.tools)],
    "label": lambda row: [_said(row.label)],
    "learned": _of_turns("is_learned"),
    "weight": _of_turns("weight"),
}
"""What is compared of two rows, in this order: how a row tells it, one text a turn or one in all."""


def _rows(tables: RowTables) -> pl.DataFrame:
    """Each row with a number of what it says, and how many rows before it say the same."""
    said = pl.col("turns_hash").bin.slice(0, 8).bin.reinterpret(dtype=pl.UInt64, endianness="little").alias("said")
    frame = tables.frame(tables.table("conversations").select("row", "conversation_id", said))
    return frame.with_columns(again=pl.int_range(pl.len()).over("said"))


def _places(rows: pl.DataFrame, without: pl.Series) -> Integers:
    places: Integers = np.setdiff1d(rows["row"].to_numpy(), without.to_numpy(), assume_unique=True)
    return np.sort(places)
