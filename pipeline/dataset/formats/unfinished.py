"""Completes a JSON text that was cut off, so that its beginning can be looked at."""

import re
from collections.abc import Iterator

import msgspec

from pipeline.dataset.model.json_text import Json, decoded

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)|[\[\]{},]', re.DOTALL)
_CUT_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\[^\\\"]{0,4}\Z")
_OF_NUMBERS = (*(b"%d" % digit for digit in range(10)), b".", b"-", b"+", b"e", b"E")
_CLOSING = {b"[": b"]", b"{": b"}"}


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
    closing: list[bytes] = []
    comma, is_in_string = 0, False
    for token in _TOKEN.finditer(text):
        kind = text[token.start() : token.start() + 1]
        is_in_string = kind == b'"' and token[1] != b'"'
        if kind in _CLOSING:
            closing.append(_CLOSING[kind])
        elif kind in (b"]", b"}") and closing:
            closing.pop()
        elif kind == b",":
            comma = token.start()
    return b"".join(reversed(closing)), comma, is_in_string
