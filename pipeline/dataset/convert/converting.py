"""Converts one file: reads it block by block as the engine does and writes a row for each accepted conversation.

Nothing is held but a block; the output stands whole at its place or not at all.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pipeline.dataset.convert.conversations import talks
from pipeline.dataset.convert.losses import FIRST_ROWS, Losses
from pipeline.dataset.convert.row_writers import RowWriter, row_writer
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import Block, ByteReader
from pipeline.dataset.formats.opening import open_text, read_rows
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import read_columns
from pipeline.errors import UsageError
from pipeline.state.durable import whole_file, written

Write: TypeAlias = Callable[[bytes], None]


@dataclass(slots=True)
class Converted:
    """What became of a file."""

    reading: Reading = field(default_factory=Reading)
    written: int = 0
    rejected: int = 0
    """Findings by code."""
    rejected_codes: Counter[str] = field(default_factory=Counter)
    first_rejected: list[int] = field(default_factory=list)
    """Rows."""
    losses: Losses = field(default_factory=Losses)
    broken: str = ""
    """Why its archive ends early."""
    warnings: list[Finding] = field(default_factory=list)
    """About which files of an archive were read."""
    place_of: Callable[[int], str] | None = None
    """Of a line of several files, its file and line there."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was rejected, lost or cut off."""
        return not (self.rejected or self.losses.counts or self.broken)


def convert_stream(
    stream: ByteReader,
    write: Callable[[bytes], object],
    target: str,
    chosen: Format | None,
    limits: Limits,
    *,
    as_document: bool = False,
) -> Converted:
    """Write each conversation of the file as a row of the target. write: takes lines with their ends.

    as_document: write one JSON object instead of lines, where the target has such a file.
    stream: the file from its beginning, packed or not. chosen: its format, None to recognise it.

    Raises:
        UsageError: the file is no text, or empty.
        OSError: as raised by the stream and by `write`.
    """
    converted = Converted()
    for lines in _lines_of_blocks(stream, target, chosen, limits, converted, as_document=as_document):
        for line in lines:
            write(line)
    return converted


def convert_pieces(stream: ByteReader, target: str, chosen: Format | None, limits: Limits) -> Iterator[bytes]:
    """The same in pieces, each of a block, for who sends them on; raises what `convert_stream` does."""
    return map(b"".join, _lines_of_blocks(stream, target, chosen, limits, Converted()))


def _lines_of_blocks(
    stream: ByteReader,
    target: str,
    chosen: Format | None,
    limits: Limits,
    converted: Converted,
    *,
    as_document: bool = False,
) -> Iterator[list[bytes]]:
    """The lines of each block. converted: is told what becomes of the file."""
    opened = open_text(stream, chosen, limits.max_unpacked_bytes)
    if opened.refusal:
        raise UsageError(f"cannot convert it: {opened.refusal.message}")
    converted.reading = opened.reading
    lines: list[bytes] = []
    writer = row_writer(target, lines.append, as_document=as_document)
    for block in read_rows(opened.text, opened.reading, limits.max_line_bytes):
        _convert_block(block, writer, limits, converted)
        yield lines
        lines.clear()
    writer.end()
    yield lines
    if opened.files:
        converted.warnings = opened.files.findings
        converted.place_of = opened.files.place_of if opened.files.are_several else None
    if opened.broken:
        converted.broken = str(opened.broken)


def _convert_block(block: Block, writer: RowWriter, limits: Limits, converted: Converted) -> None:
    verdicts, columns = read_columns(block, limits, converted.reading.form)
    converted.rejected += verdicts.rejected_count
    errors = [finding for finding in verdicts.findings if finding.severity == "error"]
    converted.rejected_codes.update(finding.code for finding in errors)
    for finding in errors:
        if len(converted.first_rejected) < FIRST_ROWS and finding.row not in converted.first_rejected:
            converted.first_rejected.append(finding.row)
    for talk in talks(columns):
        lost = set(talk.lost)
        converted.written += writer.add(talk, lost)
        if lost:
            converted.losses.add(talk.row, lost)


@contextmanager
def replaced(target: Path) -> Iterator[Write]:
    """Writes into a file that takes the target's place when all went well.

    Raises:
        LakeError: the file cannot be written; so does the writer.
    """
    with whole_file(target) as aside, _open(aside, target) as write:
        yield write


@contextmanager
def in_scratch(target: Path) -> Iterator[Write]:
    """The same, of a folder that nobody reads before it is put in place: nothing waits for the disk."""
    with _open(target, target) as write:
        yield write


@contextmanager
def _open(path: Path, named: Path) -> Iterator[Write]:
    with written(named):
        stream = path.open("wb")

    def write(line: bytes) -> None:
        with written(named):
            stream.write(line)

    try:
        yield write
    finally:
        with written(named):
            stream.close()
