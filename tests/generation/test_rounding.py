"""A table of shares as whole numbers: nothing further than one from its share."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.generation.rounding import MAX_CELL_COST, round_table
from tests.how_many import examples


@st.composite
def tables(draw):
    """Shares with a whole sum, and what cells cost."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    weights = draw(st.lists(st.integers(0, 9), min_size=rows * columns, max_size=rows * columns).filter(any))
    items = draw(st.integers(1, 40))
    shares = [Fraction(items * weight, sum(weights)) for weight in weights]
    costs = draw(st.lists(st.integers(0, MAX_CELL_COST), min_size=rows * columns, max_size=rows * columns))
    return [shares[row * columns :][:columns] for row in range(rows)], np.array(costs).reshape(rows, columns)


@settings(max_examples=examples(60))
@given(tables())
def test_cells_rows_and_columns_are_within_one_of_their_shares(table):
    shares, costs = table

    counts = round_table(shares, costs).tolist()

    assert sum(map(sum, counts)) == sum(map(sum, shares))
    for found, wanted in [
        *((count, share) for row in zip(counts, shares, strict=True) for count, share in zip(*row, strict=True)),
        *zip(map(sum, counts), map(sum, shares), strict=True),
        *zip(map(sum, zip(*counts, strict=True)), map(sum, zip(*shares, strict=True)), strict=True),
    ]:
        assert abs(found - wanted) < 1


def test_the_largest_remainders_are_rounded_up():
    shares = [[Fraction(10 * weight, 9)] for weight in (5, 3, 1)]

    assert round_table(shares, np.zeros((3, 1), dtype=np.int64)).tolist() == [[6], [3], [1]]


def test_what_is_worth_more_is_rounded_up_whatever_cells_cost():
    shares = [[Fraction(1, 2), Fraction(1, 2)]]

    counts = round_table(shares, np.array([[0, MAX_CELL_COST]]), column_gains=np.array([0, 1]))

    assert counts.tolist() == [[0, 1]]


def test_shares_of_no_whole_sum_are_refused():
    with pytest.raises(ValueError, match=r"^expected shares with a whole sum, found 1/2$"):
        round_table([[Fraction(1, 2)]], np.zeros((1, 1), dtype=np.int64))
