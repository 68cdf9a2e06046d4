"""Finds the bytes of a line that a finding speaks of: by JSON path, by column, or by byte.

Reads JSON that may be cut off or broken, and never builds a value: it only skips. A place that cannot be found is
None, and the report then does without a mark. How a place is drawn lives in `excerpt.py`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.conversations.judge import printable

MAX_STEPS = 200_000  # brackets and members looked at in one line, about 0.2 s: enough for 60,000 turns

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING_PATTERN = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_STRING = re.compile(_STRING_PATTERN, re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:"\[\]{}]++')
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING_PATTERN + rb")*+", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_COLUMN = re.compile(r"at column (\d+)")
_BYTE = re.compile(r"at byte (\d+) of the line")
_LEVELS = re.compile(r"at most (\d+) levels")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, stop) of a line; an empty span is the place before `start`."""

    start: int
    stop: int


class _Lost(ValueError):
    """What stands here is not the JSON that was expected, or there is too much of it."""


def place(text: bytes, code: str, path: str, detail: str) -> Span | None:
    """Where in the line the finding is.

    text: the line from its first byte (without a byte order mark, unless that is the finding), without its end; a
    long line may be cut. code, path: of the finding. detail: its message, which names columns and bytes.
    """
    return _PLACES.get(code, _at_path)(text, path, detail)


def locate(text: bytes, path: str) -> Span | None:
    """The value at a JSON path, such as `$.turns[3].role`, as bytes of the text; None when it is not found.

    Of members with the same key the last counts, as it does for readers. Keys stand in the path as messages show
    them (`printable`), so a key with a dot in it can read like two; the first reading that leads to a value wins.
    """
    try:
        return _Scan(text).find(0, path.removeprefix("$"))
    except (_Lost, RecursionError):
        return None


class _Scan:
    """Walks through one line."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._steps_left = MAX_STEPS

    def find(self, start: int, path: str) -> Span | None:
        start = self._skip_space(start)
        opening = self._text[start : start + 1]
        if not path:
            return Span(start, self._end(start))
        if opening == b"{" and path.startswith("."):
            return self._find_member(start, path[1:])
        index = _INDEX.match(path)
        if opening == b"[" and index:
            return self._find_item(start, int(index[1]), path[index.end() :])
        return None

    def _find_member(self, start: int, path: str) -> Span | None:
        candidates: dict[str, tuple[int, str]] = {}
        for key, value in self._members(start):
            name = printable(key)
            if path.startswith(name) and path[len(name) : len(name) + 1] in ("", ".", "["):
                candidates[key] = value, path[len(name) :]
        found = (self.find(value, rest) for value, rest in candidates.values())
        return next(filter(None, found), None)

    def _find_item(self, start: int, index: int, path: str) -> Span | None:
        for number, value in enumerate(self._items(start, b"]")):
            if number == index:
                return self.find(value, path)
        return None

    def _members(self, start: int) -> Iterator[tuple[str, int]]:
        """Each key, and where its value begins; ends early where the text is cut off."""
        for key_start in self._items(start, b"}", self._end_of_member):
            key_end = self._end(key_start)
            if key_end == len(self._text):
                return
            yield _decoded(self._text[key_start:key_end]), self._skip_space(key_end) + 1

    def _items(self, start: int, closing: bytes, end_of: Callable[[int], int] | None = None) -> Iterator[int]:
        """Where each item of the container begins."""
        end_of = end_of or self._end
        position = self._skip_space(start + 1)
        while position < len(self._text) and self._text[position : position + 1] != closing:
            self._step()
            yield position
            position = self._skip_space(end_of(position))
            if self._text[position : position + 1] not in (b",", closing, b""):
                raise _Lost
            if self._text[position : position + 1] == b",":
                position = self._skip_space(position + 1)

    def _end_of_member(self, start: int) -> int:
        colon = self._skip_space(self._end(start))
        return self._end(self._skip_space(colon + 1))

    def _end(self, start: int) -> int:
        """Where the value that begins at `start` ends; at the end of the text when that comes first."""
        opening = self._text[start : start + 1]
        if opening in (b"{", b"["):
            return self._end_of_container(start)
        match = (_STRING if opening == b'"' else _SCALAR).match(self._text, start)
        if match:
            return match.end()
        if start >= len(self._text):
            return len(self._text)
        raise _Lost

    def _end_of_container(self, start: int) -> int:
        depth, position = 0, start
        while position < len(self._text):
            self._step()
            depth += 1 if self._text[position : position + 1] in (b"{", b"[") else -1
            position += 1
            if depth == 0:
                return position
            position = self._match(_TO_BRACKET, position)
        return position

    def _skip_space(self, start: int) -> int:
        return self._match(_SPACE, start)

    def _match(self, pattern: re.Pattern[bytes], start: int) -> int:
        match = pattern.match(self._text, start)
        return match.end() if match else start

    def _step(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Lost


def _decoded(key: bytes) -> str:
    try:
        value = json.loads(key.decode("utf-8", "surrogateescape"), strict=False)
    except ValueError:
        raise _Lost from None
    return str(value)


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
    while levels and (match := _TO_BRACKET.match(text, position)) and match.end() < len(text):
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
}
