"""Cuts a file that is one JSON array into blocks of rows, in bounded memory.

Only quotes and brackets are looked at (`brackets.py`): each row becomes a line of its own, and whether it is JSON is
judged there. What lies between rows and is not one comma belongs to the row after it as its fault, so that nothing is
passed over.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from pipeline.dataset.formats.array_rows import NO_END, NO_LAST_ROW, GatheredRows, HandedOn, LongRow
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, Block, ByteReader
from pipeline.dataset.formats.brackets import COMMA, WHITE, lines_of, row_ends, stripped, structure, without_breaks
from pipeline.dataset.model.bit_flags import Bytes, Integers
from pipeline.dataset.model.json_text import decoded
from pipeline.dataset.rules.mismatch import Mismatch

Rest: TypeAlias = Callable[[bytes, int, int], None]  # some bytes behind the array, and their line and offset

_BLOCK_BYTES = BLOCK_BYTES // 2  # what finds the rows takes up to 150 bytes for each byte of brackets and commas
_MANY = 4  # chunks; a row of more is looked at chunk by chunk
_END = "the array's ']'"
_MORE_TEXT = Mismatch(f"nothing after {_END}", "more text")
_UNENDED = Mismatch(_END, "the end of the file inside this row")


def read_array(
    stream: ByteReader,
    max_row_bytes: int,
    on_bytes: Callable[[bytes], None] = lambda _: None,
    block_bytes: int = _BLOCK_BYTES,
    on_rest: Rest | None = None,
) -> Iterator[Block]:
    """All rows of the array, in order, as blocks; a row that is too long comes without its data.

    stream: the file from its beginning. on_rest: told what follows the array; without it, that is one more row, and a
    fault.
    """
    splitter = _Splitter(max_row_bytes, _MANY * block_bytes, on_rest)
    while chunk := stream.read(block_bytes):
        on_bytes(chunk)
        yield from splitter.feed(chunk)
    yield from splitter.end()


class _Splitter:
    """Holds what is not yet a whole row."""

    def __init__(self, max_row_bytes: int, many_bytes: int, on_rest: Rest | None) -> None:
        self._max = max_row_bytes
        self._on_rest = on_rest
        self._many = many_bytes
        self._held = b""
        self._offset = 0  # of the held bytes in the file
        self._line = 1
        self._handed_on = HandedOn()
        self._is_open = False  # whether the array's bracket has been seen
        self._is_closed = False
        self._needs_comma = False
        self._long: LongRow | None = None  # the row that is being passed over

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """The rows that are complete with this chunk."""
        self._held += chunk
        yield from self._take()

    def _take(self) -> Iterator[Block]:
        """The rows that are complete in what is held."""
        if not self._is_open:
            start = self._held.find(b"[")
            if start < 0:
                return
            self._handed_on.is_marked = self._held.startswith(BYTE_ORDER_MARK)
            self._drop(start + 1)
            self._is_open = True
        if self._long:
            yield from self._pass_over()
        gathered = GatheredRows()
        if not self._is_closed:
            self._split(gathered)
        if self._is_closed and self._on_rest:
            self._on_rest(self._held, self._line, self._offset)
            self._drop(len(self._held))
        elif self._is_closed:
            self._drop(len(self._held) - len(self._held.lstrip(WHITE)))
            self._held = self._held[:1]  # enough to know that there is more
        yield from self._handed_on.blocks(gathered)
        if len(self._held) > min(self._max, self._many) and not self._is_closed:
            self._begin_long()
            yield from self._pass_over()

    def _split(self, gathered: GatheredRows) -> None:
        data = np.frombuffer(self._held, dtype=np.uint8)
        at, kinds, strings = structure(data)
        _, is_end = row_ends(kinds)
        ends = np.flatnonzero(is_end)
        closing = np.flatnonzero(kinds[ends] != COMMA)[:1]
        if len(closing):
            self._is_closed = True
            ends = ends[: int(closing[0]) + 1]
        if len(ends) == 0:
            return
        stops = at[ends]
        breaks = np.flatnonzero(data == ord("\n"))
        self._add_rows(gathered, data, strings, breaks, stops)
        stop = int(stops[-1]) + 1
        if self._is_closed and data[stop - 1] != ord("]"):
            line = self._line + int(np.searchsorted(breaks, stop - 1))
            gathered.add(b"", line, self._offset + stop - 1, Mismatch(_END, "'}'"))
        self._line += int(np.searchsorted(breaks, stop))
        self._held = self._held[stop:]
        self._offset += stop

    def _add_rows(
        self, gathered: GatheredRows, data: Bytes, strings: Integers, breaks: Integers, stops: Integers
    ) -> None:
        """Gather the rows that end before `stops`, each from the end of the one before."""
        begins, ends = stripped(data, np.concatenate([[0], stops[:-1] + 1]), stops)
        is_empty = begins == ends
        if self._is_closed and is_empty[-1] and len(stops) == 1 and not self._needs_comma:
            return  # an empty array
        self._needs_comma = not self._is_closed
        first = gathered.count
        gathered.add_many(
            lines_of(without_breaks(data, breaks, strings), begins, ends),
            ends - begins + 1,
            self._line + np.searchsorted(breaks, begins),
            self._offset + begins,
        )
        gathered.empty.append(first + np.flatnonzero(is_empty))
        if self._is_closed and is_empty[-1]:
            gathered.faults[gathered.count - 1] = NO_LAST_ROW

    def _begin_long(self) -> None:
        lead = len(self._held) - len(self._held.lstrip(WHITE))
        self._drop(lead)
        self._long = LongRow(self._line, self._offset, self._max) if self._held else None

    def _pass_over(self) -> Iterator[Block]:
        """Go on with a row of many chunks; one longer than the maximum is not kept."""
        long = self._long
        if not long:
            return
        size = long.pass_over(self._held)
        self._drop(size)
        if not self._held:
            return
        if long.is_over:
            yield self._handed_on.block(long)
        else:
            gathered = GatheredRows()
            gathered.add(b"".join(long.pieces).rstrip(WHITE), long.line, long.offset)
            yield from self._handed_on.blocks(gathered)
        self._long = None
        self._needs_comma = self._held.startswith(b",")
        if self._needs_comma:
            self._drop(1)

    def _drop(self, size: int) -> None:
        self._line += self._held[:size].count(b"\n")
        self._offset += size
        self._held = self._held[size:]

    def end(self) -> Iterator[Block]:
        """What is left when the file ends: rows, and what is wrong."""
        yield from self._take()
        if self._long:
            yield from self._end_long(self._long)
            return
        left = self._held.strip(WHITE)
        lead = len(self._held) - len(self._held.lstrip(WHITE))
        gathered = GatheredRows()
        line, offset = self._line + self._held[:lead].count(b"\n"), self._offset + lead
        if self._is_closed and left:
            is_array, detail = left == b"[", "(jq -c '.[]' in.json > out.jsonl writes the rows of both)"
            more = Mismatch(f"nothing after {_END}", "another array", detail) if is_array else _MORE_TEXT
            gathered.add(b"", line, offset, more)
        elif not self._is_closed and left:
            self._drop(len(self._held))
            self._add_last(gathered, left, line, offset)
        elif not self._is_closed:
            gathered.add(b"", line, offset, Mismatch(_END, f"the end of the file before {_END}"))
        yield from self._handed_on.blocks(gathered)

    def _end_long(self, long: LongRow) -> Iterator[Block]:
        gathered = GatheredRows()
        if long.is_over:
            yield self._handed_on.block(long)
            gathered.add(b"", self._line, self._offset, Mismatch("the next row", "no end of the one before it"))
        else:
            self._add_last(gathered, b"".join(long.pieces).rstrip(WHITE), long.line, long.offset)
        yield from self._handed_on.blocks(gathered)

    def _add_last(self, gathered: GatheredRows, text: bytes, line: int, offset: int) -> None:
        """A row behind which the file ends: one that is whole is one, and what is wrong stands behind it."""
        if not isinstance(decoded(text), dict | list):
            gathered.add(b"", line, offset, _UNENDED)
            return
        gathered.add(text.replace(b"\n", b" "), line, offset)
        gathered.add(b"", self._line, self._offset, NO_END)
