"""Rows of a table whose cells have no marks, in quotes or not, many at once: a megabyte can be half a million cells.

What is plain is read here as `csv` reads it; all else is left to `table_rows.py`, row by row.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.model.json_text import dumped

_BREAK, _QUOTE = ord("\n"), ord('"')
_NO_TEXT = np.ones(256, dtype=np.bool_)  # bytes that a text of JSON, or a cell without quotes, cannot hold
_NO_TEXT[0x20:] = False
_NO_TEXT[ord("\\")] = True
_NO_TEXT[_BREAK] = False


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows as lines of JSON, one after another."""

    text: bytes
    sizes: Integers
    """Of each line, with its line feed."""
    lines: Integers
    """Where each row stands, counted in lines from the first that was looked at."""
    offsets: Integers
    """The same in bytes."""


def plain_rows(data: bytes, separator: str, names: list[str], max_row_bytes: int) -> PlainRows | None:
    """The rows of whole lines, where all are plain and have a cell for each name, else None; blank lines are none."""
    offsets = np.append(0, np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _BREAK)[:-1] + 1)
    if b"\r" in data:
        if data.count(b"\r") != data.count(b"\r\n"):
            return None
        data = data.replace(b"\r\n", b"\n")
    looked_at = np.frombuffer(data, dtype=np.uint8)
    breaks = np.flatnonzero(looked_at == _BREAK)
    starts = np.append(0, breaks[:-1] + 1)
    sizes = breaks - starts
    is_row = sizes > 0
    is_cell_end = looked_at == ord(separator)
    if int(sizes.max()) + len(b"\r") >= max_row_bytes or _holds_no_text(looked_at, separator):
        return None
    borders = np.flatnonzero(is_cell_end | (looked_at == _BREAK)) if len(names) > 1 else breaks
    counts = np.diff(np.searchsorted(borders, breaks), prepend=-1)
    if (len(names) == 1 and is_cell_end.any()) or (counts[is_row] != len(names)).any():
        return None
    is_quote, quoted_count = _quotes(looked_at, borders)
    if quoted_count is None:
        return None
    said = data if is_row.all() and not quoted_count else looked_at[np.repeat(is_row, sizes + 1) & ~is_quote].tobytes()
    cells = said[:-1].replace(b"\n", separator.encode()).split(separator.encode()) if said else []
    heads = _heads(names)
    added = len(b"".join(heads)) - (len(names) - 1) * len(separator)
    text = b""
    if cells:
        pieces = [b""] * (2 * len(cells))
        pieces[::2], pieces[1::2] = heads * (len(cells) // len(names)), cells
        text = b"".join(pieces)[len(_END) :] + _END
    if quoted_count:
        sizes = sizes - np.add.reduceat(is_quote, starts, dtype=np.int64)
    return PlainRows(text, sizes[is_row] + added, np.flatnonzero(is_row), offsets[is_row])


_END = b'"}\n'


def _heads(names: list[str]) -> list[bytes]:
    """What stands before each cell of a row; before the first, the end of the row above it, too."""
    said = [f'{dumped(name)}: "'.encode("utf-8", "surrogateescape") for name in names]
    return [_END + b"{" + said[0], *(b'", ' + name for name in said[1:])]


def _quotes(data: Bytes, borders: Integers) -> tuple[Flags, int | None]:
    """Which bytes are quotes, and how many cells stand in some; None where a quote is neither the first nor the last.

    borders: the ends of all cells.
    """
    is_quote = data == _QUOTE
    quote_count = int(np.count_nonzero(is_quote))
    if not quote_count:
        return is_quote, 0
    begins = np.append(0, borders[:-1] + 1)
    are_quoted = (borders - begins >= 2) & is_quote[begins] & is_quote[borders - 1]
    quoted_count = int(np.count_nonzero(are_quoted))
    return is_quote, quoted_count if 2 * quoted_count == quote_count else None


def _holds_no_text(data: Bytes, separator: str) -> bool:
    found = _NO_TEXT[data]
    if separator == "\t":
        found &= data != ord("\t")
    return bool(found.any())
