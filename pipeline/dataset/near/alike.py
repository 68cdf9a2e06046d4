"""Which conversations are nearly alike by some of their bands: all of them, or those that one worker is given.

What is alike in one band is joined as in any other, so the clusters of a file are those of its bands put together, in
any order and however often one is looked through. In memory are 5 bytes a signed conversation and about 100 MB; where
all agree in a band, 16 bytes more.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.candidates import Pairs, candidates
from pipeline.dataset.near.forest import Forest
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.shares import Array
from pipeline.dataset.near.signatures import BANDS, agreements, agreements_at

THRESHOLD = 0.8
# The estimate scatters by about 0.02. Asked for a little less, it finds 99 % of the pairs at the threshold, all above
# 0.85, and 3 % of those at 0.70 (tests/benchmarks/near_duplicates.py).
LEAST_AGREEMENTS = agreements_at(THRESHOLD - 0.05)
COMPARED_PAIRS = 50_000  # at a time: about 30 MB

Firsts = npt.NDArray[np.int32]  # of each row, the first that it is like


def roots_by_bands(bands: Records, is_asked: Flags, folder: Path, numbers: range = range(BANDS)) -> Firsts:
    """Of each row, the first that it is nearly alike by these bands, by way of others or not; itself where it is none.

    bands: of dtype SIGNED_BANDS. folder: for files that disappear.

    Raises:
        LakeError: the disk is full.
    """
    forest = Forest(len(bands))
    for earlier, later in _gathered(candidates(bands, is_asked, folder, numbers)):
        are_apart = forest.are_apart(earlier, later)
        earlier, later = earlier[are_apart], later[are_apart]
        if len(earlier):
            is_alike = agreements_of(bands, earlier, later) >= LEAST_AGREEMENTS
            forest.join(earlier[is_alike], later[is_alike])
    return forest.all_roots()


def _gathered(found: Iterable[Pairs]) -> Iterator[Pairs]:
    """The pairs, up to COMPARED_PAIRS at a time: few of them touch nearly as much of the disk as many."""
    held: list[Pairs] = []
    count = 0
    for earlier, later in _cut(found):
        if count + len(earlier) > COMPARED_PAIRS:
            yield _end_to_end(held)
            held, count = [], 0
        held.append((earlier, later))
        count += len(earlier)
    if held:
        yield _end_to_end(held)


def _cut(found: Iterable[Pairs]) -> Iterator[Pairs]:
    for earlier, later in found:
        for begin in range(0, len(earlier), COMPARED_PAIRS):
            yield earlier[begin : begin + COMPARED_PAIRS], later[begin : begin + COMPARED_PAIRS]


def _end_to_end(held: list[Pairs]) -> Pairs:
    return np.concatenate([earlier for earlier, _ in held]), np.concatenate([later for _, later in held])


def agreements_of(bands: Records, earlier: Integers, later: Integers) -> Integers:
    """How many samples agree of each row and the one beside it."""
    both = taken_in_any_order(bands, np.concatenate([earlier, later]))["bands"]
    return agreements(both[: len(earlier)], both[len(earlier) :])


def taken_in_any_order(records: Records, rows: Integers) -> Array:
    """The records of the rows, in their order, as often as each is named."""
    distinct, places = np.unique(rows, return_inverse=True)
    return records.take(distinct)[places]
