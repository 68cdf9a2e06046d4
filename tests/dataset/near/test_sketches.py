"""Sketches find what is alike as 256 permutations would, whatever the size of the sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import sketches as module
from pipeline.dataset.near.alike import LEAST_AGREEMENTS
from pipeline.dataset.near.signatures import agreements, jaccard, packed_samples
from pipeline.dataset.near.sketches import BINS, sketches

sizes = st.lists(st.sampled_from([1, 2, 3, 10, 150, 1_000]), max_size=8)


def pairs_of(size: int, similarity: float, count: int) -> np.ndarray:
    """Random sets of a size, those at 2n and 2n + 1 with such a Jaccard similarity, as hashes of shingles."""
    rng = np.random.default_rng(size)
    common = round(2 * size * similarity / (1 + similarity))
    shared = rng.integers(2**64, size=(count, 1, common), dtype=np.uint64).repeat(2, axis=1)
    own = rng.integers(2**64, size=(count, 2, size - common), dtype=np.uint64)
    return np.concatenate([shared, own], axis=2).reshape(2 * count, size)


def bands_of(sets: np.ndarray) -> np.ndarray:
    return np.concatenate(
        [packed_samples(each) for each in sketches(sets.ravel(), np.arange(len(sets) + 1) * sets.shape[1])]
    )


@pytest.mark.parametrize(
    ("size", "similarity", "least", "most"),
    [
        *[(150, 0.5, 0, 0), (150, 0.7, 0, 0.04), (150, 0.8, 0.99, 1), (150, 0.85, 0.999, 1), (150, 0.9, 1, 1)],
        *[(996, 0.5, 0, 0), (996, 0.7, 0, 0.045), (996, 0.8, 0.98, 1), (996, 0.85, 0.999, 1), (996, 0.9, 1, 1)],
        *[(36, 0.5, 0, 0), (36, 0.7, 0, 0.10), (36, 0.8, 0.98, 1), (36, 0.9, 0.999, 1)],
        *[(12, 0.5, 0, 0), (12, 0.7, 0, 0.20), (12, 0.85, 0.99, 1)],
    ],
)
def test_pairs_are_found_by_their_similarity(size, similarity, least, most):
    """Found: the pair agrees in a band, so that it is compared, and in samples enough."""
    bands = bands_of(pairs_of(size, similarity, 2_000))

    left, right = bands[::2], bands[1::2]
    is_found = (left == right).any(axis=1) & (agreements(left, right) >= LEAST_AGREEMENTS)

    assert least <= is_found.mean() <= most


@pytest.mark.parametrize("size", [2, 12, 36, 150, 400, 996])
def test_the_estimate_has_no_bias_and_scatters_as_that_of_permutations(size):
    """Of 256 independent samples of four bits it would be 0.026."""
    sets = pairs_of(size, 0.8, 2_000)
    true = len(np.intersect1d(sets[0], sets[1])) / len(np.union1d(sets[0], sets[1]))

    bands = bands_of(sets)
    errors = np.array([jaccard(count) for count in agreements(bands[::2], bands[1::2]).tolist()]) - true

    assert abs(errors.mean()) <= 0.004
    assert errors.std() <= (0.027 if size >= 36 else 0.055)


@given(counts=sizes, at_once=st.integers(1, 5))
def test_a_set_has_the_same_samples_whatever_others_stand_beside_it(counts, at_once):
    rng = np.random.default_rng(len(counts))
    sets = [rng.integers(2**64, size=count, dtype=np.uint64) for count in counts]
    offsets = np.cumsum([0, *counts])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_AT_ONCE", at_once)

        together = [
            row.tolist() for some in sketches(np.concatenate([np.empty(0, np.uint64), *sets]), offsets) for row in some
        ]

    alone = [next(sketches(each, np.array([0, len(each)])))[0].tolist() for each in sets]
    assert together == alone
    assert all(len(row) == BINS and 2**32 - 1 not in row for row in together)


def test_repeats_in_a_set_make_no_difference():
    once = np.random.default_rng(0).integers(2**64, size=40, dtype=np.uint64)
    both = np.concatenate([once, once, once, once])

    one, other = (next(sketches(each, np.array([0, len(each)]))) for each in (once, both))

    assert one.tolist() == other.tolist()
