"""Reads one range of a file: verdicts, rows, fingerprints, statistics. The unit that workers share out."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, Listing, group_of
from pipeline.dataset.formats.blocks_of_lines import Block, ByteReader
from pipeline.dataset.formats.opening import read_rows
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.frames.frames import Frames, frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.model.quiet import keep_freed_memory, paused_collector
from pipeline.dataset.near.conflicting_answers import answers
from pipeline.dataset.near.signatures import bands_of, signatures
from pipeline.dataset.profiles.duplicates import fingerprints
from pipeline.dataset.profiles.finding_columns import finding_rows
from pipeline.dataset.profiles.profile_rows import conversation_rows, turn_rows
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.rejected_texts import rejected_texts
from pipeline.dataset.profiles.row_measures import measure_rows
from pipeline.dataset.profiles.totals import Totals, measure_block, measure_rejected
from pipeline.dataset.profiles.type_drift import measure_types
from pipeline.dataset.quality.quality_findings import quality_groups
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.part_places import in_parts
from pipeline.dataset.reading.rows_again import groups_of_all, read_once
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.state.lake import TableWriter
from pipeline.state.lake.lake_errors import lake_errors

FINGERPRINTS, SIGNATURES, ANSWERS = "fingerprints.bin", "signatures.bin", "answers.bin"
NATIVE_LINES = Reading()


def profile_part(
    stream: ByteReader,
    folder: Path,
    rules: Rules,
    reading: Reading = NATIVE_LINES,
    first_line: int = 1,
    offset: int = 0,
    on_bytes: Callable[[bytes], None] = lambda _: None,
) -> Totals:
    """Read the stream to its end and leave its rows in `folder`, a Parquet file a table, and its fingerprints.

    stream: unpacked; begins at the line `first_line`, the byte `offset` of the file.

    Raises:
        LakeError: the folder cannot be written.
        TokenizerError: tokens are to be counted exactly, and the tokenizer cannot be loaded.
        OverBudget: it takes more processor time than the rules' budget has for its bytes.
    """
    meter = rules.budget.begin() if rules.budget else None

    def seen(chunk: bytes) -> None:
        on_bytes(chunk)
        if meter:
            meter.see(chunk)

    keep_freed_memory()
    total, listing = Totals(), Listing()
    limits, form = rules.limits, reading.form
    tokenizer = rules.load_tokenizer() if rules.is_exact else None
    with (
        paused_collector(),
        TableWriter("conversations", folder / "conversations.parquet") as conversations,
        TableWriter("turns", folder / "turns.parquet") as turns,
        TableWriter("findings", folder / "findings.parquet") as findings,
        _Spills(folder, rules) as spills,
    ):
        for block in read_rows(stream, reading, limits.max_line_bytes, first_line, offset, seen):
            verdicts, columns = read_once(block, limits, form, reading.others)
            verdicts.groups.extend(_unended(block))
            groups = verdicts.groups
            if columns.ids:
                frames = frames_of(columns.again.different if columns.again else columns)
                of_rows = in_parts(_groups_of_conversations(frames, columns, rules), block, form.layout)
                measured = measure_block(verdicts, columns, frames, of_rows, rules, tokenizer)
                total += replace(measured, types=measure_types(block, columns, reading.untyped_fields))
                hashes = spills.write(columns)
                conversations.write(conversation_rows(columns, hashes, measure_rows(columns, measured.tokens, rules)))
                turns.write(turn_rows(columns))
                groups = [*groups, *of_rows]
            else:
                total += measure_rejected(verdicts)
            if found := listing.take(groups):
                findings.write(finding_rows(found, rejected_texts(found, block, rules.rejected_text_chars)))
    if meter:
        meter.check()
    return total


def _groups_of_conversations(frames: Frames, columns: Columns, rules: Rules) -> list[Group]:
    """All findings of a block's conversations, by code. frames: of the different ones, where they come again."""
    groups = [*warning_groups(frames), *(quality_groups(frames) if rules.has_quality else [])]
    if columns.again is None:
        return groups
    return groups_of_all(groups, columns.again.rows, columns.rows, columns.lines, columns.offsets)


class _Spills:
    """The fixed-size records that stay on disk until the whole file has been read."""

    def __init__(self, folder: Path, rules: Rules) -> None:
        self._has_near = rules.has_near_duplicates
        with ExitStack() as opened:  # all of them are closed, whichever the disk refuses
            self._fingerprints = opened.enter_context(_Spill(folder / FINGERPRINTS))
            self._signatures = opened.enter_context(_Spill(folder / SIGNATURES))
            self._bands = opened.enter_context(_Spill(bands_of(folder / SIGNATURES)))
            self._answers = opened.enter_context(_Spill(folder / ANSWERS))
            self._opened = opened.pop_all()

    def write(self, columns: Columns) -> bytes:
        """Keep the records of a block; returns the hashes of its conversations' turns, end to end."""
        prints = fingerprints(columns)
        self._fingerprints.write(prints.tobytes())
        if self._has_near:
            signed, bands = signatures(columns, prints["turns"][:, 0])
            self._signatures.write(signed.tobytes())
            self._bands.write(bands.tobytes())
            self._answers.write(answers(columns).tobytes())
        return bytes(prints["turns"].tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._opened.close()


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


def _unended(block: Block) -> list[Group]:
    if block.is_ended or block.rows is not None:
        return []
    line, start = block.line + block.line_count - 1, block.offset + int(block.starts[-2])
    mismatch = Mismatch("a newline at the end of the file", "none")
    last = np.array([block.line_count - 1], dtype=np.int64)
    return [group_of(Finding(line, start, "no-final-newline", "$", mismatch), last)]
