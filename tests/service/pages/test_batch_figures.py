"""Bars and tables of batches: their pieces sum to the whole, and a shade says what the text beside it says."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.generation_values import BatchCell
from pipeline.service.pages.batch_figures import money_bar, money_said, state_parts
from pipeline.service.pages.batch_matrix import matrix_of
from pipeline.state.catalog.statuses import ITEM_STATES
from tests.service.pages.made_cases import names


@given(st.dictionaries(st.sampled_from(ITEM_STATES), st.integers(0, 10_000)))
def test_a_bar_of_states_has_every_item_once(by_state):
    parts = state_parts(by_state)

    assert {part.state: part.count for part in parts} == {state: count for state, count in by_state.items() if count}
    assert sum(part.length for part in parts) == pytest.approx(100 if parts else 0, abs=0.1)
    for before, after in pairwise(parts):
        assert after.start == pytest.approx(before.start + before.length, abs=0.02)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_bar_of_money_stays_within_its_place(spent, reserved, budget):
    bar = money_bar(spent, reserved, budget)

    assert 0 <= bar.spent_length <= bar.committed_length <= 100
    assert 0 <= bar.budget_length <= 100
    assert bar.tone == ("warning" if budget and spent + reserved >= budget else "good")


@pytest.mark.parametrize(
    ("nano_usd", "said"),
    [(0, "$0.00"), (9_352_000, "$0.0094"), (10_000_000, "$0.01"), (935_200_000, "$0.94"), (1_500_000_000, "$1.50")],
)
def test_an_amount_is_said_to_the_cent_unless_it_is_less(nano_usd, said):
    assert money_said(nano_usd) == said


@pytest.mark.parametrize(
    ("filled", "quota", "shade", "value"),
    [
        (0, 0, 0, ""),
        (0, 9, 0, "0/9"),
        (1, 9, 1, "1/9"),
        (5, 9, 2, "5/9"),
        (8, 9, 3, "8/9"),
        (9, 9, 4, "9/9"),
        (3, 2, 4, "3/2"),
    ],
)
def test_a_cell_is_as_dark_as_it_is_full(filled, quota, shade, value):
    [row] = matrix_of([BatchCell(persona="maren", arc="worry", filled=filled, quota=quota)], names()).rows

    assert [(cell.shade, cell.value) for cell in row.cells] == [(shade, value)]
    assert row.total == f"{filled} of {quota}"


def test_what_has_no_cell_is_a_gap_and_what_has_no_name_is_called_by_its_key():
    cells = [BatchCell(persona=who, arc=arc, filled=0, quota=2) for who, arc in (("gone", "worry"), ("maren", "pause"))]

    matrix = matrix_of(cells, names(), is_plan=True)

    assert matrix.personas == ("Maren", "gone")
    assert [row.arc for row in matrix.rows] == ["From worry to steadiness", "From pressure to a pause"]
    assert [[cell.value for cell in row.cells] for row in matrix.rows] == [["", "2"], ["2", ""]]
