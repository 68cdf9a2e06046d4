"""Cuts a byte stream into blocks of whole lines, in bounded memory. Only `\\n` ends a line.

Nothing here knows JSON. Several workers read one file in ranges that begin at a line, so each line is read once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Protocol

import numpy as np

from pipeline.dataset.model.bit_flags import Flags, Integers, count_byte
from pipeline.dataset.rules.mismatch import Mismatch

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLOCK_BYTES = 2 * 2**20  # larger blocks gain nothing and cost memory: docs/decisions/0021-memory.md
_NO_ROW = Mismatch("a row before the ','", "none")
_NEWLINE = ord("\n")
_SHORT_BYTES = 200  # lines of a mean below it are found with a look at every byte
BLOCK_LINES = 2**16  # each may become a finding, an object: two million of them are half a gigabyte


class ByteReader(Protocol):
    """What is read from: an open file, or an object's body."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of an array begin in the file: line numbers and byte offsets, int64."""

    first_row: int
    """The place of the first one among all rows of the array, from 1."""
    lines: Integers
    offsets: Integers


@dataclass(frozen=True, slots=True)
class RowFaults:
    """What is wrong around rows of a block, by index, so that they cannot be read at all."""

    missing: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Rows that are not there, before a comma, ascending; a file may be nothing but commas."""
    others: Mapping[int, Mismatch] = field(default_factory=dict)
    """What is wrong around other rows, or another fault of these."""

    def __bool__(self) -> bool:
        return bool(len(self.missing) or self.others)

    @property
    def rows(self) -> Integers:
        """All of them, in no order."""
        return np.append(self.missing, np.array(list(self.others), dtype=np.int64))

    def __contains__(self, row: int) -> bool:
        if row in self.others or not len(self.missing):
            return row in self.others
        place = int(np.searchsorted(self.missing, row))
        return place < len(self.missing) and int(self.missing[place]) == row

    def __getitem__(self, row: int) -> Mismatch:
        return self.others.get(row, _NO_ROW)


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the rows of the file stand that the rows of a block were put together of: line numbers and byte offsets."""

    starts: Integers
    """Where the parts of each row begin among them, then their count; all are int64."""
    lines: Integers
    offsets: Integers


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, as they lie in the file."""

    data: bytes
    """The lines, each with its line feed; the file's last line may lack it."""
    line: int
    """1-based number of the first line."""
    offset: int
    """Of the first byte in the file."""
    starts: Integers
    """Where each line begins in data, int64, then the end of data."""
    skipped_bytes: int = 0
    """Length of a line over the maximum, which is not kept (data is empty then); else 0."""
    is_ended: bool = True
    """Whether the last line has its line feed."""
    rows: "Rows | None" = None
    """For a file that is one array, where each row begins; data then holds them a line each."""
    faults: RowFaults = field(default_factory=RowFaults)
    """Of rows that cannot be read for what is around them."""
    is_marked: bool = False
    """Whether a byte order mark stands before the array that begins with these rows."""
    parts: Parts | None = None
    """Of rows that were put together of several."""

    @property
    def lines_at(self) -> Integers:
        """The line number of each line, int64."""
        if self.rows is not None:
            return self.rows.lines
        return np.arange(self.line, self.line + self.line_count, dtype=np.int64)

    @property
    def first_row(self) -> int:
        """The place of its first line among the file's rows, from 1."""
        return self.line if self.rows is None else self.rows.first_row

    @property
    def rows_at(self) -> Integers:
        """The place of each line among the file's rows, from 1, int64; of lines, their numbers."""
        if self.rows is None:
            return self.lines_at
        return np.arange(self.rows.first_row, self.rows.first_row + self.line_count, dtype=np.int64)

    @property
    def offsets_at(self) -> Integers:
        """The file offset of each line's first byte, int64."""
        return self.rows.offsets if self.rows is not None else self.starts[:-1] + self.offset

    @property
    def line_count(self) -> int:
        """Lines in the block; a skipped line is one."""
        return len(self.starts) - 1

    def line_at(self, index: int) -> bytes:
        """One line without its `\\n`."""
        return self.data[self.starts[index] : self.starts[index + 1]].removesuffix(b"\n")

    def lines(self) -> list[bytes]:
        """Each line without its `\\n`."""
        lines = self.data.split(b"\n")
        return lines[: self.line_count]


def have_brackets(block: Block, opening: str, closing: str) -> Flags:
    """Which lines begin and end with these characters, but for a carriage return."""
    data = np.frombuffer(block.data, dtype=np.uint8)
    firsts, last = block.starts[:-1], block.starts[1:] - 1
    last = np.maximum(last - (data[last] == ord("\n")), firsts)
    last = np.maximum(last - (data[last] == ord("\r")), firsts)
    look_alike: Flags = (data[firsts] == ord(opening)) & (data[last] == ord(closing))
    return look_alike


def joined(texts: list[bytes], *, is_ended: bool) -> tuple[bytes, Integers]:
    """The data of these lines, and where each begins in it, then its end: as a `Block` has them."""
    data = b"\n".join([*texts, b""] if is_ended else texts)
    starts: Integers = np.minimum(np.cumsum([0, *(len(text) + 1 for text in texts)], dtype=np.int64), len(data))
    return data, starts


def read_blocks(
    stream: ByteReader,
    max_line_bytes: int,
    first_line: int = 1,
    offset: int = 0,
    on_bytes: Callable[[bytes], None] = lambda _: None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """All lines of the stream, in order, as blocks of about `block_bytes`.

    stream: positioned at the byte `offset` of the file, where the line `first_line` begins. on_bytes: sees every
    byte once, in order. A line that is still without its end after `max_line_bytes` comes as a block of its own
    without data; a longer line that fits into a block's reading is kept, so the caller checks lengths too.
    """
    held: list[bytes] = []
    held_bytes = 0
    skipping = False
    line, position = first_line, offset
    while chunk := stream.read(block_bytes):
        on_bytes(chunk)
        if skipping and (end := chunk.find(b"\n")) >= 0:
            yield _skipped(line, position, held_bytes + end, is_ended=True)
            line, position = line + 1, position + held_bytes + end + 1
            chunk, held_bytes, skipping = chunk[end + 1 :], 0, False
        cut = chunk.rfind(b"\n") + 1
        if cut:
            whole = b"".join([*held, memoryview(chunk)[:cut]])
            held, held_bytes, chunk = [], 0, chunk[cut:]  # a long line is not kept twice while it is looked at
            for block in _blocks(whole, line, position):
                whole = b""
                line, position = line + block.line_count, position + len(block.data)
                yield block
                del block
        held_bytes += len(chunk)
        if held_bytes > max_line_bytes:
            skipping = True
            held = []
        elif chunk:
            held.append(chunk)
    if skipping:
        yield _skipped(line, position, held_bytes, is_ended=False)
    elif held:
        yield from _blocks(b"".join(held), line, position)


def _blocks(data: bytes, line: int, offset: int) -> Iterator[Block]:
    block = _block(data, line, offset)
    if block.line_count <= BLOCK_LINES:
        yield block
        return
    for first in range(0, block.line_count, BLOCK_LINES):
        starts = block.starts[first : first + BLOCK_LINES + 1]
        piece = data[starts[0] : starts[-1]]
        yield Block(piece, line + first, offset + int(starts[0]), starts - starts[0], is_ended=piece.endswith(b"\n"))


def _block(data: bytes, line: int, offset: int) -> Block:
    is_ended = data.endswith(b"\n")
    ends = [*_line_ends(data)] if count_byte(data, _NEWLINE) * _SHORT_BYTES < len(data) else _all_line_ends(data)
    starts = np.concatenate([[0], np.asarray(ends, dtype=np.int64), [] if is_ended else [len(data)]]).astype(np.int64)
    return Block(data, line, offset, starts, is_ended=is_ended)


def _line_ends(data: bytes) -> Iterator[int]:
    """Looks at many bytes at once from one line's end to the next: quick where lines are longer than that."""
    end = 0
    while end := data.find(b"\n", end) + 1:
        yield end


def _all_line_ends(data: bytes) -> Integers:
    """The same for short lines."""
    ends: Integers = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _NEWLINE) + 1
    return ends


def _skipped(line: int, offset: int, size: int, *, is_ended: bool) -> Block:
    return Block(b"", line, offset, np.zeros(2, dtype=np.int64), skipped_bytes=size, is_ended=is_ended)


def count_newlines(stream: ByteReader) -> int:
    """How many `\n` the stream holds."""
    return sum(count_byte(chunk, _NEWLINE) for chunk in iter(lambda: stream.read(BLOCK_BYTES), b""))


class BoundedReader:
    """The next `size` bytes of a stream, as a stream of its own."""

    def __init__(self, stream: ByteReader, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty once the bound is reached."""
        chunk = self._stream.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk


def read_head(stream: ByteReader, size: int) -> bytes:
    """The first `size` bytes; a connection may give them in several pieces."""
    pieces, left = [], size
    while left and (more := stream.read(left)):
        pieces.append(more)
        left -= len(more)
    return b"".join(pieces)


class Prefixed:
    """Bytes that were read ahead of a stream, then the stream."""

    def __init__(self, head: bytes, stream: ByteReader) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        head, self._head = self._head[:size], self._head[size:]
        return head + self._stream.read(size - len(head)) if len(head) < size else head


class Pieced:
    """The bytes of an iterator's pieces as a stream; nothing is asked of it before something is read.

    An empty piece is no end.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        while len(self._held) < size and (piece := next(self._pieces, None)) is not None:
            self._held += piece
        text = bytes(self._held[:size])
        del self._held[:size]
        return text


def copied(stream: ByteReader, copy: IO[bytes]) -> int:
    """Write all that the stream holds into a file, which then stands at its beginning; returns how many bytes."""
    size_bytes = 0
    while chunk := stream.read(BLOCK_BYTES):
        size_bytes += copy.write(chunk)
    copy.seek(0)
    return size_bytes


def line_ranges(stream: BinaryIO, size: int, wanted: int) -> list[tuple[int, int]]:
    """At most `wanted` byte ranges [start, stop) of about equal size that cover the file and begin at a line.

    stream: seekable, of `size` bytes.
    """
    starts = [0]
    for part in range(1, wanted):
        stream.seek(max(starts[-1], size * part // wanted - 1))
        start = stream.tell()
        while chunk := stream.read(1 << 16):
            end = chunk.find(b"\n")
            start += len(chunk) if end < 0 else end + 1
            if end >= 0:
                break
        if starts[-1] < start < size:
            starts.append(start)
    return list(zip(starts, [*starts[1:], size], strict=True))
