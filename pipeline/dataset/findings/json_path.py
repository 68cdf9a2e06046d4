"""Finds a JSON path in one line, as bytes, without building a value.

Reads JSON that may be cut off or broken. What cannot be found is None; so is what would take too long.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.dataset.model.printable import printable

MAX_STEPS = 200_000  # brackets and members looked at in one line, about 0.2 s: enough for 60,000 turns

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING_PATTERN = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_STRING = re.compile(_STRING_PATTERN, re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:"\[\]{}]++')
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING_PATTERN + rb")*+", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, stop) of a line; an empty span is the place before `start`."""

    start: int
    stop: int


class _Lost(ValueError):
    """What stands here is not the JSON that was expected, or there is too much of it."""


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
