"""Makes whole numbers of a table of shares: each cell, each row and each column is rounded down or up, never further.

That there is such a table is the theorem on whole flows: the shares are a flow from rows to columns, within bounds that
are whole. It is found as the cheapest of them, a unit at a time along the cheapest path, which may take units back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipeline.dataset.model.bit_flags import Flags, Integers

MAX_CELL_COST = 2**12
MAX_GAIN = 2**20
# So far apart that the lesser never outweighs the greater: first what a row or column must have, then which of them are
# rounded up, then which cells are.
_GAIN, _MUST, _NEVER = 2**26, 2**54, 2**60
_UNREACHED = _NEVER - _MUST  # no path costs as much


@dataclass(frozen=True, slots=True)
class _Ends:
    """Rows or columns: the units that each must have, whether it may have one more, and what that one is worth."""

    must: Integers
    has_rest: Flags
    gains: Integers

    def costs_of_next(self, given: Integers) -> Integers:
        rest = np.where(self.has_rest & (given == self.must), -self.gains * _GAIN, _NEVER)
        return np.where(given < self.must, -_MUST, rest)


def round_table(
    shares: Sequence[Sequence[Fraction]],
    cell_costs: Integers,
    row_gains: Integers | None = None,
    column_gains: Integers | None = None,
) -> Integers:
    """Whole numbers, rows × columns, with the sum of the shares.

    shares: none below 0, with a whole sum; a cell of share 0 stays empty. cell_costs: rows × columns, from 0 to
    MAX_CELL_COST; cheap cells are rounded up first. row_gains, column_gains: what it is worth to round each up, from 0
    to MAX_GAIN; where none are given, the largest remainders are.

    Raises:
        ValueError: the sum of the shares is not whole.
    """
    by_row = [sum(row, Fraction()) for row in shares]
    by_column = [sum(column, Fraction()) for column in zip(*shares, strict=True)]
    total = sum(by_row, Fraction())
    if total.denominator != 1:
        raise ValueError(f"expected shares with a whole sum, found {total}")
    floors = np.array([[int(share) for share in row] for row in shares], dtype=np.int64)
    is_open = np.array([[share.denominator != 1 for share in row] for row in shares])
    rows = _ends(by_row, floors.sum(axis=1), row_gains)
    columns = _ends(by_column, floors.sum(axis=0), column_gains)
    return floors + _flow(int(total) - int(floors.sum()), np.where(is_open, cell_costs, _NEVER), rows, columns)


def _ends(sums: Sequence[Fraction], floors: Integers, gains: Integers | None) -> _Ends:
    remainders = np.array([int(each % 1 * MAX_GAIN) for each in sums], dtype=np.int64)
    return _Ends(
        must=np.array([int(each) for each in sums], dtype=np.int64) - floors,
        has_rest=np.array([each.denominator != 1 for each in sums]),
        gains=remainders if gains is None else gains,
    )


def _flow(units: int, costs: Integers, rows: _Ends, columns: _Ends) -> Integers:
    """Which cells get a unit, 0 or 1 each; costs: _NEVER where a cell may not."""
    taken = np.zeros(costs.shape, dtype=np.int64)
    for _ in range(units):
        path = _cheapest_path(
            np.where(taken == 0, costs, _NEVER),
            np.where(taken == 1, -costs, _NEVER),
            rows.costs_of_next(taken.sum(axis=1)),
            columns.costs_of_next(taken.sum(axis=0)),
        )
        for row, column in path:
            taken[row, column] ^= 1
    return taken


def _cheapest_path(there: Integers, back: Integers, starts: Integers, ends: Integers) -> list[tuple[int, int]]:
    """The cells from a row, where the path starts, to a column, where it ends: each second one is gone backwards.

    A step is kept until a cheaper one is found, never for one that costs the same: so no path runs in a circle.
    """
    row_costs, column_costs = starts, np.full(len(ends), _NEVER)
    from_column, from_row = np.full(len(starts), -1), np.full(len(ends), -1)
    while True:
        column_costs, from_row, _ = _relaxed(column_costs, from_row, row_costs, there.T)
        row_costs, from_column, is_changed = _relaxed(row_costs, from_column, column_costs, back)
        if not is_changed:
            break
    path: list[tuple[int, int]] = []
    column = int((column_costs + ends).argmin())
    while column >= 0:
        row = int(from_row[column])
        path.append((row, column))
        column = int(from_column[row])
        path += [(row, column)] if column >= 0 else []
    return path


def _relaxed(costs: Integers, origins: Integers, others: Integers, steps: Integers) -> tuple[Integers, Integers, bool]:
    """Costs and origins after steps from the others, where these are cheaper. steps: own × others."""
    through = np.minimum(others[None, :], _NEVER) + steps
    best = through.argmin(axis=1)
    found = through[np.arange(len(best)), best]
    is_cheaper = found < np.minimum(costs, _UNREACHED)
    return np.where(is_cheaper, found, costs), np.where(is_cheaper, best, origins), bool(is_cheaper.any())
