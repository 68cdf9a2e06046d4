"""Which conversations are to be compared: those that agree in a band of their signatures.

Each is compared with the first and the next before it that share the band, so a million alike take no longer than a
million unlike would. Some bands are looked at at a time; where these are too many, they go to disk by what they hold.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.shares import Array, handed_out
from pipeline.dataset.near.signatures import BANDS

SHARE_KEYS = 2**19  # held at a time, about 25 MB with what is made of them
_BANDS_AT_ONCE = 4  # at least: the records are read once for them
_CHUNKS_AT_ONCE = 16
# A band and its row are one number, so that sorting needs no second array: above the band's own number and what it
# holds, below the row. Files of more than 134 million rows need the bits of the band's number for the row.
_ROW_BITS, _MANY_ROW_BITS = 27, 32
_HELD_BITS = 32
_KEYED = np.dtype([("keyed", "<u8")])

Pairs = tuple[Integers, Integers]  # the earlier rows and the later rows beside them


def candidates(bands: Records, is_asked: Flags, folder: Path, numbers: range = range(BANDS)) -> Iterator[Pairs]:
    """Pairs that agree in one of these bands, some of them more than once. folder: for files that disappear.

    Raises:
        LakeError: the disk is full.
    """
    asked_count = int(is_asked.sum())
    row_bits = np.uint64(_ROW_BITS if len(bands) <= 1 << _ROW_BITS else _MANY_ROW_BITS)
    at_once = min(max(SHARE_KEYS // max(asked_count, 1), _BANDS_AT_ONCE), BANDS) if row_bits == _ROW_BITS else 1
    for first in range(numbers.start, numbers.stop, at_once):
        keyed = _keyed(bands, slice(first, min(first + at_once, numbers.stop)), is_asked, row_bits)
        for share in handed_out(
            keyed, lambda some: some["keyed"] >> row_bits, asked_count * at_once, SHARE_KEYS, folder
        ):
            yield from _pairs(np.sort(np.concatenate([np.empty(0, dtype=_KEYED), *share]).view("<u8")), row_bits)


def _keyed(bands: Records, numbers: slice, is_asked: Flags, row_bits: np.uint64) -> Iterator[Array]:
    """One for each row that is asked for and each of these bands."""
    above = np.arange(numbers.stop - numbers.start, dtype=np.uint64) << np.uint64(_HELD_BITS)
    some = [np.empty(0, dtype=_KEYED)]
    for first, chunk in bands.chunks(is_asked):
        rows = np.flatnonzero(is_asked[first : first + len(chunk)])
        keys = (chunk["bands"][rows, numbers] | above) << row_bits
        keys |= (rows + first).astype(np.uint64)[:, np.newaxis]
        some.append(keys.ravel().view(_KEYED))
        if len(some) > _CHUNKS_AT_ONCE:
            yield np.concatenate(some)
            some = some[:1]
    yield np.concatenate(some)


def _pairs(ordered: npt.NDArray[np.uint64], row_bits: np.uint64) -> Iterator[Pairs]:
    """The pairs of a share, some at a time: one band that all have is in one share, however many there are."""
    first: int | None = None  # of the rows that have the key with which the last piece ended
    for begin in range(0, len(ordered) - 1, SHARE_KEYS):
        piece = ordered[begin : begin + SHARE_KEYS + 1]
        rows = (piece & np.uint64((1 << int(row_bits)) - 1)).astype(np.int64)
        keys = piece >> row_bits
        with_first, with_next = first_and_next(rows, keys, first)
        yield with_first
        yield with_next
        first = int(with_first[0][-1] if keys[-1] == keys[-2] else rows[-1])


def first_and_next(rows: Integers, keys: npt.NDArray[np.uint64], first: int | None = None) -> tuple[Pairs, Pairs]:
    """Each row that shares its key with an earlier one, with the first such row; and with the next before it.

    rows: beside their keys, which ascend; ascending where keys are equal. first: the first row that shares the key of
    rows[0], where it is an earlier one.
    """
    tied = np.flatnonzero(keys[1:] == keys[:-1])
    is_first = np.diff(tied, prepend=-2) != 1
    first_rows = rows[tied[is_first]]
    firsts_at = np.cumsum(is_first) - 1
    if first is not None and len(tied) and tied[0] == 0:
        is_first[0] = first_rows[0] == first
        first_rows[0] = first
    befores = tied[~is_first]
    return (first_rows[firsts_at], rows[tied + 1]), (rows[befores], rows[befores + 1])
