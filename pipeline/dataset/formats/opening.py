"""Opens a file of any packing and format: what it is, and its text from the first byte on, read once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.archive_text import ArchiveText
from pipeline.dataset.formats.archives import archive_of
from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import Block, ByteReader, Prefixed, read_blocks, read_head
from pipeline.dataset.formats.containers import BrokenArchive, Compression, Expanded, compression_of
from pipeline.dataset.formats.field_rows import read_field
from pipeline.dataset.formats.objects import read_objects
from pipeline.dataset.formats.parquet_rows import MARK, ParquetLines
from pipeline.dataset.formats.recognise import HEAD_BYTES as RECOGNISED_BYTES
from pipeline.dataset.formats.recognise import Reading, recognise
from pipeline.dataset.formats.row_groups import grouped
from pipeline.dataset.formats.rows.brightrun import BRIGHTRUN_V4, TRAINING_FILE
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.sniff import HEAD_BYTES, sniff
from pipeline.dataset.formats.table_rows import read_table
from pipeline.dataset.formats.texts_of_files import TextOfFiles, rows_of_files


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was begun."""

    text: ByteReader
    """All of it, unpacked."""
    reading: Reading
    sniffed: Finding | None
    """What its first bytes say against it."""
    _unpacked: tuple[Expanded | ArchiveText | ParquetLines, ...]
    files: ArchiveText | None = None
    """Those of an archive, where it is one."""

    @property
    def broken(self) -> BrokenArchive | None:
        """Why its archive ends early, as far as the text has been read."""
        return next((each.broken for each in self._unpacked if each.broken), None)

    @property
    def refusal(self) -> Finding | None:
        """Why it cannot be read at all; an archive that broke at once gets a finding of its own."""
        return None if self.broken else self.sniffed


def open_text(stream: ByteReader, chosen: Format | None, max_unpacked_bytes: int) -> Opened:
    """Begin a file. stream: from its first byte, packed or not. chosen: its format, None to recognise it.

    max_unpacked_bytes: more text than that is not taken out of an archive, which is `broken` then.
    """
    head = read_head(stream, HEAD_BYTES)
    packed = Prefixed(head, stream)
    compression = compression_of(head)
    expanded = None if compression is Compression.NONE else Expanded(packed, compression, max_unpacked_bytes)
    text: ByteReader = expanded or packed
    unpacked: tuple[Expanded | ArchiveText | ParquetLines, ...] = (expanded,) if expanded else ()
    start = read_head(text, RECOGNISED_BYTES)
    files = None
    if (kind := archive_of(start)) is not Compression.NONE:
        compression = kind
        text = files = ArchiveText(Prefixed(start, text), kind, chosen, max_unpacked_bytes, expanded)
        start, unpacked = read_head(text, RECOGNISED_BYTES), (*unpacked, files)
    is_parquet = start.startswith(MARK) or (files is not None and files.holds_parquet)
    if start.startswith(MARK):
        text = columns = ParquetLines(Prefixed(start, text), max_unpacked_bytes)
        start, unpacked = read_head(text, RECOGNISED_BYTES), (*unpacked, columns)
    first = files.first_of(start) if files else start
    reading = recognise(first, compression, chosen, are_lines=is_parquet)
    if is_parquet:
        reading = replace(reading, container="parquet")
    if files is not None and files.said:
        reading = replace(reading, why=f"{reading.why}; the rows are in {files.said}")
    sniffed = sniff(start[:HEAD_BYTES], start)
    if files is not None and files.refused:
        sniffed = Finding(1, 0, files.refused.code, "$", files.refused.mismatch)
    whole = Prefixed(start, text)
    return Opened(files.by_file(whole) if files else whole, reading, sniffed, unpacked, files)


def read_rows(
    text: ByteReader,
    reading: Reading,
    max_line_bytes: int,
    first_line: int = 1,
    offset: int = 0,
    on_bytes: Callable[[bytes], None] = lambda _: None,
) -> Iterator[Block]:
    """All rows of a text, in order, as blocks. first_line, offset: where it begins in its file, if it is lines."""
    blocks = read_parts(text, reading, max_line_bytes, first_line, offset, on_bytes)
    return grouped(blocks, reading.grouping, max_line_bytes) if reading.grouping else blocks


def read_parts(
    text: ByteReader,
    reading: Reading,
    max_line_bytes: int,
    first_line: int = 1,
    offset: int = 0,
    on_bytes: Callable[[bytes], None] = lambda _: None,
) -> Iterator[Block]:
    """The same, where the parts of a conversation are not put together."""
    if isinstance(text, TextOfFiles):
        return rows_of_files(text, lambda file: read_parts(file, reading, max_line_bytes, on_bytes=on_bytes))
    match reading.container:
        case "json-array":
            return read_array(text, max_line_bytes, on_bytes)
        case "json-objects":
            return read_objects(text, max_line_bytes, on_bytes)
        case "json-field":
            kept_as = TRAINING_FILE if reading.form == BRIGHTRUN_V4 and not reading.grouping else ""
            return read_field(text, reading.list_at, kept_as, max_line_bytes, on_bytes)
        case "csv":
            return read_table(text, reading.separator, max_line_bytes, on_bytes)
        case "jsonl" | "parquet":  # whose rows come as lines
            return read_blocks(text, max_line_bytes, first_line, offset, on_bytes)
