"""Converts one file: reads it block by block as the engine does and writes a row for each accepted conversation.

Nothing is held but a block; the output stands whole at its place or not at all.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pipeline.conversations.array import read_array
from pipeline.conversations.columns import read_columns
from pipeline.conversations.containers import Compression, Expanded, compression_of
from pipeline.conversations.formats.format import Format
from pipeline.conversations.model import Limits
from pipeline.conversations.reader import Block, ByteReader, Prefixed, read_blocks
from pipeline.conversations.recognise import HEAD_BYTES as RECOGNISED_BYTES
from pipeline.conversations.recognise import Reading, recognise
from pipeline.conversations.sniff import HEAD_BYTES, sniff
from pipeline.convert.conversations import talks
from pipeline.convert.losses import FIRST_LINES, Losses
from pipeline.convert.targets import TARGETS, Row
from pipeline.errors import LakeError, UsageError
from pipeline.profiles.streams import read_head


@dataclass(slots=True)
class Converted:
    """What became of a file. rejected: findings by code; first_rejected: lines; broken: why its archive ends early."""

    reading: Reading = field(default_factory=Reading)
    written: int = 0
    rejected: int = 0
    rejected_codes: Counter[str] = field(default_factory=Counter)
    first_rejected: list[int] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    broken: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was rejected, lost or cut off."""
        return not (self.rejected or self.losses.counts or self.broken)


def convert_stream(
    stream: ByteReader, write: Callable[[bytes], object], target: str, chosen: Format | None, limits: Limits
) -> Converted:
    """Write each conversation of the file as a row of the target. write: takes a line with its end.

    stream: the file from its beginning, packed or not. chosen: its format, None to recognise it.

    Raises:
        UsageError: the file is no text, or empty.
        OSError: as raised by the stream and by `write`.
    """
    head = read_head(stream, HEAD_BYTES)
    text: ByteReader = Prefixed(head, stream)
    compression = compression_of(head)
    expanded = Expanded(text, compression) if compression is not Compression.NONE else None
    text = expanded or text
    start = read_head(text, RECOGNISED_BYTES)
    refusal = sniff(start[:HEAD_BYTES])
    if refusal and not (expanded and expanded.broken):
        raise UsageError(f"cannot convert it: {refusal.message}")
    converted = Converted(recognise(start, compression, chosen))
    for block in _blocks(Prefixed(start, text), converted.reading, limits):
        _convert_block(block, write, target, limits, converted)
    if expanded and expanded.broken:
        converted.broken = expanded.broken.detail
    return converted


def _blocks(stream: ByteReader, reading: Reading, limits: Limits) -> Iterator[Block]:
    read = read_array if reading.container == "json-array" else read_blocks
    return read(stream, limits.max_line_bytes)


def _convert_block(
    block: Block, write: Callable[[bytes], object], target: str, limits: Limits, converted: Converted
) -> None:
    verdicts, columns = read_columns(block, limits, converted.reading.form)
    converted.rejected += verdicts.rejected_count
    errors = [finding for finding in verdicts.findings if finding.severity == "error"]
    converted.rejected_codes.update(finding.code for finding in errors)
    for finding in errors:
        if len(converted.first_rejected) < FIRST_LINES and finding.line not in converted.first_rejected:
            converted.first_rejected.append(finding.line)
    make, encode = TARGETS[target], msgspec.json.Encoder().encode
    for talk in talks(columns):
        lost = set(talk.lost)
        row: Row = make(talk, lost)
        write(encode(row) + b"\n")
        if lost:
            converted.losses.add(talk.line, lost)
    converted.written += len(columns.ids)


@contextmanager
def replaced(target: Path) -> Iterator[Callable[[bytes], None]]:
    """Writes into a file that takes the target's place when all went well.

    Raises:
        LakeError: the file cannot be written; so does the writer.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _written(target):
            stream = aside.open("wb")

        def write(line: bytes) -> None:
            with _written(target):
                stream.write(line)

        try:
            yield write
        finally:
            with _written(target):
                stream.close()
        with _written(target):
            aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error
