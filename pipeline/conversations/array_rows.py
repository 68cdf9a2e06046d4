"""Rows of an array on their way into blocks: many at once, or one that is too long to be looked at at once."""

from dataclasses import dataclass, field

import numpy as np

from pipeline.conversations.brackets import row_ends, structure, without_breaks
from pipeline.conversations.reader import Block, Rows


@dataclass(slots=True)
class GatheredRows:
    """Rows on their way into a block."""

    texts: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)

    def add(self, text: bytes, line: int, offset: int, fault: str = "") -> None:
        """Append a row. fault: what is wrong around it, so that it cannot be read."""
        self.texts.append(text)
        self.lines.append(line)
        self.offsets.append(offset)
        if fault:
            self.refuse(len(self.texts) - 1, fault)

    def refuse(self, row: int, fault: str) -> None:
        """Say what is wrong around a row; its text is given up."""
        self.faults[row] = fault
        self.texts[row] = b"?"

    def block(self, first_row: int, *, is_marked: bool) -> Block:
        """All rows, a line each. first_row: the place of the first one among all rows of the array."""
        lengths = np.fromiter(map(len, self.texts), dtype=np.int64, count=len(self.texts)) + 1
        starts = np.concatenate([[0], np.cumsum(lengths)])
        rows = Rows(first_row, np.array(self.lines, dtype=np.int64), np.array(self.offsets, dtype=np.int64))
        data = b"\n".join([*self.texts, b""])
        return Block(data, self.lines[0], self.offsets[0], starts, rows=rows, faults=self.faults, is_marked=is_marked)


@dataclass(slots=True)
class LongRow:
    """A row of many chunks, looked at once, chunk by chunk, so that what finds its end stays small.

    pieces: what the row says so far, without line breaks; none over the maximum.
    """

    line: int
    offset: int
    max_bytes: int
    size: int = 0
    depth: int = 0
    is_inside: bool = False  # a string
    is_escaped: bool = False  # the next byte
    pieces: list[bytes] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether it is longer than the maximum."""
        return self.size > self.max_bytes

    def pass_over(self, data: bytes) -> int:
        """How many of the next bytes belong to the row: all, or those before the comma or bracket that ends it."""
        lead = (b'"' if self.is_inside else b"") + (b"\\" if self.is_escaped else b"")
        text = np.frombuffer(lead + data, dtype=np.uint8)
        at, kinds, quotes = structure(text)
        depth, is_end = row_ends(kinds, self.depth)
        ends = np.flatnonzero(is_end)
        if len(ends):
            size = int(at[ends[0]]) - len(lead)
        else:
            size = len(data)
            self.depth = int(depth[-1]) if len(depth) else self.depth
            self.is_inside = len(quotes) % 2 == 1
            self.is_escaped = (len(text) - len((lead + data).rstrip(b"\\"))) % 2 == 1
        self.size += size
        if self.is_over:
            self.pieces.clear()
        else:
            clean = without_breaks(text, np.flatnonzero(text == ord("\n")), quotes)
            self.pieces.append(clean[len(lead) : len(lead) + size])
        return size

    def block(self, row: int) -> Block:
        """The row without its data. row: its place among all rows of the array."""
        lines, offsets = (np.array([place], dtype=np.int64) for place in (self.line, self.offset))
        rows = Rows(row, lines, offsets)
        starts = np.zeros(2, dtype=np.int64)
        return Block(b"", self.line, self.offset, starts, skipped_bytes=self.size, rows=rows)
