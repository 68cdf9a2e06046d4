"""Prints answers: a table for people, CSV and JSON Lines for programs. Text goes out; nothing is decided here.

Uploads decide what stands in the cells, so a table shows control characters as `\\x1b` instead of sending them to the
terminal. JSON escapes them, too. CSV is for files and keeps every character as it is.
"""

import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from rich.cells import cell_len, set_cell_size

from pipeline.safe_text import shown_in_cell
from pipeline.wording import count_of

TABLE_ROWS = 100
TABLE_WIDTH = 100
MIN_WIDTH = 6  # characters; a column narrower than this says nothing
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, direction marks, halves of pairs, line breaks
_JOINER = "\u200d"  # holds the parts of an emoji together

Row = Sequence[Any]


def render_table(
    columns: Sequence[str],
    rows: Iterable[Row],
    width: int = TABLE_WIDTH,
    max_rows: int | None = TABLE_ROWS,
    whole: int = 0,
    least: int = MIN_WIDTH,
) -> str:
    """Return a table of at most `width` characters a line, numbers to the right, NULL as such.

    Long cells are cut, columns beyond the width and rows beyond `max_rows` are left out, and the last line says so.
    whole: how many of the first columns are cut only where they alone are too wide: ids and keys, which people type.
    least: characters that a column is not cut below; it is left out before.
    """
    shown = list(rows if max_rows is None else islice(rows, max_rows + 1))
    is_cut = max_rows is not None and len(shown) > max_rows
    shown = shown[:max_rows]
    cells = [[_cell(value) for value in row] for row in shown]
    widths = _fit([shown_in_cell(name) for name in columns], cells, width, whole, least)
    is_number = [_is_numeric(row[i] for row in shown) for i in range(len(widths))]
    names = [shown_in_cell(name) for name in columns[: len(widths)]]
    lines = [
        _border("┌┬┐", widths),
        _line(names, widths, [False] * len(widths)),
        _border("├┼┤", widths),
        *(_line(row[: len(widths)], widths, is_number) for row in cells),
        _border("└┴┘", widths),
        _footer(len(shown), is_cut, len(columns), len(widths)),
    ]
    return "\n".join(lines) + "\n"


def render_json_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield one JSON object a row, a line each: a program can begin before the last row is there.

    Times are ISO 8601, bytes hexadecimal; numbers that JSON has no name for (NaN, Infinity) are null.
    """
    for row in rows:
        values = {name: _json_value(value) for name, value in zip(columns, row, strict=True)}
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        yield _escaped(text) + "\n"


def render_csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield CSV (RFC 4180, lines end in a newline): NULL is an empty field, an empty text is `""`."""
    yield ",".join(_csv_field(name) for name in columns) + "\n"
    for row in rows:
        yield ",".join("" if value is None else _csv_field(_text(value)) for value in row) + "\n"


def _escaped(text: str) -> str:
    if text.isprintable():  # most texts are, and this is a hundred times faster
        return text
    return "".join(
        _json_escape(letter) if unicodedata.category(letter) in _UNSAFE and letter != _JOINER else letter
        for letter in text
    )


def _json_escape(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _cell(value: object) -> str:
    return "NULL" if value is None else shown_in_cell(_text(value))


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(" ")
        case bytes():
            return value.hex()
        case list() | tuple() | dict():
            return json.dumps(_json_value(value), ensure_ascii=False)
        case _:
            return str(value)


def _json_value(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            # As a number where that loses nothing.
            return float(value) if Decimal(repr(float(value))) == value else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return [_json_value(item) for item in value]
        case dict():
            return {_text(key): _json_value(item) for key, item in value.items()}
        case _:
            return _text(value)


def _csv_field(text: str) -> str:
    if text and text == text.strip() and not any(letter in text for letter in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _fit(names: Sequence[str], cells: Sequence[Sequence[str]], width: int, whole: int, least: int) -> list[int]:
    """Return the widths of the columns that are shown: the widest give way first, then the last are left out."""
    wished = [max(cell_len(text) for text in (name, *(row[i] for row in cells))) for i, name in enumerate(names)]
    if sum(wished[:whole]) + 3 * whole + 1 > width:
        whole = 0
    while len(wished) > max(whole, 1) and _narrowest(wished, whole, least) > width:
        wished.pop()
    first, others = wished[:whole], wished[whole:]
    room = max(width - 1 - 3 * len(wished) - sum(first), 1)
    while sum(others) > room and max(others) > 1:
        widest = max(others)
        others[others.index(widest)] = max(widest - (sum(others) - room), _second(others), 1)
    return first + others


def _narrowest(wished: Sequence[int], whole: int, least: int) -> int:
    """How wide a table is whose columns, but for the first ones, are as narrow as they may be."""
    return sum(each + 3 for each in wished[:whole]) + sum(min(each, least) + 3 for each in wished[whole:]) + 1


def _second(widths: Sequence[int]) -> int:
    """The width to which the widest column shrinks next: that of the second, or one less where they are equal."""
    first, *others = sorted(widths, reverse=True)
    return others[0] if others and others[0] < first else first - 1


def _is_numeric(values: Iterable[object]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in found)


def _border(corners: str, widths: Sequence[int]) -> str:
    return corners[0] + corners[1].join("─" * (width + 2) for width in widths) + corners[2]


def _line(cells: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    fitted = (_pad(text, width, right) for text, width, right in zip(cells, widths, is_number, strict=True))
    return "│ " + " │ ".join(fitted) + " │"


def _pad(text: str, width: int, to_the_right: bool) -> str:
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    padding = " " * (width - length)
    return padding + text if to_the_right else text + padding


def _footer(row_count: int, is_cut: bool, column_count: int, shown_columns: int) -> str:
    rows = f"first {row_count} rows, there are more" if is_cut else count_of(row_count, "row")
    if shown_columns == column_count:
        return rows
    return f"{rows}; {shown_columns} of {column_count} columns fit: name some, or use --json or --csv"
