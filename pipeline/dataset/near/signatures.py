"""Signatures: 128 bytes that tell how alike the shingles of two conversations are.

Of 256 samples of a conversation (`sketches.py`) four bits each are kept. Eight of them are one of 32 bands, a number of
32 bits; two conversations are compared when a band is equal. Finding the pairs is the work of `near_duplicates.py`.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.model.xxh3 import Hashes
from pipeline.dataset.near.shares import taken
from pipeline.dataset.near.shingles import shingles
from pipeline.dataset.near.sketches import BINS, Samples, sketches
from pipeline.dataset.reading.columns import Again, Columns

BANDS = 32
REPEATED, SINGLE, SIGNED = range(3)
# content: half of the hash of roles and turns. kind: REPEATED, with a content that the block had before; SINGLE, of one
# shingle, which is told beside it; or SIGNED, with the next record of the bands.
SIGNATURE = np.dtype(
    [
        ("row", "<i8"),
        ("line", "<i8"),
        ("offset", "<i8"),
        ("content", "<u8"),
        ("shingle", "<u8"),
        ("turn_count", "<u4"),
        ("kind", "<u4"),
    ]
)
SIGNED_BANDS = np.dtype([("bands", "<u4", BANDS)])
Signatures = npt.NDArray[np.void]
Bands = npt.NDArray[np.uint32]

_BITS = 4
_BY_CHANCE = 1 / (1 << _BITS)  # the share of samples that agree where nothing is shared


def signatures(columns: Columns, contents: Hashes) -> tuple[Signatures, Bands]:
    """One record for each conversation, in order, and the bands of those that are signed, n × BANDS.

    contents: 64 bits of the hash of each one's turns.
    """
    if columns.again is None:
        records, bands = _signatures(columns, contents)
    else:
        records, bands = _signatures_again(columns.again, contents)
    records["row"] = columns.rows
    records["line"] = columns.lines
    records["offset"] = columns.offsets
    return records, bands


def _signatures_again(again: Again, contents: Hashes) -> tuple[Signatures, Bands]:
    """Of rows that come again and again, each is signed where it first comes: in this order they stand."""
    firsts = np.unique(again.rows, return_index=True)[1]
    of_different, bands = _signatures(again.different, contents[firsts])
    records = taken(of_different, again.rows)
    is_again = np.ones(len(records), dtype=np.bool_)
    is_again[firsts] = False
    records["kind"][is_again] = REPEATED
    return records, bands


def _signatures(columns: Columns, contents: Hashes) -> tuple[Signatures, Bands]:
    """The records, without their places."""
    records = np.zeros(len(columns.ids), dtype=SIGNATURE)
    records["content"] = contents
    records["turn_count"] = columns.turn_counts
    is_new = np.zeros(len(records), dtype=np.bool_)
    is_new[np.unique(contents, return_index=True)[1]] = True
    kinds, of_first = np.zeros((2, len(records)), dtype=np.uint64)
    bands, done = [np.empty((0, BANDS), dtype=np.uint32)], 0
    for hashes, offsets in shingles(columns):
        of_piece = slice(done, done + len(offsets) - 1)
        is_single = np.diff(offsets) == 1
        kinds[of_piece] = np.where(is_new[of_piece], np.where(is_single, SINGLE, SIGNED), REPEATED)
        of_first[of_piece] = hashes[offsets[:-1]]
        signed = is_new[of_piece] & ~is_single
        if signed.any():
            bands += map(packed_samples, sketches(*_some(hashes, offsets, signed)))
        done = of_piece.stop
    records["kind"], records["shingle"] = kinds, of_first
    return records, np.concatenate(bands)


def bands_of(spill: Path) -> Path:
    """Where the bands of a file of signatures are kept: beside it."""
    return spill.with_suffix(".bands")


def _some(hashes: Hashes, offsets: Integers, chosen: Flags) -> tuple[Hashes, Integers]:
    """The shingles of some conversations, and where each one's begin and the last one's end."""
    if chosen.all():
        return hashes, offsets
    counts = np.diff(offsets)
    return hashes[np.repeat(chosen, counts)], np.append(0, np.cumsum(counts[chosen]))


def packed_samples(samples: Samples) -> Bands:
    """The lowest bits of all samples, end to end."""
    low_bits = samples.astype(np.uint8) & np.uint8(2**_BITS - 1)
    packed = low_bits[:, ::2] | low_bits[:, 1::2] << np.uint8(_BITS)
    return packed.view("<u4")


def agreements(left: Bands, right: Bands) -> npt.NDArray[np.int64]:
    """How many of the samples agree, for each pair of rows."""
    differ = left ^ right
    differ |= differ >> np.uint32(2)
    differ |= differ >> np.uint32(1)
    differ &= np.uint32(0x11111111)  # one bit for each four
    counts: npt.NDArray[np.int64] = BINS - np.bitwise_count(differ).sum(axis=1, dtype=np.int64)
    return counts


def jaccard(agreement_count: int) -> float:
    """The share of common shingles that so many agreements make likely; its standard error is at most 0.034."""
    return max(0.0, (agreement_count / BINS - _BY_CHANCE) / (1 - _BY_CHANCE))


def agreements_at(similarity: float) -> int:
    """How many agreements are to be expected of a Jaccard similarity."""
    return round(BINS * (similarity * (1 - _BY_CHANCE) + _BY_CHANCE))
