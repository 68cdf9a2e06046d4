"""Sketches: of each set of shingles 256 samples, chosen so that two sets agree in as many as they are alike.

The fast similarity sketch (Dahlgaard, Knudsen and Thorup 2017): a round throws each shingle into one of 256 bins, and
a bin keeps the smallest number that falls into it. Bins that are still empty are filled by further rounds, with other
hashes. A thousand shingles need one round, where 256 permutations would look at each 256 times. As each bin asks the
rounds in order, which round fills it says nothing of the size of the set, and sets of any size can be compared.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.xxh3 import Hashes

BINS = 256
_ROUNDS = 16  # at most: 36 shingles are told as well as by 256 permutations, fewer a little worse
_AT_ONCE = 2**10  # sets: what is computed of them stays near the core
_EMPTY = np.uint32(2**32 - 1)
_BIN_SHIFT = np.uint32(24)  # the upper byte of a hash names its bin
# Odd numbers, as random as the digits of a hash: numpy's random numbers would cost each start 6 ms.
_FACTORS = np.array([xxh3_64_intdigest(b"round", seed) | 1 for seed in range(_ROUNDS)], dtype=np.uint64)

Samples = npt.NDArray[np.uint32]


def sketches(hashes: Hashes, offsets: Integers) -> Iterator[Samples]:
    """The samples of n sets, n × BINS, some sets at a time. Their lower bits are as good as random.

    hashes: of shingles, well mixed. offsets: where each set's begin, and the end of the last; none is empty.
    """
    for first in range(0, len(offsets) - 1, _AT_ONCE):
        some = offsets[first : first + _AT_ONCE + 1]
        yield _sketch(hashes[some[0] : some[-1]], np.diff(some))


def _sketch(hashes: Hashes, counts: Integers) -> Samples:
    samples = np.full((len(counts), BINS), _EMPTY, dtype=np.uint32)
    flat = samples.reshape(-1)
    first_bins, asked = np.repeat(np.arange(0, flat.size, BINS), counts), len(counts)
    bins, thrown = _throw(hashes, first_bins, _FACTORS[0])
    np.minimum.at(flat, bins, thrown)
    for factor in _FACTORS[1:]:
        is_open = samples == _EMPTY
        is_wanting = is_open.any(axis=1)
        if not (wanting := int(is_wanting.sum())):
            break
        if wanting < asked / 2:
            is_asked = np.repeat(is_wanting, counts)
            counts, hashes, first_bins, asked = counts * is_wanting, hashes[is_asked], first_bins[is_asked], wanting
        bins, thrown = _throw(hashes, first_bins, factor)
        falls_in = np.flatnonzero(is_open.reshape(-1).take(bins))
        np.minimum.at(flat, bins[falls_in], thrown[falls_in])
    _fill(samples)
    return samples


def _throw(hashes: Hashes, first_bins: Integers, factor: np.uint64) -> tuple[Integers, Samples]:
    """The bin of each hash among those of all sets, and its number there."""
    thrown = ((hashes * factor) >> np.uint64(32)).astype(np.uint32)
    return first_bins + (thrown >> _BIN_SHIFT), thrown


def _fill(samples: Samples) -> None:
    """What is empty after all rounds takes what the next full bin to its left has, around the corner."""
    is_empty = samples == _EMPTY
    rows = np.flatnonzero(is_empty.any(axis=1))
    left = np.maximum.accumulate(np.where(is_empty[rows], np.int16(-1), np.arange(BINS, dtype=np.int16)), axis=1)
    left = np.where(left < 0, left[:, -1:], left)
    samples[rows] = samples[rows[:, np.newaxis], left]
