"""Clusters are what is connected, named by their smallest row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near.forest import Forest

rows = st.integers(0, 19)


def smallest_connected(pairs: list[tuple[int, int]]) -> list[int]:
    names = list(range(20))
    for left, right in pairs:
        joined = {names[left], names[right]}
        names = [min(joined) if name in joined else name for name in names]
    return names


@given(batches=st.lists(st.lists(st.tuples(rows, rows), max_size=25), max_size=4))
def test_clusters_are_those_of_one_pair_after_the_other(batches):
    forest = Forest(20)

    for pairs in batches:
        left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        forest.join(left, right)

    expected = smallest_connected([pair for pairs in batches for pair in pairs])
    assert forest.all_roots().tolist() == expected
    asked = np.arange(20)
    assert forest.are_apart(asked, asked[::-1]).tolist() == [expected[i] != expected[19 - i] for i in range(20)]


def test_a_long_chain_is_one_cluster():
    forest = Forest(100_000)

    forest.join(np.arange(99_999), np.arange(1, 100_000))

    assert not forest.all_roots().any()
