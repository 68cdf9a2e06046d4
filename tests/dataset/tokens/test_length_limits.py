"""Rows are cut where a trainer cuts them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.tokens.length_limits import RowLengths
from tests.engine_blocks import columns_of, line_of

NOTHING = {"min": None, "p50": None, "p95": None, "p99": None, "max": None}


def rows(*token_counts, branches=None):
    """Lengths of conversations in which user and assistant take turns; each count is a turn's tokens."""
    roles = ("user", "assistant")
    lines = [
        line_of("a", *((roles[index % 2], "x" if tokens else "") for index, tokens in enumerate(counts)))
        for counts in token_counts
    ]
    columns = columns_of(*lines)
    if branches is not None:
        columns = dataclasses.replace(columns, branches=np.array(branches, dtype=np.int8))
    return RowLengths.of(columns, np.array([tokens for counts in token_counts for tokens in counts]))


def cut(lengths, *max_lengths, factor=1.0):
    return [(row["rows_cut"], row["rows_without_supervised_tokens"]) for row in lengths.truncation(factor, max_lengths)]


def test_rows_are_counted_by_quarters_of_a_doubling_with_what_a_template_adds():
    """Of two turns with 4 tokens each beside their own."""
    lengths = rows([0, 1], [10, 20], [250, 254], [250, 255])

    assert lengths.histogram(1.0) == {8: 1, 32: 1, 512: 2}
    assert sum(lengths.histogram(1.7).values()) == 4


def test_a_row_is_cut_when_it_is_longer_than_max_length():
    """Each of the two turns has 4 tokens of a template before its 10 and 20."""
    lengths = rows([10, 20])

    assert cut(lengths, 37, 38, 39) == [(1, 0), (0, 0), (0, 0)]
    assert lengths.truncation(1.0, [37]) == [
        {"max_length": 37, "rows_cut": 1, "share_cut": 1.0, "rows_without_supervised_tokens": 0}
    ]


def test_nothing_is_left_to_learn_when_the_first_answer_lies_beyond():
    """The answer's first token comes after 4 + 10 + 4 others."""
    assert cut(rows([10, 20]), 18, 19) == [(1, 1), (1, 0)]


def test_an_empty_answer_is_nothing_to_learn():
    """The next answer is; and a row that never had one is not lost by cutting."""
    assert cut(rows([10, 0, 5, 5]), 31, 32) == [(1, 1), (1, 0)]
    assert cut(rows([10, 0], [10]), 5) == [(2, 0)]


def test_alternatives_are_rows_of_their_own():
    """Prompt and the longer alternative: 4 + 10 + 4 + 30; the other one begins where that begins."""
    order = [Branch.NONE, Branch.CHOSEN, Branch.NONE, Branch.REJECTED]
    lengths = rows([10, 20, 0, 30], branches=order)

    assert cut(lengths, 51, 52) == [(1, 0), (0, 0)]
    assert cut(lengths, 18, 19) == [(1, 1), (1, 0)]


def test_lengths_are_scaled_at_the_end():
    """Twice as many tokens as were counted."""
    assert cut(rows([10, 20]), 75, 76, factor=2.0) == [(1, 0), (0, 0)]
    assert rows([10, 20], [1, 1]).spread(2.0) == {"min": 4, "p50": 4, "p95": 60, "p99": 60, "max": 60}


def test_without_rows_there_is_nothing():
    assert RowLengths().spread(1.0) == NOTHING
    assert RowLengths().truncation(1.0, [512]) == [
        {"max_length": 512, "rows_cut": 0, "share_cut": 0.0, "rows_without_supervised_tokens": 0}
    ]


@pytest.mark.parametrize("tokens", [1, 32_768, 32_769, 100_000, 3_000_000, 10**9, 10**15])
def test_long_rows_share_bins(tokens):
    """Exact to 32,768 tokens; above, percentiles are within 1 %, the maximum is exact and memory stays the same."""
    lengths = rows([tokens, 1], [tokens + 1, 1])
    found = lengths.spread(1.0)

    assert found["max"] == tokens + 2
    assert found["p50"] == pytest.approx(tokens + 1, rel=0 if tokens < 32_768 else 0.01 if tokens < 2**39 else 1)
    assert lengths.counts.nbytes < 10**6


@given(st.lists(st.lists(st.integers(0, 70_000), min_size=1, max_size=4), min_size=1, max_size=8), st.integers(0, 8))
def test_parts_add_up(token_counts, split):
    """Parts of any sizes, in any order, give the whole."""
    halves = [rows(*part) for part in (token_counts[:split], token_counts[split:]) if part]
    whole, joined = rows(*token_counts), sum(reversed(halves), start=RowLengths())

    assert np.array_equal(joined.counts, whole.counts)
    assert joined.longest_tokens == whole.longest_tokens


@given(st.lists(st.lists(st.integers(1, 20_000), min_size=2, max_size=4), min_size=1, max_size=8))
def test_what_is_cut_is_what_a_loop_would_cut(token_counts):
    """For max_lengths that have a bin of their own."""
    sizes = [sum(counts) + 4 * len(counts) for counts in token_counts]
    begins = [counts[0] + 8 for counts in token_counts]

    for max_length in (512, 8192, 32768):
        expected = (sum(size > max_length for size in sizes), sum(begin >= max_length for begin in begins))
        assert cut(rows(*token_counts), max_length) == [expected]
