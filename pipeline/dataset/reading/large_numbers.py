"""Finds numbers that 64 bits do not hold: readers of JSON in Python take them, and tables cannot.

A block is looked at as bytes; only rows in which such a number may stand are read again, of each shape one number by
number: in the others it stands at the same place.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isinf
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.line_shapes import first_alike

# Behind a colon, a comma or a bracket, where numbers stand; the same in a text is sorted out when the row is read.
_MAY_BE = r"[:,\[]\s*-?[0-9]{19}|[:,\[]\s*-?[0-9.]+[eE]\+?[0-9]{3}"
_SHOWN_DIGITS = 40
_SHORT_BYTES = 128  # longer rows are few in a block: each is read as quickly as its shape is found
_LEAST_DIGITS = 19  # of a whole number of more than 64 bits
_SLICE_BYTES = 2**18  # a slice and its flags stay in a core's cache
_SHARED_BYTES = 32  # of two slices: more than what is looked for
_MOST_DIGITS = 310  # more are no double; Python would take long for them
_INTEGERS = range(-(2**63), 2**63)


class LargeNumber(NamedTuple):
    """A number and its place."""

    path: str
    """JSON path in the row."""
    digits: str
    """As it stands, cut."""


class LargeNumbers(NamedTuple):
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
    texts, of_rows = told.dictionary.to_pylist(), told.indices.to_numpy()
    firsts = first_alike(block, indexes[numbers], _SHORT_BYTES)[np.unique(of_rows, return_index=True)[1]].tolist()
    reader = _Reader()
    known = {first: reader.search(block.line_at(first)) for first in dict.fromkeys(firsts)}
    of_texts = [reader.alike(text, known[first]) for text, first in zip(texts, firsts, strict=True)]
    told_of = zip(numbers.tolist(), of_rows.tolist(), strict=True)
    return {number: of_texts[text] for number, text in told_of if of_texts[text] != _NONE}


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


@dataclass(frozen=True, slots=True)
class _Searched:
    """What a row of a shape has, and which of all its numbers these are."""

    found: LargeNumbers
    double_at: int = 0
    integer_at: int = 0


class _Reader:
    """Reads rows with their numbers as they stand, in this order."""

    def __init__(self) -> None:
        self._numbers: list[str] = []
        note = self._numbers.append
        self._decode = json.JSONDecoder(parse_int=self._note, parse_float=self._note).decode
        numbers_alone = json.JSONDecoder(parse_int=note, parse_float=note)
        self._pass_over = numbers_alone.raw_decode  # of what stands behind the row nothing is asked, which takes time

    def _note(self, digits: str) -> _Digits:
        number = _Digits(digits)
        self._numbers.append(number)
        return number

    def search(self, text: bytes) -> _Searched:
        """The first ones of a row, number by number."""
        found: dict[Callable[[str], bool], LargeNumber] = {}
        places: dict[Callable[[str], bool], int] = {}
        with suppress(ValueError, RecursionError):  # nested deeper than what is read of a row
            self._numbers.clear()
            for path, digits in _numbers(self._decode(_said(text)), "$"):
                for is_large in (_is_no_double, _is_no_integer):
                    if is_large not in found and is_large(digits):
                        found[is_large] = LargeNumber(path, printable(digits, _SHOWN_DIGITS))
                        places[is_large] = next(at for at, each in enumerate(self._numbers) if each is digits)
        return _Searched(
            LargeNumbers(found.get(_is_no_double), found.get(_is_no_integer)),
            places.get(_is_no_double, 0),
            places.get(_is_no_integer, 0),
        )

    def alike(self, text: bytes, searched: _Searched) -> LargeNumbers:
        """Those of a row of the same shape."""
        if searched.found == _NONE:
            return _NONE
        self._numbers.clear()
        self._pass_over(_said(text), 0)
        of_double, of_integer = searched.found.no_double, searched.found.no_integer
        return LargeNumbers(
            of_double and LargeNumber(of_double.path, self._shown(searched.double_at)),
            of_integer and LargeNumber(of_integer.path, self._shown(searched.integer_at)),
        )

    def _shown(self, at: int) -> str:
        return printable(self._numbers[at], _SHOWN_DIGITS)


def _said(text: bytes) -> str:
    return text.decode().lstrip("\ufeff \t\r")


def _is_no_double(digits: str) -> bool:
    return isinf(float(digits))


def _is_no_integer(digits: str) -> bool:
    is_whole = len(digits) <= _MOST_DIGITS and digits.removeprefix("-").isdecimal()
    return is_whole and not _is_no_double(digits) and int(digits) not in _INTEGERS


def _numbers(value: Any, path: str) -> Iterator[tuple[str, _Digits]]:
    if isinstance(value, _Digits):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{printable(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}[{index}]")
