"""Finds the bytes of a line that a finding speaks of: by JSON path, by column, or by byte.

A place that cannot be found is None, and the report then does without a mark. How a place is drawn lives in
`excerpt.py`, how a path is followed in `json_path.py`.
"""

import re
from collections.abc import Callable

from pipeline.cli.json_path import TO_BRACKET, Span, locate

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_COLUMN = re.compile(r"at column (\d+)")
_BYTE = re.compile(r"at byte (\d+) of the line")
_LEVELS = re.compile(r"at most (\d+) levels")


def place(text: bytes, code: str, path: str, detail: str) -> Span | None:
    """Where in the line the finding is.

    text: the line from its first byte (without a byte order mark, unless that is the finding), without its end; a
    long line may be cut. code, path: of the finding. detail: its message, which names columns and bytes.
    """
    return _PLACES.get(code, _at_path)(text, path, detail)


def _at_path(text: bytes, path: str, _detail: str) -> Span | None:
    return locate(text, path) or (Span(0, len(text)) if path == "$" else None)


def _at_owner(text: bytes, path: str, _detail: str) -> Span | None:
    """A field that is missing is shown by the object that lacks it."""
    return locate(text, path.rpartition(".")[0])


def _at_column(text: bytes, _path: str, detail: str) -> Span | None:
    """Columns count characters from 1; the one after the last is the line's end."""
    column = _COLUMN.search(detail)
    if column is None:
        return None
    line = text.decode("utf-8", "surrogateescape")
    before, at = line[: int(column[1]) - 1], line[int(column[1]) - 1 : int(column[1])]
    if len(before) < int(column[1]) - 1:
        return None
    start = len(before.encode("utf-8", "surrogateescape"))
    return Span(start, start + len(at.encode("utf-8", "surrogateescape")))


def _at_byte(text: bytes, _path: str, detail: str) -> Span | None:
    number = _BYTE.search(detail)
    return Span(int(number[1]) - 1, int(number[1])) if number and int(number[1]) <= len(text) else None


def _at_depth(text: bytes, _path: str, detail: str) -> Span | None:
    """The first bracket that is nested too deep."""
    levels = _LEVELS.search(detail)
    depth, position = 0, 0
    while levels and (match := TO_BRACKET.match(text, position)) and match.end() < len(text):
        position = match.end() + 1
        depth += 1 if text[position - 1 : position] in (b"{", b"[") else -1
        if depth > int(levels[1]):
            return Span(position - 1, position)
    return None


def _at_escape(is_wanted: Callable[[bytes, int, int], bool]) -> Callable[[bytes, str, str], Span | None]:
    """The first wanted `\\u` escape in the value, or the whole value when it cannot be told."""

    def find(text: bytes, path: str, _detail: str) -> Span | None:
        value = locate(text, path)
        if value is None:
            return None
        for escape in _ESCAPE.finditer(text, value.start, value.stop):
            if escape[1] and is_wanted(text, escape.start(), int(escape[1], 16)):
                return Span(escape.start(), escape.end())
        return value

    return find


def _is_nul(_text: bytes, _start: int, unit: int) -> bool:
    return unit == 0


def _is_lone(text: bytes, start: int, unit: int) -> bool:
    """Whether the escape at `start` is half of a surrogate pair without its other half."""
    if 0xD800 <= unit <= 0xDBFF:
        following = _ESCAPE.match(text, start + 6)
        return not (following and following[1] and 0xDC00 <= int(following[1], 16) <= 0xDFFF)
    if 0xDC00 <= unit <= 0xDFFF:
        leading = re.search(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}\Z", text[max(0, start - 64) : start])
        return leading is None
    return False


def _at_start(text: bytes, _path: str, _detail: str) -> Span | None:
    return Span(0, len(_BYTE_ORDER_MARK)) if text.startswith(_BYTE_ORDER_MARK) else None


def _at_end(text: bytes, _path: str, _detail: str) -> Span | None:
    return Span(len(text), len(text))


def _nowhere(_text: bytes, _path: str, _detail: str) -> Span | None:
    return None


_PLACES: dict[str, Callable[[bytes, str, str], Span | None]] = {
    "malformed-json": _at_column,
    "invalid-utf8": _at_byte,
    "missing-field": _at_owner,
    "nesting-too-deep": _at_depth,
    "lone-surrogate": _at_escape(_is_lone),
    "nul-character": _at_escape(_is_nul),
    "byte-order-mark": _at_start,
    "no-final-newline": _at_end,
    "blank-line": _nowhere,
    "line-too-long": _nowhere,
    "no-conversations": _nowhere,
    "unknown-format": _nowhere,
}
