"""Batches cover what is wanted, nothing else, and keep to their limits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.flow.batches import Batch, contiguous_batches, run_key
from tests.state.catalog.examples import LATER, NOON


def test_a_gap_in_the_partition_order_begins_a_new_batch():
    batches = contiguous_batches(
        "abcdefg", [("g", 1), ("a", 1), ("b", 2), ("d", 3)], max_count=10, max_bytes=100, large_bytes=100
    )

    assert batches == [Batch(("a", "b"), 3), Batch(("d",), 3), Batch(("g",), 1)]
    assert (batches[0].first_key, batches[0].last_key) == ("a", "b")


def test_batches_are_closed_at_the_count_and_at_the_bytes_and_a_giant_goes_alone():
    wanted = [("a", 1), ("b", 1), ("c", 1), ("d", 60), ("e", 60), ("f", 500), ("g", 1)]

    batches = contiguous_batches(dict.fromkeys("abcdefg"), wanted, max_count=2, max_bytes=100, large_bytes=100)

    assert batches == [
        Batch(("a", "b"), 2),
        Batch(("c", "d"), 61),
        Batch(("e",), 60),
        Batch(("f",), 500),
        Batch(("g",), 1),
    ]


def test_a_large_dataset_goes_alone_however_few_bytes_are_asked_for():
    """Those before it and those after it do not wait for it."""
    wanted = [("a", 1), ("b", 10), ("c", 11), ("d", 11), ("e", 1), ("f", 1)]

    batches = contiguous_batches("abcdef", wanted, max_count=200, max_bytes=1_000, large_bytes=10)

    assert [batch.keys for batch in batches] == [("a", "b"), ("c",), ("d",), ("e", "f")]


def test_nothing_wanted_gives_no_batches():
    assert contiguous_batches("abc", [], max_count=1, max_bytes=1, large_bytes=1) == []


def test_a_dataset_that_is_no_partition_is_refused_by_name():
    with pytest.raises(UsageError) as refusal:
        contiguous_batches("abc", [("b", 1), ("y", 1), ("x", 1)], max_count=9, max_bytes=9, large_bytes=9)

    assert str(refusal.value) == (
        "expected every dataset to be a partition, found 2 that are none: x, y; add the partitions before the runs"
    )


@st.composite
def problems(draw):
    order = [f"set-{number}" for number in draw(st.permutations(range(draw(st.integers(0, 30)))))]
    chosen = draw(st.lists(st.sampled_from(order), unique=True)) if order else []
    return order, [(key, draw(st.integers(0, 120))) for key in chosen]


@given(problem=problems(), max_count=st.integers(1, 8), max_bytes=st.integers(1, 200), large_bytes=st.integers(1, 200))
def test_batches_cover_each_wanted_key_once_without_gaps_within_their_limits(
    problem, max_count, max_bytes, large_bytes
):
    order, wanted = problem
    sizes = dict(wanted)

    batches = contiguous_batches(order, wanted, max_count, max_bytes, large_bytes)

    assert [key for batch in batches for key in batch.keys] == [key for key in order if key in sizes]
    for batch in batches:
        start, end = order.index(batch.first_key), order.index(batch.last_key)
        assert tuple(order[start : end + 1]) == batch.keys
        assert batch.size_bytes == sum(sizes[key] for key in batch.keys)
        assert len(batch.keys) <= max_count
        assert batch.size_bytes <= max_bytes or len(batch.keys) == 1
        assert all(sizes[key] <= large_bytes for key in batch.keys) or len(batch.keys) == 1
    for one, following in itertools.pairwise(batches):
        is_neighbour = order.index(following.first_key) == order.index(one.last_key) + 1
        is_full = len(one.keys) == max_count or one.size_bytes + sizes[following.first_key] > max_bytes
        is_large = max(sizes[one.last_key], sizes[following.first_key]) > large_bytes
        assert is_full or is_large or not is_neighbour  # no more runs than the limits ask for


def test_a_run_key_names_the_datasets_and_the_moment():
    batch = Batch(("a", "b"), 2)
    others = [Batch(("a",), 1), Batch(("b", "a"), 2), Batch(("ab",), 2), Batch(("a", "b", "c"), 3)]

    assert run_key(batch, NOON) == run_key(Batch(("a", "b"), 99), NOON)
    assert len({run_key(batch, NOON), run_key(batch, LATER), *(run_key(other, NOON) for other in others)}) == 6
