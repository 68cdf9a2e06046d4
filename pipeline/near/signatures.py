"""Signatures: 128 bytes that tell how alike the shingles of two conversations are.

MinHash with 256 permutations, of which four bits each are kept. Eight of them are one of 32 bands, a number of 32
bits; two conversations are compared when a band is equal. Finding the pairs is the work of `near_duplicates.py`.
"""

from itertools import chain

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

from pipeline.conversations.columns import Columns
from pipeline.near.shingles import Hashes, shingles

BANDS = 32
# content: half of the hash of roles and turns; bands: the signature.
SIGNATURE = np.dtype(
    [
        ("row", "<i8"),
        ("line", "<i8"),
        ("offset", "<i8"),
        ("content", "<u8"),
        ("turn_count", "<u4"),
        ("bands", "<u4", BANDS),
    ]
)
Signatures = npt.NDArray[np.void]
Bands = npt.NDArray[np.uint32]

_BITS = 4
_PER_BAND = 32 // _BITS
PERMUTATIONS = BANDS * _PER_BAND
_BY_CHANCE = 1 / (1 << _BITS)  # the share of permutations that agree where nothing is shared
_SEED = 1


def signatures(columns: Columns, contents: Hashes) -> Signatures:
    """One record for each conversation, in order. contents: 64 bits of the hash of each one's turns."""
    records = np.empty(len(columns.ids), dtype=SIGNATURE)
    records["row"] = columns.rows
    records["line"] = columns.lines
    records["offset"] = columns.offsets
    records["content"] = contents
    records["turn_count"] = columns.turn_counts
    done = 0
    for hashes, offsets in shingles(columns):
        count = len(offsets) - 1
        records["bands"][done : done + count] = _bands(hashes, offsets)
        done += count
    return records


def _bands(hashes: Hashes, offsets: Hashes) -> Bands:
    rows = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, _SEED).to_rows()
    minima = np.fromiter(chain.from_iterable(rows), dtype=np.uint32, count=len(rows) * PERMUTATIONS)
    low_bits = (minima & np.uint32(2**_BITS - 1)).reshape(-1, _PER_BAND)
    places = np.arange(0, 32, _BITS, dtype=np.uint32)
    return np.sum(low_bits << places, axis=1, dtype=np.uint32).reshape(-1, BANDS)


def agreements(left: Bands, right: Bands) -> npt.NDArray[np.int64]:
    """How many of the permutations agree, for each pair of rows."""
    differ = left ^ right
    differ |= differ >> np.uint32(2)
    differ |= differ >> np.uint32(1)
    differ &= np.uint32(0x11111111)  # one bit for each four
    counts: npt.NDArray[np.int64] = PERMUTATIONS - np.bitwise_count(differ).sum(axis=1, dtype=np.int64)
    return counts


def jaccard(agreement_count: int) -> float:
    """The share of common shingles that so many agreements make likely; its standard error is at most 0.034."""
    return max(0.0, (agreement_count / PERMUTATIONS - _BY_CHANCE) / (1 - _BY_CHANCE))


def agreements_at(similarity: float) -> int:
    """How many agreements are to be expected of a Jaccard similarity."""
    return round(PERMUTATIONS * (similarity * (1 - _BY_CHANCE) + _BY_CHANCE))
