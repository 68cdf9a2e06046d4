"""Finds numbers that 64 bits do not hold: readers of JSON in Python take them, and tables cannot.

A block is looked at as bytes; only rows in which such a number may stand are read again, number by number.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.model.printable import printable

# Behind a colon, a comma or a bracket, where numbers stand; the same in a text is sorted out when the row is read.
_MAY_BE = r"[:,\[]\s*-?[0-9]{19}|[:,\[]\s*-?[0-9.]+[eE]\+?[0-9]{3}"
_SHOWN_DIGITS = 40
_LEAST_DIGITS = 19  # of a whole number of more than 64 bits
_SLICE_BYTES = 2**18  # a slice and its flags stay in a core's cache
_SHARED_BYTES = 32  # of two slices: more than what is looked for
_MOST_DIGITS = 310  # more are no double; Python would take long for them
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class LargeNumber:
    """A number and its place."""

    path: str
    """JSON path in the row."""
    digits: str
    """As it stands, cut."""


@dataclass(frozen=True, slots=True)
class LargeNumbers:
    """The first numbers of a row that no double holds, and that are whole and no 64-bit integer holds."""

    no_double: LargeNumber | None = None
    no_integer: LargeNumber | None = None


_NONE = LargeNumbers()


def large_numbers(block: Block, indexes: Integers) -> dict[int, LargeNumbers]:
    """Those of each accepted row that has any, by its number among the accepted ones.

    indexes: of the rows in the block.
    """
    if not _may_hold_any(np.frombuffer(block.data, dtype=np.uint8)):
        return {}
    import pyarrow.compute as pc  # 25 ms, and few files need it

    lines = column_of(block.data, block.starts)
    may_be = pc.match_substring_regex(lines, _MAY_BE).to_numpy(zero_copy_only=False)[indexes]
    numbers = np.flatnonzero(may_be)
    told = lines.take(pa.array(indexes[numbers])).dictionary_encode()
    of_texts = list(map(_of_row, told.dictionary.to_pylist()))
    of_rows = zip(numbers.tolist(), told.indices.to_pylist(), strict=True)
    return {number: of_texts[text] for number, text in of_rows if of_texts[text] != _NONE}


def _may_hold_any(data: Bytes) -> bool:
    """Whether nineteen digits stand together, but for those of a fraction, or an exponent of three stands anywhere.

    Both have three digits in a row, and few texts do: those are looked for, and what is around them.
    """
    digits, flags = np.empty(_SLICE_BYTES, dtype=np.uint8), np.empty(_SLICE_BYTES, dtype=np.bool_)
    for start in range(0, len(data), _SLICE_BYTES - _SHARED_BYTES):
        piece = data[start : start + _SLICE_BYTES]
        is_digit = np.less(np.subtract(piece, ord("0"), out=digits[: len(piece)]), 10, out=flags[: len(piece)])
        threes = np.flatnonzero(is_digit[2:] & is_digit[1:-1] & is_digit[:-2])
        if len(threes) and _holds_any(data, threes + start, start):
            return True
    return False


def _holds_any(data: Bytes, threes: Integers, start: int) -> bool:
    """threes: where three digits stand, in the slice from `start` on."""
    begins = np.flatnonzero(np.diff(threes, prepend=-2) != 1)
    firsts, lengths = threes[begins], np.diff(begins, append=len(threes)) + 2
    before = data[np.maximum(firsts - 1, 0)]
    mark = np.where(before == ord("+"), firsts - 2, firsts - 1)
    if (((data[mark] | 32) == ord("e")) & _is_digit(data[mark - 1])).any():
        return True
    is_whole = (lengths >= _LEAST_DIGITS) & (before != ord("."))
    if start > 0 and firsts[0] == start and _is_digit(before[:1]).all():
        is_whole[0] = False  # begins in the slice before, which has seen enough of it
    return bool(is_whole.any())


def _is_digit(data: Bytes) -> Flags:
    return (data - ord("0")) < 10


class _Digits(str):
    """A number as it stands in the text."""

    __slots__ = ()


_decode = json.JSONDecoder(parse_int=_Digits, parse_float=_Digits).decode


def _of_row(text: bytes) -> LargeNumbers:
    no_double = no_integer = None
    try:
        for path, digits in _numbers(_decode(text.decode("utf-8-sig")), "$"):
            is_whole = digits.removeprefix("-").isdecimal()
            if isinf(float(digits)):
                no_double = no_double or LargeNumber(path, printable(digits, _SHOWN_DIGITS))
            elif is_whole and len(digits) <= _MOST_DIGITS and int(digits) not in _INTEGERS:
                no_integer = no_integer or LargeNumber(path, printable(digits, _SHOWN_DIGITS))
    except (ValueError, RecursionError):  # nested deeper than what is read of a row
        pass
    return LargeNumbers(no_double, no_integer)


def _numbers(value: Any, path: str) -> Iterator[tuple[str, _Digits]]:
    if isinstance(value, _Digits):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{printable(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}[{index}]")
