"""Reads a file as the engine does, and keeps each row's bytes as they stand, which an array's blocks do not have."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, Block, ByteReader, Rows, joined, read_blocks
from pipeline.dataset.formats.groupings import Grouping
from pipeline.dataset.formats.opening import open_text, read_parts, read_rows
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.row_groups import grouped
from pipeline.dataset.formats.rows import WITHIN_TEXTS
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.texts_of_files import TextOfFiles
from pipeline.dataset.mend.joined_lines import JoinedLines
from pipeline.dataset.mend.long_texts import LongTexts
from pipeline.dataset.mend.raw_rows import RawRow, RepairedRows
from pipeline.dataset.model.conversation import Limits

_WHITE = b" \t\r\n"


class Source:
    """A file that is read once, from its beginning. refusal: what says that it cannot be read row by row at all.

    long_texts: where the long texts of its rows go. chosen: its format, None to recognise it. repairs: codes of the
    remedies that are applied to what is no row as it stands.
    """

    def __init__(
        self,
        stream: ByteReader,
        limits: Limits,
        on_bytes: Callable[[int], None],
        long_texts: LongTexts,
        chosen: Format | None = None,
        repairs: Collection[str] = (),
    ) -> None:
        self._repairs = RepairedRows(repairs)
        self.max_line_bytes = limits.max_line_bytes
        self._long_texts = long_texts
        self._opened = open_text(_Told(stream, on_bytes), chosen, limits.max_unpacked_bytes)
        self._original = _Original(limits.max_line_bytes + 2 * BLOCK_BYTES)
        self.refusal: Finding | None = self._opened.sniffed
        self.reading: Reading = self._opened.reading

    def blocks(self) -> Iterator[tuple[Block, list[RawRow]]]:
        """All rows, in order; a broken archive ends them and becomes the refusal."""
        if self.is_array:
            for block in read_array(self._opened.text, self.max_line_bytes, self._original.keep):
                yield self._shortened(*self._repairs.of(block, self._cut(block), may_split=False))
                del block
        elif self.reading.grouping:
            for block, rows in self._put_together(self.reading.grouping):
                yield self._shortened(block, rows)
                del block, rows
        elif not self.reading.has_rows_on_lines:
            for block in read_rows(self._opened.text, self.reading, self.max_line_bytes):
                yield self._shortened(*self._repairs.of(block, _on_lines(block), may_split=False))
                del block
        else:
            for block, rows in self._lines():
                if rows:
                    yield self._shortened(*self._repairs.of(block, rows, may_split=True))
                del block, rows  # else they are kept while the next ones are read
        if broken := self._opened.broken:
            self.refusal = Finding(1, 0, broken.code, "$", broken.mismatch)

    def _put_together(self, grouping: Grouping) -> Iterator[tuple[Block, list[RawRow]]]:
        """Rows that are made of parts; those parts are repaired before that are no rows as they stand."""
        repaired: dict[int, tuple[str, bool]] = {}  # by their offset
        parts = self._repaired_parts(repaired)
        for block in grouped(parts, grouping, self.max_line_bytes):
            rows = zip(_on_lines(block), _parts_of(block), strict=True)
            yield block, [_made_of(row, repaired, offsets) for row, offsets in rows]
            del block, rows

    def _repaired_parts(self, repaired: dict[int, tuple[str, bool]]) -> Iterator[Block]:
        is_lines = self.reading.container == "jsonl"
        for block in read_parts(self._opened.text, self.reading, self.max_line_bytes):
            mended, rows = self._repairs.of(block, _on_lines(block), may_split=is_lines)
            places = zip(mended.offsets_at.tolist(), rows, strict=True)
            repaired |= {offset: (row.code, row.is_no_row) for offset, row in places if row.code}
            yield mended
            del block, mended, rows

    def _lines(self) -> Iterator[tuple[Block, list[RawRow]]]:
        """Lines, put together to rows where none is one as it stands."""
        joined = None if self.reading.is_certain else JoinedLines()
        for block in read_blocks(self._opened.text, self.max_line_bytes):
            rows = [RawRow(b"", text) for text in ([None] if block.skipped_bytes else block.lines())]
            yield joined.of(block, rows) if joined else (block, rows)
            del block, rows
        if joined:
            yield joined.end()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is to be said of which files of an archive are read."""
        return tuple(self._opened.files.findings) if self._opened.files else ()

    def place(self, line: int, offset: int) -> dict[str, object]:
        """Line and byte of a row; of one of several files the file as well, and the line and byte there."""
        files = self._opened.files
        if files is None or not files.are_several:
            return {"line": line, "byte_offset": offset}
        place = files.place_in_file(line, offset)
        return {"file": place.name, "line": place.line, "byte_offset": place.byte_offset}

    @property
    def is_array(self) -> bool:
        """Whether what is mended is an array, as the file is; rows that are found otherwise are written on lines."""
        is_one = not (self.reading.grouping or isinstance(self._opened.text, TextOfFiles))
        return self.reading.container == "json-array" and is_one

    @property
    def tail(self) -> bytes:
        """What ends the array, once all rows are read."""
        rest = self._original.rest()
        return rest if rest.strip(_WHITE) == b"]" else b"\n]\n"

    def _shortened(self, block: Block, rows: list[RawRow]) -> tuple[Block, list[RawRow]]:
        """The same rows, with stand-ins for their long texts."""
        are_whole = self.reading.form.name in WITHIN_TEXTS
        if are_whole or not any(map(self._long_texts.may_shorten, np.diff(block.starts).tolist())):
            return block, rows
        shorter = [self._short_row(row) for row in rows]
        if not any(row.places for row in shorter):
            return block, rows
        texts = [
            row.text.replace(b"\n", b" ") if row.text is not None and row.places else text
            for row, text in zip(shorter, block.lines(), strict=True)
        ]
        data, starts = joined(texts, is_ended=block.is_ended)
        places = Rows(block.first_row, block.lines_at, block.offsets_at)
        return replace(block, data=data, starts=starts, rows=places), shorter

    def _short_row(self, row: RawRow) -> RawRow:
        if row.text is None:
            return row
        text, places = self._long_texts.shortened(row.text)
        return replace(row, text=text, places=places)

    def _cut(self, block: Block) -> list[RawRow]:
        """An array's rows as they stand in the file; those of the block have no line breaks, but the same length."""
        if block.skipped_bytes:
            return [RawRow(b"", None)]
        places = zip(block.offsets_at.tolist(), block.lines(), strict=True)
        rows = [
            RawRow(b"", None) if index in block.faults else self._original.take(offset, len(text))
            for index, (offset, text) in enumerate(places)
        ]
        self._original.forget()
        return rows


def _on_lines(block: Block) -> list[RawRow]:
    """The rows of a block, each of which becomes a line."""
    if block.skipped_bytes:
        return [RawRow(b"", None)]
    return [RawRow(b"", None if index in block.faults else text) for index, text in enumerate(block.lines())]


def _parts_of(block: Block) -> Iterator[list[int]]:
    """The offsets of the parts of each row."""
    if block.parts is None:
        yield from ([offset] for offset in block.offsets_at.tolist())
        return
    offsets, starts = block.parts.offsets.tolist(), block.parts.starts.tolist()
    yield from (offsets[start:end] for start, end in pairwise(starts))


def _made_of(row: RawRow, repaired: Mapping[int, tuple[str, bool]], offsets: list[int]) -> RawRow:
    """A row with what was repaired in its parts."""
    part = next((repaired[offset] for offset in offsets if offset in repaired), None) if repaired else None
    if part is None:
        return row
    code, is_no_row = part
    return replace(row, code=code, is_no_row=is_no_row, original=None if is_no_row else row.text)


class _Original:
    """The bytes of an array since the row that was taken last, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._offset = 0
        self._taken = 0

    def keep(self, chunk: bytes) -> None:
        self._held += chunk
        self._drop(len(self._held) - self._limit)

    def take(self, offset: int, size: int) -> RawRow:
        start = offset - self._offset
        if start < 0:
            return RawRow(b"", None)
        self._taken = start + size
        lead = start
        while lead and self._held[lead - 1] in _WHITE:
            lead -= 1
        return RawRow(bytes(self._held[lead:start]), self._bytes(start, self._taken))

    def _bytes(self, start: int, end: int) -> bytes:
        with memoryview(self._held) as held:
            return bytes(held[start:end])

    def forget(self) -> None:
        self._drop(self._taken)
        self._taken = 0

    def rest(self) -> bytes:
        return bytes(self._held)

    def _drop(self, size: int) -> None:
        if size > 0:
            del self._held[:size]
            self._offset += size


class _Told:
    """A stream that tells how much is read of it."""

    def __init__(self, stream: ByteReader, on_bytes: Callable[[int], None]) -> None:
        self._stream = stream
        self._on_bytes = on_bytes

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._on_bytes(len(chunk))
        return chunk
