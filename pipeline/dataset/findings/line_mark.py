"""Finds the bytes of a line that a finding speaks of: by JSON path, or by column.

A place that cannot be found is None, and the report then does without a mark. How a place is drawn lives in
`excerpt.py`, how a path is followed in `json_path.py`.
"""

import re
from collections.abc import Callable

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.json_path import Span, locate

_Find = Callable[[bytes, FindingRecord], Span | None]
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def place(text: bytes, finding: FindingRecord) -> Span | None:
    """Where in the line the finding is.

    text: the line from its first byte (without a byte order mark, unless that is the finding), without its end; a
    long line may be cut.
    """
    return _PLACES.get(finding.code, _at_path)(text, finding)


def _at_path(text: bytes, finding: FindingRecord) -> Span | None:
    return locate(text, finding.path) or (Span(0, len(text)) if finding.path == "$" else None)


def _at_owner(text: bytes, finding: FindingRecord) -> Span | None:
    """A field that is missing is shown by the object that lacks it."""
    return locate(text, finding.path.rpartition(".")[0])


def _at_column(text: bytes, finding: FindingRecord) -> Span | None:
    """The column after the last character is the line's end; a byte that is no text counts as a character."""
    if finding.column is None:
        return None
    line, index = text.decode("utf-8", "surrogateescape"), finding.column - 1
    before, at = line[:index], line[index : index + 1]
    if len(before) < index:
        return None
    start = len(before.encode("utf-8", "surrogateescape"))
    return Span(start, start + len(at.encode("utf-8", "surrogateescape")))


def _at_escape(is_wanted: Callable[[bytes, int, int], bool]) -> _Find:
    """The first wanted `\\u` escape in the value, or the whole value when it cannot be told."""

    def find(text: bytes, finding: FindingRecord) -> Span | None:
        value = locate(text, finding.path)
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


def _at_start(text: bytes, _finding: FindingRecord) -> Span | None:
    return Span(0, len(_BYTE_ORDER_MARK)) if text.startswith(_BYTE_ORDER_MARK) else None


def _at_end(text: bytes, _finding: FindingRecord) -> Span | None:
    return Span(len(text), len(text))


def _nowhere(_text: bytes, _finding: FindingRecord) -> Span | None:
    return None


_PLACES: dict[str, _Find] = {
    "malformed-json": _at_column,
    "invalid-utf8": _at_column,
    "missing-field": _at_owner,
    "nesting-too-deep": _at_column,
    "lone-surrogate": _at_escape(_is_lone),
    "nul-character": _at_escape(_is_nul),
    "byte-order-mark": _at_start,
    "no-final-newline": _at_end,
    "blank-line": _nowhere,
    "line-too-long": _nowhere,
    "no-conversations": _nowhere,
    "unknown-format": _nowhere,
    "unreadable-rows": _nowhere,
}
