"""Near-duplicates stay on one side, and a side depends on what is in a file, not on where."""

from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near.clusters import Clusters
from pipeline.dataset.near.near_duplicates import find_near_duplicates
from pipeline.dataset.profiles.splits import Split, SplitRules, split
from pipeline.state.lake.schemas import SPLITS
from tests.dataset.near.examples import clusters_with, jaccard_of, spill, variants

HALF = SplitRules(validation_share=0.5, min_conversations=0)


def clusters_of(rows: list[tuple[int, int]], first_line: int = 1) -> Clusters:
    """rows: of each conversation, the number of its cluster and its content hash."""
    numbers = [number for number, _ in rows]
    return clusters_with(
        [numbers.index(number) for number in numbers],
        row=np.arange(first_line, first_line + len(rows)),
        content=np.array([content for _, content in rows], dtype=np.uint64),
        turn_count=3,
    )


def validation_of(rows: list[tuple[int, int]], rules: SplitRules | None = None) -> set[tuple[int, int]]:
    return {
        row for row, is_chosen in zip(rows, split(clusters_of(rows), rules).is_validation, strict=True) if is_chosen
    }


hashes = st.integers(0, 2**64 - 1)
clustered = st.lists(st.tuples(st.integers(0, 9), hashes), max_size=30, unique_by=lambda row: row[1])
alone = st.lists(hashes, max_size=60, unique=True).map(lambda listed: [(content, content) for content in listed])


@given(rows=clustered, share=st.floats(0, 1), limit=st.integers(0, 20))
def test_clusters_stay_together_and_no_more_are_taken_than_wanted(rows, share, limit):
    rules = SplitRules(share, limit, min_conversations=10)

    made = split(clusters_of(rows, first_line=5), rules)

    sides = set(zip(made.clusters.clusters.tolist(), made.is_validation.tolist(), strict=True))
    assert len(sides) == len({number for number, _ in rows})
    taken = int(made.is_validation.sum())
    assert taken <= (0 if len(rows) < 10 else min(len(rows) * share, limit))
    assert made.validation_conversations == taken
    assert made.train_conversations == len(rows) - taken
    assert (made.train_turns, made.validation_turns) == (3 * (len(rows) - taken), 3 * taken)


@given(rows=clustered, order=st.randoms())
def test_neither_order_nor_lines_matter(rows, order):
    shuffled = list(rows)
    order.shuffle(shuffled)

    assert validation_of(rows, HALF) == validation_of(shuffled, HALF)


@given(rows=alone, added=alone)
def test_rows_that_join_no_cluster_exchange_no_two_old_ones(rows, added):
    """The old rows in validation before and after: one set holds the other."""
    before = validation_of(rows, HALF)

    after = validation_of([*rows, *(row for row in added if row not in rows)], HALF) & set(rows)

    assert before <= after or after <= before


@given(rows=st.lists(hashes, min_size=40, max_size=60, unique=True), place=st.integers(0, 39), data=st.data())
def test_a_copy_with_a_larger_hash_leaves_its_cluster_where_it_was(rows, place, data):
    """The copy takes the room of the last one; when that is the cluster itself, it makes room for the next."""
    listed = [(content, content) for content in rows]
    twin = (rows[place], data.draw(st.integers(rows[place], 2**64 - 1)))
    rules = SplitRules(validation_share=1.0, max_validation_conversations=20, min_conversations=0)
    before = validation_of(listed, rules)

    after = validation_of([*listed, twin], rules)

    lost, gained = before - after, after - before - {twin}
    assert (listed[place] in after) == (twin in after)
    if listed[place] in before:
        assert (len(lost), len(gained)) in ((1, 0), (1, 1), (0, 0))
    else:
        assert (lost, gained) == (set(), set())


@pytest.mark.parametrize(
    ("conversation_count", "expected"), [(0, 0), (49, 0), (50, 2), (1_000, 50), (10_000, 500), (1_000_000, 500)]
)
def test_a_twentieth_is_kept_for_validation_up_to_500_and_none_of_few(conversation_count, expected):
    contents = np.random.default_rng(0).permutation(conversation_count)

    made = split(clusters_of_singles(contents))

    assert made.validation_conversations == expected


def clusters_of_singles(contents) -> Clusters:
    return clusters_with(np.arange(len(contents)), content=contents.astype(np.uint64))


def test_large_clusters_are_not_preferred():
    """A thousand clusters of one and a thousand of five: about as many of each are taken."""
    rng = np.random.default_rng(0)
    roots = np.concatenate([np.arange(1_000), 1_000 + np.repeat(np.arange(0, 5_000, 5), 5)]).astype(np.int32)
    contents = rng.integers(0, 2**64, 6_000, dtype=np.uint64)

    made = split(
        clusters_with(roots, content=contents),
        SplitRules(validation_share=0.5, max_validation_conversations=6_000),
    )

    ones = int(made.is_validation[:1_000].sum())
    fives = int(made.is_validation[1_000:].sum()) // 5
    assert (ones + 5 * fives, ones, fives) == (3_000, pytest.approx(500, abs=60), pytest.approx(500, abs=60))


def test_a_cluster_larger_than_what_is_wanted_is_for_training():
    rows = [(0, content) for content in range(90)] + [(content, content) for content in range(100, 110)]

    made = split(clusters_of(rows))

    assert made.validation_conversations == 5
    assert not made.is_validation[:90].any()


def test_the_table_holds_a_row_for_each_conversation():
    clusters = clusters_with([0, 1, 0], row=[1, 3, 4], line=[1, 1, 2])
    made = Split(clusters, np.array([False, True, False]), 2, 1, 6, 3)

    table = pa.Table.from_batches(made.batches())

    assert table.schema == SPLITS
    assert table.to_pydict() == {
        "row": [1, 3, 4],
        "line": [1, 1, 2],
        "split": ["train", "validation", "train"],
        "cluster": [1, 3, 1],
    }


@given(listed=variants())
def test_no_near_duplicate_is_shared_between_training_and_validation(listed):
    """By the plain definition: no pair with a Jaccard similarity of 0.85 lies across the split."""
    with TemporaryDirectory() as folder:
        made = split(find_near_duplicates(spill(Path(folder), listed)).clusters, HALF)

    across = [
        (left, right)
        for left, right in combinations(range(len(listed)), 2)
        if made.is_validation[left] != made.is_validation[right]
    ]
    assert [pair for pair in across if jaccard_of(listed[pair[0]], listed[pair[1]]) >= 0.85] == []
