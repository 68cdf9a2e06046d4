"""Rows of a table whose cells need no quotes, many at once: a megabyte can be half a million cells.

What is plain is read here as `csv` reads it; all else is left to `table_rows.py`, row by row.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.model.bit_flags import Bytes, Integers
from pipeline.dataset.model.json_text import dumped

_BREAK = ord("\n")
_NO_TEXT = np.ones(256, dtype=np.bool_)  # bytes that a text of JSON, or a cell without quotes, cannot hold
_NO_TEXT[0x20:] = False
_NO_TEXT[[*b'"\\']] = True
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
    looked_at = np.frombuffer(data, dtype=np.uint8)
    breaks = np.flatnonzero(looked_at == _BREAK)
    starts = np.append(0, breaks[:-1] + 1)
    sizes = breaks - starts
    is_row = sizes > 0
    is_cell_end = looked_at == ord(separator)
    if int(sizes.max()) >= max_row_bytes or _holds_no_text(looked_at, separator):
        return None
    borders = np.flatnonzero(is_cell_end | (looked_at == _BREAK)) if len(names) > 1 else breaks
    counts = np.diff(np.searchsorted(borders, breaks), prepend=-1)
    if (len(names) == 1 and is_cell_end.any()) or (counts[is_row] != len(names)).any():
        return None
    said = data if is_row.all() else looked_at[np.repeat(is_row, sizes + 1)].tobytes()
    cells = said[:-1].replace(b"\n", separator.encode()).split(separator.encode()) if said else []
    heads = _heads(names)
    added = len(b"".join(heads)) - (len(names) - 1) * len(separator)
    text = b""
    if cells:
        pieces = [b""] * (2 * len(cells))
        pieces[::2], pieces[1::2] = heads * (len(cells) // len(names)), cells
        text = b"".join(pieces)[len(_END) :] + _END
    return PlainRows(text, sizes[is_row] + added, np.flatnonzero(is_row), starts[is_row])


_END = b'"}\n'


def _heads(names: list[str]) -> list[bytes]:
    """What stands before each cell of a row; before the first, the end of the row above it, too."""
    said = [f'{dumped(name)}: "'.encode("utf-8", "surrogateescape") for name in names]
    return [_END + b"{" + said[0], *(b'", ' + name for name in said[1:])]


def _holds_no_text(data: Bytes, separator: str) -> bool:
    found = _NO_TEXT[data]
    if separator == "\t":
        found &= data != ord("\t")
    return bool(found.any())
