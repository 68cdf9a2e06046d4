"""Batches cover what is wanted, nothing else, and keep to their limits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.flow.batches import Batch, Wanted, batch_keys, contiguous_batches, run_key
from tests.state.catalog.examples import LATER, NOON


def batched(order, wanted, max_count, max_bytes, large_bytes):
    """Datasets that are partitions of their own."""
    asked = [Wanted(key, key, size_bytes) for key, size_bytes in wanted]
    batches = contiguous_batches(order, asked, max_count, max_bytes, large_bytes)
    assert all(batch.keys == batch.dataset_ids for batch in batches)
    return batches


def one(keys, size_bytes):
    return Batch(keys, keys, size_bytes)


def test_a_gap_in_the_partition_order_begins_a_new_batch():
    batches = batched("abcdefg", [("g", 1), ("a", 1), ("b", 2), ("d", 3)], max_count=10, max_bytes=100, large_bytes=100)

    assert batches == [one(("a", "b"), 3), one(("d",), 3), one(("g",), 1)]
    assert (batches[0].first_key, batches[0].last_key) == ("a", "b")


def test_batches_are_closed_at_the_count_and_at_the_bytes_and_a_giant_goes_alone():
    wanted = [("a", 1), ("b", 1), ("c", 1), ("d", 60), ("e", 60), ("f", 500), ("g", 1)]

    batches = batched(dict.fromkeys("abcdefg"), wanted, max_count=2, max_bytes=100, large_bytes=100)

    assert batches == [
        one(("a", "b"), 2),
        one(("c", "d"), 61),
        one(("e",), 60),
        one(("f",), 500),
        one(("g",), 1),
    ]


def test_a_large_dataset_goes_alone_however_few_bytes_are_asked_for():
    """Those before it and those after it do not wait for it."""
    wanted = [("a", 1), ("b", 10), ("c", 11), ("d", 11), ("e", 1), ("f", 1)]

    batches = batched("abcdef", wanted, max_count=200, max_bytes=1_000, large_bytes=10)

    assert [batch.keys for batch in batches] == [("a", "b"), ("c",), ("d",), ("e", "f")]


def test_nothing_wanted_gives_no_batches():
    assert batched("abc", [], max_count=1, max_bytes=1, large_bytes=1) == []


def test_a_dataset_that_is_no_partition_is_refused_by_name():
    with pytest.raises(UsageError) as refusal:
        batched("abc", [("b", 1), ("y", 1), ("x", 1)], max_count=9, max_bytes=9, large_bytes=9)

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

    batches = batched(order, wanted, max_count, max_bytes, large_bytes)

    assert [key for batch in batches for key in batch.keys] == [key for key in order if key in sizes]
    for batch in batches:
        start, end = order.index(batch.first_key), order.index(batch.last_key)
        assert tuple(order[start : end + 1]) == batch.keys
        assert batch.size_bytes == sum(sizes[key] for key in batch.keys)
        assert len(batch.keys) <= max_count
        assert batch.size_bytes <= max_bytes or len(batch.keys) == 1
        assert all(sizes[key] <= large_bytes for key in batch.keys) or len(batch.keys) == 1
    for former, following in itertools.pairwise(batches):
        is_neighbour = order.index(following.first_key) == order.index(former.last_key) + 1
        is_full = len(former.keys) == max_count or former.size_bytes + sizes[following.first_key] > max_bytes
        is_large = max(sizes[former.last_key], sizes[following.first_key]) > large_bytes
        assert is_full or is_large or not is_neighbour  # no more runs than the limits ask for


def test_a_run_key_names_the_datasets_and_the_moment():
    batch = one(("a", "b"), 2)
    others = [one(("a",), 1), one(("b", "a"), 2), one(("ab",), 2), one(("a", "b", "c"), 3)]

    assert run_key(batch, NOON) == run_key(one(("a", "b"), 99), NOON)
    assert len({run_key(batch, NOON), run_key(batch, LATER), *(run_key(other, NOON) for other in others)}) == 6


def test_datasets_that_share_a_partition_have_a_run_of_those_that_are_wanted():
    """What is tried alone has a run of its own over the same partition."""
    wanted = [Wanted("b", "b1", 1), Wanted("c", "c", 1), Wanted("b", "b2", 1), Wanted("e", "e1", 1)]

    together = contiguous_batches("abcde", wanted, 10, 100, 100)
    alone = contiguous_batches("abcde", wanted[:3], 1, 100, 100)

    assert together == [Batch(("b", "c"), ("b1", "b2", "c"), 3), Batch(("e",), ("e1",), 1)]
    assert [(each.keys, each.dataset_ids) for each in alone] == [
        (("b",), ("b1",)), (("b",), ("b2",)), (("c",), ("c",))
    ]  # fmt: skip


def test_batches_are_numbered_through_an_hour():
    first = batch_keys(None, NOON, 2)

    assert first == ["2026-03-01T12-0001", "2026-03-01T12-0002"]
    assert batch_keys(first[-1], NOON, 1) == ["2026-03-01T12-0003"]
    assert batch_keys("2026-03-01T12-9998", NOON, 3) == ["2026-03-01T12-9999"] * 3
