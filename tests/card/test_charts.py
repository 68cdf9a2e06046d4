"""Shares and columns as numbers."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.card.charts import MAX_BARS, Bar, Column, Histogram, bars, histogram


def test_bars_stand_in_order_of_size_then_name():
    assert bars({"b": 1, "a": 1, "c": 2}) == [Bar("c", 2, 0.5, 100), Bar("a", 1, 0.25, 50), Bar("b", 1, 0.25, 50)]


def test_many_bars_end_in_one_for_the_rest():
    found = bars({f"{n:02}": 100 - n for n in range(20)}, "other roles")

    assert len(found) == MAX_BARS
    assert found[-1] == Bar("13 other roles", sum(100 - n for n in range(7, 20)), 1131 / 1810, 100)


def test_values_close_together_have_a_column_each():
    assert histogram({2: 4, 4: 1}) == Histogram(
        (Column("2", "2", 4, 100), Column("3", "3", 0, 0), Column("4", "4", 1, 25))
    )


def test_values_far_apart_share_columns_that_double():
    """From the smallest value on; labels stand under every other, so that they do not touch."""
    assert histogram({3: 10, 100: 5, 70: 5}) == Histogram(
        (
            Column("2–3", "2", 10, 100),
            Column("4–7", "4", 0, 0),
            Column("8–15", "8", 0, 0),
            Column("16–31", "16", 0, 0),
            Column("32–63", "32", 0, 0),
            Column("64–127", "64", 10, 100),
        )
    )


def test_no_values_no_histogram():
    assert (histogram({}), histogram({3: 0})) == (None, None)


@given(st.dictionaries(st.integers(0, 10**9), st.integers(1, 10**6), min_size=1))
def test_a_histogram_counts_everything_once_and_shows_what_exists(values):
    found = histogram(values)

    assert sum(column.count for column in found.columns) == sum(values.values())
    assert all((column.height > 0) == (column.count > 0) for column in found.columns)
    assert found.tallest.height == 100
    assert len(found.columns) <= 32
    assert len([column for column in found.columns if column.axis_label]) <= 6


@given(st.dictionaries(st.text(max_size=5), st.integers(1, 10**6)))
def test_bars_share_the_whole(counts):
    found = bars(counts)

    assert sum(bar.value for bar in found) == sum(counts.values())
    assert all(0 < bar.length <= 100 and 0 < bar.share <= 1 for bar in found)
