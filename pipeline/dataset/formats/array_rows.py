"""Rows of an array on their way into blocks: many at once, or one that is too long to be looked at at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.dataset.formats.blocks_of_lines import BLOCK_LINES, Block, RowFaults, Rows
from pipeline.dataset.formats.brackets import row_ends, structure, without_breaks
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.rules.mismatch import Mismatch

NO_LAST_ROW = Mismatch("a row before the ']'", "none")  # behind the comma after the last row
NO_END = Mismatch("the array's ']'", "the end of the file behind the last row")


@dataclass(slots=True)
class GatheredRows:
    """Rows on their way into a block."""

    texts: list[bytes] = field(default_factory=list)
    sizes: list[Integers | list[int]] = field(default_factory=list)
    lines: list[Integers | list[int]] = field(default_factory=list)
    offsets: list[Integers | list[int]] = field(default_factory=list)
    empty: list[Integers] = field(default_factory=list)  # rows that are not there, before a comma
    faults: dict[int, Mismatch] = field(default_factory=dict)  # of other rows, or others of these
    count: int = 0

    def add(self, text: bytes, line: int, offset: int, fault: Mismatch | None = None) -> None:
        """Append a row. fault: what is wrong around it, so that it cannot be read."""
        if fault is not None:
            self.faults[self.count] = fault
            text = b"?"
        self.texts.append(text + b"\n")
        for places, value in ((self.sizes, len(text) + 1), (self.lines, line), (self.offsets, offset)):
            if places and isinstance(last := places[-1], list):
                last.append(value)
            else:
                places.append([value])
        self.count += 1

    def add_many(self, text: bytes, sizes: Integers, lines: Integers, offsets: Integers) -> None:
        """Append rows. text: a line each, of these sizes."""
        self.texts.append(text)
        self.sizes.append(sizes)
        self.lines.append(lines)
        self.offsets.append(offsets)
        self.count += len(sizes)

    def blocks(self, first_row: int, *, is_marked: bool) -> Iterator[Block]:
        """All rows, a line each, BLOCK_LINES in a block. first_row: the place of the first among all rows of the array.

        is_marked: whether a byte order mark stands before the first.
        """
        data, starts = b"".join(self.texts), np.concatenate([[0], np.cumsum(np.concatenate(self.sizes))])
        lines, offsets = np.concatenate(self.lines), np.concatenate(self.offsets)
        for first in range(0, self.count, BLOCK_LINES):
            some = slice(first, first + BLOCK_LINES)
            rows = Rows(first_row + first, lines[some], offsets[some])
            begins = starts[first : first + BLOCK_LINES + 1]
            yield Block(
                data[begins[0] : begins[-1]],
                int(rows.lines[0]),
                int(rows.offsets[0]),
                begins - begins[0],
                rows=rows,
                faults=self._faults_of(first, first + len(rows.lines)),
                is_marked=is_marked and first == 0,
            )

    def _faults_of(self, first: int, end: int) -> RowFaults:
        """What is wrong around the rows from first to before the end, by their place among them."""
        missing = [rows[slice(*np.searchsorted(rows, [first, end]))] - first for rows in self.empty]
        others = {row - first: fault for row, fault in self.faults.items() if first <= row < end}
        return RowFaults(np.concatenate([RowFaults().missing, *missing]), others)


@dataclass(slots=True)
class LongRow:
    """A row of many chunks, looked at once, chunk by chunk, so that what finds its end stays small."""

    line: int
    offset: int
    max_bytes: int
    size: int = 0
    depth: int = 0
    is_inside: bool = False  # a string
    is_escaped: bool = False  # the next byte
    pieces: list[bytes] = field(default_factory=list)
    """What the row says so far, without line breaks; none over the maximum."""

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


@dataclass(slots=True)
class HandedOn:
    """Rows of a file on their way out: counts them, and marks the first one."""

    count: int = 0
    is_marked: bool = False
    """Whether a byte order mark stands before the next one, which is the first."""

    def blocks(self, gathered: GatheredRows) -> Iterator[Block]:
        """The gathered rows, in blocks; nothing where there are none."""
        if not gathered.count:
            return
        is_marked, self.is_marked = self.is_marked, False
        first_row = self.count + 1
        self.count += gathered.count
        yield from gathered.blocks(first_row, is_marked=is_marked)

    def block(self, long: LongRow) -> Block:
        """A row that is too long."""
        self.count += 1
        return long.block(self.count)
