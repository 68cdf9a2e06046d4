"""Reads one range of a file: verdicts, rows, fingerprints, statistics. The unit that workers share out."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from pipeline.conversations.columns import Columns, read_columns
from pipeline.conversations.conventions import warnings
from pipeline.conversations.findings import CATALOGUE, Finding
from pipeline.conversations.model import Limits
from pipeline.conversations.reader import Block, ByteReader, read_blocks
from pipeline.lake import TableWriter
from pipeline.lake.errors import lake_errors
from pipeline.profiles.duplicates import fingerprints
from pipeline.profiles.quiet import paused_collector
from pipeline.profiles.statistics import Statistics, measure

FINGERPRINTS = "fingerprints.bin"


def profile_part(
    stream: ByteReader,
    folder: Path,
    limits: Limits,
    first_line: int = 1,
    offset: int = 0,
    on_bytes: Callable[[bytes], None] = lambda _: None,
) -> Statistics:
    """Read the stream to its end and leave its rows in `folder`, a Parquet file a table, and its fingerprints.

    stream: begins at the line `first_line`, the byte `offset` of the file.

    Raises:
        LakeError: the folder cannot be written.
    """
    total = Statistics()
    with (
        paused_collector(),
        TableWriter("conversations", folder / "conversations.parquet") as conversations,
        TableWriter("turns", folder / "turns.parquet") as turns,
        TableWriter("findings", folder / "findings.parquet") as findings,
        _Spill(folder / FINGERPRINTS) as spill,
    ):
        for block in read_blocks(stream, limits.max_line_bytes, first_line, offset, on_bytes):
            verdicts, columns = read_columns(block, limits)
            found = sorted([*verdicts.findings, *warnings(columns), *_unended(block)], key=lambda f: f.sort_key)
            total += measure(verdicts, columns, found)
            if columns.ids:
                prints = fingerprints(columns)
                spill.write(prints.tobytes())
                conversations.write(_conversation_rows(columns, prints["turns"].tobytes()))
                turns.write(_turn_rows(columns))
            if found:
                findings.write(finding_rows(found))
    return total


class _Spill:
    """A file that grows; what the disk refuses is a `LakeError`, as with the tables beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with lake_errors("write", path):
            self._file = path.open("wb")

    def write(self, data: bytes) -> None:
        with lake_errors("write", self._path):
            self._file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with lake_errors("write", self._path):
            self._file.close()


def _unended(block: Block) -> list[Finding]:
    if block.is_ended:
        return []
    line, start = block.line + block.line_count - 1, block.offset + int(block.starts[-2])
    detail = "expected a newline at the end of the file, found none"
    return [Finding(line, start, "no-final-newline", "$", detail)]


def _conversation_rows(columns: Columns, turn_hashes: bytes) -> dict[str, pa.Array]:
    words_before = np.concatenate([[0], np.cumsum(columns.word_counts)])
    return {
        "line": pa.array(columns.lines),
        "offset": pa.array(columns.offsets),
        "conversation_id": pa.array(columns.ids, pa.string()),
        "turn_count": pa.array(columns.turn_counts),
        "word_count": pa.array(np.diff(words_before[columns.turn_starts])),
        "turns_hash": pa.Array.from_buffers(pa.binary(16), len(columns.ids), [None, pa.py_buffer(turn_hashes)]),
    }


def _turn_rows(columns: Columns) -> dict[str, pa.Array]:
    index = np.arange(len(columns.roles)) - np.repeat(columns.turn_starts[:-1], columns.turn_counts)
    roles = pa.DictionaryArray.from_arrays(
        pa.array(columns.roles.astype(np.int32)), pa.array(columns.role_names, pa.string())
    )
    return {
        "line": pa.array(np.repeat(columns.lines, columns.turn_counts)),
        "turn_index": pa.array(index.astype(np.int32)),
        "role": roles,
        "content": columns.contents,
        "word_count": pa.array(columns.word_counts.astype(np.int32)),
    }


def finding_rows(findings: list[Finding]) -> dict[str, pa.Array]:
    """The findings as columns of the lake's table."""
    return {
        "line": pa.array([f.line for f in findings], pa.int64()),
        "offset": pa.array([f.offset for f in findings], pa.int64()),
        "code": pa.array([f.code for f in findings], pa.string()),
        "severity": pa.array([CATALOGUE[f.code].severity.value for f in findings], pa.string()),
        "path": pa.array([f.path for f in findings], pa.string()),
        "message": pa.array([f.message for f in findings], pa.string()),
    }
