"""Cuts a file of JSON objects that stand one after another, over several lines each, into blocks of rows.

As in an array (`array.py`) only quotes and brackets are looked at: each object becomes a line, and whether it is JSON
is judged there. What lies between two objects belongs to the one after it, so that nothing is passed over.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.dataset.formats.array_rows import GatheredRows, HandedOn, LongRow
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, Block, ByteReader
from pipeline.dataset.formats.brackets import COMMA, WHITE, stripped, structure, without_breaks
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.rules.mismatch import Mismatch

_BLOCK_BYTES = BLOCK_BYTES // 2
_UNENDED = Mismatch("the object's '}'", "the end of the file inside this row")


def read_objects(
    stream: ByteReader,
    max_row_bytes: int,
    on_bytes: Callable[[bytes], None] = lambda _: None,
    block_bytes: int = _BLOCK_BYTES,
) -> Iterator[Block]:
    """All objects of the file, in order, as blocks; a row that is too long comes without its data.

    stream: the file from its beginning.
    """
    splitter = _Splitter(max_row_bytes)
    while chunk := stream.read(block_bytes):
        on_bytes(chunk)
        yield from splitter.feed(chunk)
    yield from splitter.end()


class _Splitter:
    """Holds what is not yet a whole row; looks at each byte once."""

    def __init__(self, max_row_bytes: int) -> None:
        self._max = max_row_bytes
        self._begun = LongRow(1, 0, max_row_bytes)
        self._offset = 0  # of the next chunk
        self._line = 1
        self._handed_on = HandedOn()

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """The rows that end with this chunk."""
        if self._offset == 0 and chunk.startswith(BYTE_ORDER_MARK):
            self._handed_on.is_marked = True
            self._offset, chunk = len(BYTE_ORDER_MARK), chunk[len(BYTE_ORDER_MARK) :]
        begun = self._begun
        lead = (b'"' if begun.is_inside else b"") + (b"\\" if begun.is_escaped else b"")
        data = np.frombuffer(lead + chunk, dtype=np.uint8)
        at, kinds, quotes = structure(data)
        depths, is_end = _object_ends(kinds, begun.depth)
        breaks = np.flatnonzero(data == ord("\n"))
        clean = without_breaks(data, breaks, quotes) + b"\n"
        stops = at[is_end] + 1
        gathered = GatheredRows()
        start = len(lead)
        if len(stops):
            start = int(stops[0])
            yield from self._end_begun(clean[len(lead) : start], chunk, gathered)
            self._add_rows(gathered, data, clean, breaks, stops, len(lead))
            start = int(stops[-1])
            line = self._line + int(np.searchsorted(breaks, start))
            begun = self._begun = LongRow(line, self._offset + start - len(lead), self._max)
        self._keep(clean[start:-1], chunk[start - len(lead) :])
        if len(depths):
            begun.depth = max(0, int(depths[-1]))
        begun.is_inside = len(quotes) % 2 == 1
        begun.is_escaped = (len(data) - len((lead + chunk).rstrip(b"\\"))) % 2 == 1
        self._line += len(breaks)
        self._offset += len(chunk)
        yield from self._handed_on.blocks(gathered)

    def _keep(self, text: bytes, raw: bytes) -> None:
        """Go on with the row that has begun; white space before it is none of it. raw: with its line breaks."""
        begun = self._begun
        if not begun.size:
            lead = len(text) - len(text.lstrip(WHITE))
            begun.offset += lead
            begun.line += raw[:lead].count(b"\n")
            text = text[lead:]
        begun.size += len(text)
        if begun.is_over:
            begun.pieces.clear()
        elif text:
            begun.pieces.append(text)

    def _end_begun(self, text: bytes, raw: bytes, gathered: GatheredRows) -> Iterator[Block]:
        self._keep(text, raw)
        begun = self._begun
        if begun.is_over:
            yield self._handed_on.block(begun)
        else:
            gathered.add(b"".join(begun.pieces), begun.line, begun.offset)

    def _add_rows(
        self, gathered: GatheredRows, data: Bytes, clean: bytes, breaks: Integers, stops: Integers, lead: int
    ) -> None:
        """Gather the rows that begin and end in the chunk."""
        if len(stops) < 2:
            return
        begins, ends = stripped(data, stops[:-1], stops[1:])
        texts = [clean[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        gathered.add_many(
            b"\n".join([*texts, b""]),
            ends - begins + 1,
            self._line + np.searchsorted(breaks, begins),
            self._offset - lead + begins,
        )

    def end(self) -> Iterator[Block]:
        """What is left when the file ends: a row that does not, or text behind the last one."""
        begun, gathered = self._begun, GatheredRows()
        if begun.is_over:
            yield self._handed_on.block(begun)
        elif begun.size and (begun.depth or begun.is_inside):
            gathered.add(b"", begun.line, begun.offset, _UNENDED)
        elif begun.size:
            gathered.add(b"".join(begun.pieces).rstrip(WHITE), begun.line, begun.offset)
        yield from self._handed_on.blocks(gathered)


def _object_ends(kinds: Integers, depth: int) -> tuple[Integers, Flags]:
    """How deep each bracket leaves us, and which of them end a row: those that close all, or close what is not open.

    kinds: as `structure` gives them, of a text that begins at this depth.
    """
    steps = np.where(kinds == COMMA, 0, kinds)
    depths: Integers = depth + np.cumsum(steps)
    # A bracket too many ends a row of its own: from it on one counts from 0 again.
    floor = np.minimum.accumulate(np.minimum(depths, 0))
    depths = depths - floor
    return depths, (depths == 0) & (kinds == -1)
