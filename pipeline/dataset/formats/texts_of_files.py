"""A text that is several files one after another, and the rows of each where a row cannot go on from one to the next.

Lines may be joined; tables have a header each, and arrays their brackets.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pipeline.dataset.formats.blocks_of_lines import Block, ByteReader, Rows

BY_FILE = ("csv", "json-array")  # containers whose files are read one by one


class TextOfFiles:
    """The text, of which is known where each file begins. starts, first_lines: of the files, as far as it was read."""

    def __init__(self, text: ByteReader, starts: Sequence[int], first_lines: Sequence[int]) -> None:
        self._text = text
        self._starts = starts
        self._held, self._at = b"", 0  # what was read ahead, and where it begins
        self.first_lines = first_lines

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, of whichever files; empty at the end."""
        piece = self._held[:size] or self._text.read(size)
        self._held = self._held[len(piece) :]
        self._at += len(piece)
        return piece

    def files(self) -> Iterator[tuple[ByteReader, int, int]]:
        """Each file that holds anything, to be read to its end, and the line and byte that it begins with."""
        number = 0
        while self._fill(1) and number < len(self._starts):
            if number + 1 == len(self._starts) or self._starts[number] < self._starts[number + 1]:
                yield _OneFile(self, number), self.first_lines[number], self._starts[number]
            number += 1

    def read_of(self, number: int, size: int) -> bytes:
        """At most `size` bytes of a file; empty at its end."""
        self._fill(size)
        end = self._starts[number + 1] if number + 1 < len(self._starts) else self._at + size
        return self.read(min(size, end - self._at, len(self._held))) if self._held and end > self._at else b""

    def _fill(self, size: int) -> bool:
        """Read ahead, so that it is known whether a file begins in what comes next; False at the end."""
        self._held = self._held or self._text.read(size)
        return bool(self._held)


class _OneFile:
    def __init__(self, text: TextOfFiles, number: int) -> None:
        self._text = text
        self._number = number

    def read(self, size: int, /) -> bytes:
        return self._text.read_of(self._number, size)


def rows_of_files(text: TextOfFiles, read: Callable[[ByteReader], Iterator[Block]]) -> Iterator[Block]:
    """The rows of all files. read: those of one, as if it stood alone."""
    row_count = 0
    for file, first_line, start in text.files():
        before = row_count
        for block in read(file):
            row_count += block.line_count
            yield _moved(block, before, first_line - 1, start)
            del block


def _moved(block: Block, rows: int, lines: int, offset: int) -> Block:
    """The block where so much of other files stands before its own."""
    places = None
    if block.rows is not None:
        places = Rows(block.rows.first_row + rows, block.rows.lines + lines, block.rows.offsets + offset)
    return replace(block, line=block.line + lines, offset=block.offset + offset, rows=places)
