"""Counting flags before positions: the one trick that word counting and unescaping share."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def padded(size: int) -> int:
    """`size` rounded up to whole 64-bit words, with at least one place after the last flag."""
    return (size // 64 + 1) * 64


def count_before(flags: Flags, positions: Integers) -> Integers:
    """How many flags are set before each position; flags: `padded` long.

    Bits and popcounts: eight times less memory traffic than a running sum over all flags.
    """
    return bits_before(np.packbits(flags, bitorder="little").view("<u8"), positions)


def bits_before(bits: npt.NDArray[np.uint64], positions: Integers) -> Integers:
    """How many bits are set before each position; there is at least one more bit than the last position."""
    before = np.zeros(len(bits) + 1, dtype=np.int64)
    np.cumsum(np.bitwise_count(bits), out=before[1:])
    word, bit = positions >> 6, (positions & 63).astype(np.uint64)
    below = bits[word] & ((np.uint64(1) << bit) - np.uint64(1))
    counts: Integers = before[word] + np.bitwise_count(below)
    return counts
