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
from pipeline.dataset.model.bit_flags import Bytes, Integers
from pipeline.dataset.model.printable import printable

# Behind a colon, a comma or a bracket, where numbers stand; the same in a text is sorted out when the row is read.
_MAY_BE = r"[:,\[]\s*-?[0-9]{19}|[:,\[]\s*-?[0-9.]+[eE]\+?[0-9]{3}"
_SHOWN_DIGITS = 40
_LEAST_DIGITS = 19  # of a whole number of more than 64 bits
_AT_ONCE = 65_536  # places looked at together: some 30 MB of memory
_MOST_DIGITS = 310  # more are no double; Python would take long for them
_INTEGERS = range(-(2**63), 2**63)
_HIGH, _TENS, _SIX = (np.uint64(int(digits * 8, 16)) for digits in ("f0", "30", "06"))


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


def large_numbers(block: Block, indexes: Integers) -> dict[int, LargeNumbers]:
    """Those of each accepted row that has any, by its number among the accepted ones.

    indexes: of the rows in the block.
    """
    if not _may_hold_any(np.frombuffer(block.data, dtype=np.uint8)):
        return {}
    import pyarrow.compute as pc  # 25 ms, and few files need it

    buffers = [None, pa.py_buffer(block.starts), pa.py_buffer(block.data)]
    lines = pa.Array.from_buffers(pa.large_binary(), block.line_count, buffers)
    may_be = pc.match_substring_regex(lines, _MAY_BE).to_numpy(zero_copy_only=False)[indexes]
    found = {}
    for number in np.flatnonzero(may_be).tolist():
        numbers = _of_row(lines[int(indexes[number])].as_py())
        if numbers != LargeNumbers():
            found[number] = numbers
    return found


def _may_hold_any(data: Bytes) -> bool:
    """Whether nineteen digits stand together, but for those of a fraction, or an exponent of three stands anywhere."""
    if _has_long_run(data):
        return True
    is_digit, is_exponent = (data - ord("0")) < 10, (data | 32) == ord("e")
    is_sign = data == ord("+")
    begins = is_digit[:-4] & is_exponent[1:-3] & (is_digit[2:-2] | is_sign[2:-2]) & is_digit[3:-1] & is_digit[4:]
    return bool(begins.any())


def _has_long_run(data: Bytes) -> bool:
    """Nineteen digits hold eight at a multiple of eight, wherever they begin: those are looked for, eight at once."""
    words = data[: len(data) // 8 * 8].view(np.uint64)
    hits = np.flatnonzero(((words & _HIGH) == _TENS) & (((words + _SIX) & _HIGH) == _TENS)) * 8
    return any(_is_in_long_run(data, hits[at : at + _AT_ONCE]) for at in range(0, len(hits), _AT_ONCE))


def _is_in_long_run(data: Bytes, hits: Integers) -> bool:
    """Whether one of the eights of digits at these places is of nineteen that are no fraction's."""
    before = (data[np.maximum(hits[:, None] - np.arange(1, 9), 0)] - ord("0")) < 10
    first = hits - np.cumprod(before, axis=1).sum(axis=1)
    run = data[np.minimum(first[:, None] + np.arange(_LEAST_DIGITS), len(data) - 1)]
    is_long = ((run - ord("0")) < 10).all(axis=1)
    return bool((is_long & (data[np.maximum(first - 1, 0)] != ord("."))).any())


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
