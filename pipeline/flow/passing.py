"""Files that pass by once, one after the other: hashed as one text, their lines counted, and cut into ranges.

One file or the shards of a dataset. Between two shards stands a line's end, also where the first has none.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, ByteReader
from pipeline.dataset.formats.containers import BrokenArchive, broken_in, unpacked


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a file: its bytes from `start` to `stop`, of packed ones its text from `start` to the end."""

    file: int
    """Its number."""
    start: int
    stop: int | None
    first_line: int
    """Of the first byte in the text of all files."""
    offset: int
    """Of the first byte in the text of all files."""
    ending: bytes = b""
    """What follows it there."""


class PassedFiles:
    """The files, by their names. begin: opens one; check: sees the beginning of each.

    broken: why the text ends early, once it has passed by.
    """

    def __init__(
        self,
        names: Sequence[str],
        begin: Callable[[int], AbstractContextManager[ByteReader]],
        max_unpacked_bytes: int,
        check: Callable[[int, bytes], None] = lambda _number, _head: None,
    ) -> None:
        self._names = names
        self._begin = begin
        self._max_bytes = max_unpacked_bytes
        self._check = check
        self._digest = hashlib.sha256()
        self._starts: list[int] = []
        self._first_lines: list[int] = []
        self._line = 1
        self.size_bytes = 0
        self.broken: BrokenArchive | None = None

    def spans(self, range_bytes: int) -> Iterator[Span]:
        """Ranges of whole lines of about that size, each as soon as its end has passed by; a packed file is one.

        Raises:
            BrokenArchive: `check` refuses a file.
        """
        for number in range(len(self._names)):
            with self._begin(number) as stream:
                yield from self._spans_of(number, stream, range_bytes)
            if self.broken:
                return

    def _spans_of(self, number: int, stream: ByteReader, range_bytes: int) -> Iterator[Span]:
        text, expanded = unpacked(stream, self._max_bytes - self.size_bytes)
        begin = start = self.size_bytes
        first_line, skipped, last = self._line, 0, b""
        self._starts.append(begin)
        self._first_lines.append(first_line)
        while chunk := text.read(BLOCK_BYTES):
            if not last:
                self._check(number, chunk)
                skipped = len(BYTE_ORDER_MARK) if number and chunk.startswith(BYTE_ORDER_MARK) else 0
                chunk = chunk[skipped:]
            at, cut = self.size_bytes, 0
            self._see(chunk)
            while not expanded and (end := chunk.find(b"\n", max(cut, start + range_bytes - at - 1)) + 1):
                self._line += chunk.count(b"\n", cut, end)
                yield Span(number, start - begin + skipped, at + end - begin + skipped, first_line, start)
                start, first_line, cut = at + end, self._line, end
            self._line += chunk.count(b"\n", cut)
            last = chunk[-1:] or last
        if expanded and expanded.broken:
            self.broken = broken_in(expanded.broken, self._names[number])
        stop, ending = self.size_bytes, b""
        if last not in (b"", b"\n") and number + 1 < len(self._names) and not self.broken:
            ending = b"\n"
            self._see(ending)
            self._line += 1
        if start < stop:
            yield Span(
                number, start - begin + skipped, None if expanded else stop - begin + skipped, first_line, start, ending
            )

    def sha256(self) -> str:
        """Of the text that has passed by, in hex."""
        return self._digest.hexdigest()

    def place_of(self, line: int) -> str:
        """Where a line of the text stands, for people."""
        number = max(0, bisect_right(self._first_lines, line) - 1)
        return f"line {line - self._first_lines[number] + 1:,} of {self._names[number]}"

    def _see(self, piece: bytes) -> None:
        self._digest.update(piece)
        self.size_bytes += len(piece)
