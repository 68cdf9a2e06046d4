"""From flagged turns of a block to findings: one a conversation and code, at its first place.

A group knows where it has findings; only those are made that are listed.
"""

from collections.abc import Callable

import numpy as np

from pipeline.dataset.findings.finding import MAX_NAMED_PLACES, Finding, elsewhere
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.mismatch import Mismatch


def first_places(
    columns: Columns, turns: Integers, code: str, path: Callable[[int], str], says: Callable[[int], Mismatch]
) -> list[Group]:
    """One finding for each conversation that has a flagged turn, at its first one; no group where no turn is flagged.

    turns: the flagged ones, ascending. path, says: of a turn, by its index.
    """
    if not len(turns):
        return []
    owners = np.searchsorted(columns.turn_starts, turns, side="right") - 1

    def make(row: int) -> Finding:
        begin, end = owners.searchsorted((row, row + 1)).tolist()
        named = turns[begin : min(end, begin + 1 + MAX_NAMED_PLACES)].tolist()
        paths = [path(turn) for turn in named]
        return finding_in(columns, row, code, paths[0], elsewhere(says(named[0]), paths[1:], end - begin - 1))

    return [Group(code, np.unique(owners), make)]


def finding_in(columns: Columns, index: int, code: str, path: str, mismatch: Mismatch) -> Finding:
    """A finding in the row of a conversation. index: of the conversation in the block."""
    line, offset, row = columns.lines.item(index), columns.offsets.item(index), columns.rows.item(index)
    return Finding(line, offset, code, path, mismatch, row)
