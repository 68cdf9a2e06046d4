"""How the rows of two datasets differ: by what they say, not by where they stand; a row put in front is one row.

Rows that say the same in both are unchanged, each as often as it is in both. Of the others those with the same id,
which is the place where the file gave none, are changed; the rest was added or removed.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.contract.mend_values import ChangedRow
from pipeline.dataset.browsing.row_reading import read_rows
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.text_differences import around_difference
from pipeline.dataset.model.bit_flags import Integers

SHOWN = 20


@dataclass(frozen=True, slots=True)
class RowDifference:
    """Rows by their places. changed_before, changed_after: the same rows in both, in the same order."""

    unchanged: int
    added: Integers
    removed: Integers
    changed_before: Integers
    changed_after: Integers


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
    """The first rows that say something else, with the first turn that differs."""
    pairs = list(
        zip(difference.changed_before[:SHOWN].tolist(), difference.changed_after[:SHOWN].tolist(), strict=True)
    )
    old = {each.row: each for each in read_rows(before, np.sort(difference.changed_before[:SHOWN]))}
    new = {each.row: each for each in read_rows(after, np.sort(difference.changed_after[:SHOWN]))}
    found = []
    for row, row_after in pairs:
        texts = [[f"{turn.role}: {turn.content}" for turn in each.turns] for each in (old[row], new[row_after])]
        count = max(map(len, texts))
        one, other = ([*text, *[""] * (count - len(text))] for text in texts)
        place = next((place for place in range(count) if one[place] != other[place]), 0)
        was, now = around_difference(one[place].encode(), other[place].encode())
        said = {"conversation_id": new[row_after].conversation_id, "before": was, "after": now or ""}
        found.append(ChangedRow(before_row=row, after_row=row_after, **said))
    return found


def _rows(tables: RowTables) -> pl.DataFrame:
    """Each row with a number of what it says, and how many rows before it say the same."""
    said = pl.col("turns_hash").bin.slice(0, 8).bin.reinterpret(dtype=pl.UInt64, endianness="little").alias("said")
    frame = tables.frame(tables.table("conversations").select("row", "conversation_id", said))
    return frame.with_columns(again=pl.int_range(pl.len()).over("said"))


def _places(rows: pl.DataFrame, without: pl.Series) -> Integers:
    places: Integers = np.setdiff1d(rows["row"].to_numpy(), without.to_numpy(), assume_unique=True)
    return np.sort(places)
