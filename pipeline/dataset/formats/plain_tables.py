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
    cell_counts: Integers
    """Of each row. The line of one that has not a cell for each name is `NO_ROW`."""


def plain_rows(data: bytes, separator: str, names: list[str], max_row_bytes: int) -> PlainRows | None:
    """The rows of whole lines, where all are plain, else None; blank lines are none."""
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
    borders = np.flatnonzero(is_cell_end | (looked_at == _BREAK))
    counts = np.diff(np.searchsorted(borders, breaks), prepend=-1)
    is_quote, quoted_count = _quotes(looked_at, borders)
    if quoted_count is None:
        return None
    is_whole = is_row & (counts == len(names))
    is_said = is_whole.all() and not quoted_count
    said = data if is_said else looked_at[np.repeat(is_whole, sizes + 1) & ~is_quote].tobytes()
    if quoted_count:
        sizes = sizes - np.add.reduceat(is_quote, starts, dtype=np.int64)
    heads = _heads(names)
    sizes += len(b"".join(heads)) - (len(names) - 1) * len(separator)
    sizes[~is_whole] = len(NO_ROW)
    text = _with_others(_under(heads, said, separator), is_whole[is_row], sizes[is_row])
    return PlainRows(text, sizes[is_row], np.flatnonzero(is_row), offsets[is_row], counts[is_row])


NO_ROW = b"?\n"
_END = b'"}\n'


def _under(heads: list[bytes], said: bytes, separator: str) -> bytes:
    """The rows as JSON. said: all cells as they stand."""
    if not said:
        return b""
    cells = said[:-1].replace(b"\n", separator.encode()).split(separator.encode())
    pieces = [b""] * (2 * len(cells))
    pieces[::2], pieces[1::2] = heads * (len(cells) // len(heads)), cells
    return b"".join(pieces)[len(_END) :] + _END


def _with_others(text: bytes, is_whole: Flags, sizes: Integers) -> bytes:
    """The lines of whole rows, and those that stand for others between them."""
    if is_whole.all():
        return text
    lines = np.empty(int(sizes.sum()), dtype=np.uint8)
    is_of_whole = np.repeat(is_whole, sizes)
    lines[is_of_whole] = np.frombuffer(text, dtype=np.uint8)
    lines[~is_of_whole] = np.tile(np.frombuffer(NO_ROW, dtype=np.uint8), int(np.count_nonzero(~is_whole)))
    return lines.tobytes()


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
