"""Completes a JSON text that was cut off, so that its beginning can be looked at."""

import re
from collections.abc import Iterator
from itertools import chain

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.dataset.formats.brackets import COMMA, KIND
from pipeline.dataset.model.bit_flags import Bytes
from pipeline.dataset.model.json_text import Json, decoded

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)', re.DOTALL)
_CUT_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\[^\\\"]{0,4}\Z")
_OF_NUMBERS = (*(b"%d" % digit for digit in range(10)), b".", b"-", b"+", b"e", b"E")
_TO_CLOSING = 2  # from a bracket that opens to the one that closes it, in ASCII


def finished(text: bytes) -> Json:
    """The value as far as it goes: the last string closed, or all before the last comma. None where it is no JSON."""
    for candidate in _candidates(text):
        try:
            value: Json = msgspec.json.decode(candidate)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        return value
    return None


def is_cut_off(text: bytes) -> bool:
    """Whether nothing but its end is missing of an object. Behind a bracket only others may be missing."""
    if text.rstrip().endswith((b"}", b"]")):
        return isinstance(decoded(next(_candidates(text))), dict)
    return isinstance(finished(text), dict)


def _candidates(text: bytes) -> Iterator[bytes]:
    closing, comma, is_in_string = _open_at_end(text)
    ends_in_escape = b"\\" in text[-5:]  # else a megabyte would be looked through for nothing
    whole = (_CUT_ESCAPE.sub(rb"\1", text) if ends_in_escape else text).decode(errors="ignore").encode()
    if is_in_string or text[-1:] not in _OF_NUMBERS:  # a number that is cut off is another number
        yield whole + (b'"' if is_in_string else b"") + closing
    before = text[:comma]
    yield before + _open_at_end(before)[0]


def _open_at_end(text: bytes) -> tuple[bytes, int, bool]:
    """The brackets that close what is open, the place of the last comma, and whether the end is inside a string."""
    data = np.frombuffer(text, dtype=np.uint8)
    kinds, is_in_string = _kinds_outside(text, data)
    at = np.flatnonzero(kinds)
    kinds = kinds[at]
    commas = at[kinds == COMMA]
    depths = np.cumsum(np.where(kinds == COMMA, 0, kinds), dtype=np.int64)
    least_behind = np.minimum.accumulate(depths[::-1])[::-1]
    opened = at[(kinds == 1) & (depths == least_behind)]  # nothing behind them is less deep
    closing = (data[opened] + np.uint8(_TO_CLOSING))[::-1].tobytes()
    return closing, int(commas[-1]) if len(commas) else 0, is_in_string


def _kinds_outside(text: bytes, data: Bytes) -> tuple[npt.NDArray[np.int8], bool]:
    """The kind of each byte as `KIND` has it, 0 inside strings; and whether the end is inside one."""
    places = chain.from_iterable(found.span() for found in _STRING.finditer(text))
    spans = np.fromiter(places, dtype=np.int64).reshape(-1, 2)
    if not len(spans):
        return KIND[data], False
    borders = np.zeros(len(data) + 1, dtype=np.int8)
    borders[spans[:, 0]] += 1
    borders[spans[:, 1]] -= 1
    last = _STRING.match(text, int(spans[-1, 0]))
    return np.where(np.cumsum(borders[:-1], dtype=np.int8), 0, KIND[data]), last is not None and last[1] != b'"'
