"""Tells apart at once what many lines are, as far as their ends and their digits say it: blank, no JSON, or a number.

A megabyte can be a hundred thousand lines, no two of them alike. What is told here needs no look at one by itself
(`each_line.py`) until somebody wants its words.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.formats.brackets import stripped
from pipeline.dataset.model.bit_flags import Flags, Integers, bits_before, packed

_DIGITS = b"0123456789"
_INT64_DIGITS = 18  # so many always fit

# By the first and the last byte of a text without white space around it: whether it may be JSON.
_MAY_BE_JSON = np.zeros((256, 256), dtype=np.bool_)
for _first, _last in (b"{}", b"[]", b'""', b"te", b"fe", b"nl"):
    _MAY_BE_JSON[_first, _last] = True
for _digit in _DIGITS:
    _MAY_BE_JSON[[*_DIGITS, ord("-")], _digit] = True


@dataclass(frozen=True, slots=True)
class Glance:
    """Of each row, whether it is blank, cannot be JSON, or is a whole number. At most one holds; of many none does."""

    is_blank: Flags
    is_malformed: Flags
    is_number: Flags


def glance(block: Block, rows: Integers, short_bytes: int, *, is_utf8: bool) -> Glance:
    """What the lines are at a glance.

    rows: of the block. short_bytes: longer lines may have another fault, which would be told instead. is_utf8: whether
    all of the block is; if not, only lines of ASCII are looked at.
    """
    data = np.frombuffer(block.data, dtype=np.uint8)
    starts, stops = block.starts[rows], block.starts[rows + 1]
    sizes = stops - starts
    begins, ends = stripped(data, starts, stops)
    is_told = sizes <= short_bytes
    if not is_utf8:
        is_told &= _count_of(data >= 0x80, starts, stops) == 0
    is_blank = is_told & (begins == ends)
    is_told &= begins < ends
    firsts = data[np.minimum(begins, len(data) - 1)]
    is_malformed = is_told & ~_MAY_BE_JSON[firsts, data[ends - 1]]
    lengths = ends - begins
    is_whole = _count_of((data >= ord("0")) & (data <= ord("9")), begins, ends) == lengths
    is_number = is_told & is_whole & (lengths <= _INT64_DIGITS) & ((firsts != ord("0")) | (lengths == 1))
    return Glance(is_blank, is_malformed, is_number)


def _count_of(flags: Flags, begins: Integers, ends: Integers) -> Integers:
    """How many flags are set between each beginning and end."""
    bits = packed(flags)
    counts: Integers = bits_before(bits, ends) - bits_before(bits, begins)
    return counts
