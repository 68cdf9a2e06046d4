"""Rows that a line which is no row can only mean: what can be mended without asking anybody.

Texts stay as they are: only what stands between and around them is removed, or escaped where it must be. The caller
judges each row, and keeps the line as it stands where one is not accepted.
"""

import json
import re

import msgspec

from pipeline.dataset.formats.lookalikes.line_causes import SPACES
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.model.json_text import Json
from pipeline.dataset.model.late_patterns import late_pattern

MOST_BYTES = 2**20  # of a longer line nothing is mended: it would be held many times over
_WHITE = " \t\r\n"
_NO_ROW = late_pattern(
    r"(?:```|~~~)[\w ]*$|[\[\]]$|//|#|data: ?(?:\[DONE\])?$|event: ?[\w.-]+$|id: ?\d*$|retry: ?\d+$|: ?[\w -]*$"
)
_PREFIX = late_pattern(r"data: ?(?=[\[{])")
_OUTSIDE = late_pattern(
    rf'(?P<text>"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))|(?P<comma>,(?=[{_WHITE}{SPACES}]*+[}}\]]))|(?P<nan>(?<![\w-])NaN\b)'
    rf"|(?P<space>[{SPACES}])",
    re.DOTALL,
)
_CONTROL = late_pattern(r"[\x00-\x1f]")
_DECODER = json.JSONDecoder()
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def repaired(line: bytes) -> list[bytes] | None:
    """The rows of a line that is none, as JSON; none for a line that holds no row; None where nobody can say.

    line: without its line break. A list of rows is such a line, a list of messages is a row.
    """
    if len(line) > MOST_BYTES:
        return None
    try:
        text = line.decode().strip(_WHITE + SPACES)
        if _NO_ROW.match(text):
            return []
        rows = list(_rows_of(_PREFIX.sub("", text, count=1) if text.startswith("data:") else text))
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    found = [row.encode() for row in rows]
    return None if not found or found == [line.strip(b" \t\r\n")] else found


def _rows_of(text: str) -> list[str]:
    """The whole rows that stand one after another, with commas between them or not.

    Raises:
        ValueError: something else stands there.
    """
    text = _OUTSIDE.sub(_mended, text)
    rows: list[str] = []
    at = 0
    while at < len(text):
        if rows and at == len(text) - 1 and text[at] in "}]":
            break  # one too many
        value, end = _DECODER.raw_decode(text, at)
        if not isinstance(value, dict | list):
            raise ValueError("no row")
        rows += _unpacked(value, text[at:end])
        at = end
        while at < len(text) and text[at] in _WHITE:
            at += 1
        if text[at : at + 1] == ",":
            at += 1
        while at < len(text) and text[at] in _WHITE:
            at += 1
    return rows


def _unpacked(value: Json, text: str) -> list[str]:
    """The items of a list of rows; else the row itself."""
    if not is_list_of_rows(value):
        return [text]
    return [bytes(item).decode() for item in _RAW_ITEMS.decode(text)]


def is_list_of_rows(value: Json) -> bool:
    """Whether it is a list of rows of a format, not a list of messages, which is a row."""
    if not isinstance(value, list) or not value or recognise_row(value) is not None:
        return False
    return recognise_row(value[0]) is not None and all(isinstance(item, dict | list) for item in value)


def _mended(found: re.Match[str]) -> str:
    if found["text"] is not None:
        return _CONTROL.sub(lambda control: json.dumps(control[0])[1:-1], found["text"])
    if found["nan"]:
        return "null"
    return " " if found["space"] else ""
