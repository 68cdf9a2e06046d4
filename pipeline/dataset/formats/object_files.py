"""Tells from a text's beginning whether it is JSON objects over several lines, or one object that holds the rows.

Only values that are JSON as they stand count: what is broken keeps its lines, so that the cause can be told.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass

from pipeline.dataset.formats.lookalikes.row_likeness import is_something_else
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.unfinished import finished, is_cut_off
from pipeline.dataset.model.json_text import Json, decoded
from pipeline.dataset.model.printable import printable

_LOOKED_AT_LINES = 200
_MOST_VALUES = 50
MOST_DEPTH = 3
_TEXT_KEYS = {"text", "id", "meta", "metadata", "source"}
_WHITE = " \t\r\n"
_BETWEEN = {mark: re.compile(f"[{_WHITE}{mark}]*+") for mark in ("", ":", ",")}  # a megabyte of blanks at once
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class FieldOfRows:
    """The list of rows in an object."""

    path: tuple[str, ...]
    """Names from the object down."""
    list_at: int
    """The byte of its bracket."""
    beside: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it is written in jq and in findings."""
        return ".".join(map(printable, self.path))


def is_over_lines(text: bytes) -> bool:
    """Whether the text is objects one after another, of which one at least stands over several lines.

    text: the file's beginning, without a byte order mark; its last object may be cut off.
    """
    start = text.lstrip(_WHITE.encode())
    if not start.startswith(b"{") or _has_rows_on_lines(start):
        return False
    said = start.decode(errors="ignore")
    at = count = 0
    spans = False
    while at < len(said) and count < _MOST_VALUES:
        try:
            value, end = _DECODER.raw_decode(said, at)
        except (ValueError, RecursionError):
            is_begun = spans or (count == 0 and "\n" in said[at:].strip())
            return is_begun and is_cut_off(said[at:].encode(errors="replace"))
        if not isinstance(value, dict) or decoded(said[at:end]) is None:
            return False  # a number that no double holds, for one
        spans = spans or "\n" in said[at:end]
        at, count = end, count + 1
        at = _skip(said, at, "")
    return spans


def _has_rows_on_lines(text: bytes) -> bool:
    """Whether most of the first lines are values, as in JSON Lines."""
    lines = [line for line in text.split(b"\n", _LOOKED_AT_LINES)[:_LOOKED_AT_LINES] if line.strip()]
    whole = sum(isinstance(decoded(line), dict | list) and line[:1] not in (b" ", b"\t") for line in lines)
    return whole * 2 > len(lines)


def field_of_rows(text: bytes) -> FieldOfRows | None:
    """Where the one object that the text is holds a list of rows; None where it is a row itself, or has none.

    text: the file's beginning, with or without a byte order mark; it may be cut off.
    """
    start = len(text) - len(text.removeprefix(b"\xef\xbb\xbf").lstrip(_WHITE.encode()))
    if text[start : start + 1] != b"{":
        return None
    value = finished(text[start:])
    if not isinstance(value, dict) or recognise_row(value) is not None or is_something_else(value):
        return None
    path = path_of_rows(value, MOST_DEPTH)
    if not path:
        return None
    said = text[start:].decode(errors="surrogateescape")
    at = _place_of(said, path)
    if at is None:
        return None
    beside = tuple(name for name in value if name != path[0])
    return FieldOfRows(path, start + len(said[:at].encode(errors="surrogateescape")), beside)


def path_of_rows(value: dict[str, Json], depth: int) -> tuple[str, ...]:
    """The names that lead to the first list of rows."""
    for name, inner in value.items():
        if isinstance(inner, list) and _are_rows(inner):
            return (name,)
    for name, inner in value.items():
        if depth > 1 and isinstance(inner, dict) and (path := path_of_rows(inner, depth - 1)):
            return (name, *path)
    return ()


def _are_rows(listed: list[Json]) -> bool:
    """Whether most of the first items are rows of a format; a message with a text is no plain text."""
    some = listed[:_MOST_VALUES]
    forms = Counter(form for form in map(recognise_row, some) if form is not None)
    if not forms or forms.total() * 2 <= len(some):
        return False
    is_plain = forms.most_common(1)[0][0].name == "plain-text"
    return not is_plain or all(isinstance(row, dict) and row.keys() <= _TEXT_KEYS for row in some)


def _place_of(said: str, path: tuple[str, ...]) -> int | None:
    """The place of the bracket of the list that the path leads to."""
    at = 0
    for name in path:
        found = _value_at(said, at, name)
        if found is None:
            return None
        at = found
    return at if said[at : at + 1] == "[" else None


def _value_at(said: str, at: int, wanted: str) -> int | None:
    """The place of a member's value in the object that begins at `at`."""
    at = _skip(said, at + 1, "")
    while said[at : at + 1] == '"':
        try:
            name, at = _DECODER.raw_decode(said, at)
            at = _skip(said, at, ":")
            if name == wanted:
                return at
            _, at = _DECODER.raw_decode(said, at)
        except (ValueError, RecursionError):
            return None
        at = _skip(said, at, ",")
    return None


def _skip(said: str, at: int, mark: str) -> int:
    return _BETWEEN[mark].match(said, at).end()  # type: ignore[union-attr]  # it matches nothing, too
