"""Mends the rows of one block: which are put aside, which are changed and how. Repeats show later: `repeats.py`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from io import BytesIO

import msgspec
import numpy as np
import pyarrow as pa

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.findings.faults import LooksWrong, NoFaults
from pipeline.dataset.findings.finding import Finding, Severity
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK, Block, read_blocks
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.frames.frames import Frames, frames_of
from pipeline.dataset.frames.warnings import warnings
from pipeline.dataset.mend.json_style import read_row, restyled
from pipeline.dataset.mend.long_texts import LongTexts, Places
from pipeline.dataset.mend.mend_remedies import REMEDIES, Row
from pipeline.dataset.mend.raw_rows import RawRow
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.model.frame_columns import TurnColumns
from pipeline.dataset.quality.short_answers import is_spaced, is_spoken_answer
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.dataset.reading.judge_line import judge_line

_OF_ROWS = {code: remedy.mend for code, remedy in REMEDIES.items() if remedy.mend}
_BLANK = b" \t\r"


class Line(msgspec.Struct, array_like=True):
    """A row of the file and what becomes of it."""

    row: int
    """Its number among all rows, from 1."""
    line: int
    offset: int
    lead: bytes
    """White space before it in an array."""
    raw: bytes | None
    """As it stands, None where the reader gave up on it."""
    text: bytes
    """As it is written."""
    mark: bytes
    """What is written before and after it."""
    ending: bytes
    """What is written before and after it."""
    codes: list[str]
    """Of what was mended."""
    findings: list[FindingRow]
    """Why it is put aside; empty for a row that is kept."""
    places: Places
    """Of what stand-ins in raw and text stand for."""


class Mender:
    """Mends one block after the other, in file order. wanted: codes of the remedies that are applied."""

    def __init__(self, form: Format, limits: Limits, wanted: Collection[str], long_texts: LongTexts) -> None:
        self._form = form
        self._long_texts = long_texts
        self._limits = limits
        self._wanted = wanted
        self._newline = b"\n"

    def mend(self, block: Block, raws: Sequence[RawRow]) -> tuple[list[Line], Columns | None]:
        """The lines of the block, and the columns of those that are kept; None when there are none."""
        verdicts, columns = read_columns(block, self._limits, self._form)
        found: dict[int, list[Finding]] = {}
        frames = frames_of(columns)
        for finding in (*verdicts.findings, *warnings(frames)):
            found.setdefault(finding.row, []).append(finding)
        spaced = _spaced(frames) if "white-space-at-edges" in self._wanted else set()
        places = zip(block.rows_at.tolist(), block.lines_at.tolist(), block.offsets_at.tolist(), raws, strict=True)
        lines = [_as_it_stands(*place) for place in places]
        for index, (line, raw) in enumerate(zip(lines, raws, strict=True)):
            self._mend_line(line, found.get(line.row, []), line.row in spaced, raw)
            if index == 0 and not line.findings:
                self._unmark(line, is_array=block.is_marked)
        self._end(block, lines)
        kept = [line for line in lines if not line.findings and line.text.strip(_BLANK)]
        if any(line.codes for line in kept):
            verdicts, columns = self._read(kept)
        return lines, _named(verdicts, columns, kept) if kept else None

    def _mend_line(self, line: Line, findings: list[Finding], is_spaced: bool, raw: RawRow) -> None:
        grave = [each for each in findings if each.severity is Severity.ERROR]
        blank = [each for each in findings if each.code == "blank-line" and each.code in self._wanted]
        if raw.original is not None and raw.original != raw.text and grave:
            grave = self._as_found(line, raw.original)  # what it can only mean is no row either
        is_repaired = raw.is_no_row or (raw.original is not None and not grave)
        line.codes = [raw.code] if is_repaired else [each.code for each in blank]
        line.findings = [each.as_row() for each in (*grave, *blank)]
        if not line.findings and (is_spaced or any(each.code in _OF_ROWS for each in findings)):
            self._mend_row(line)
        if line.text.endswith(b"\r"):
            self._newline = b"\r\n"
        if line.findings:
            line.text = b""  # what is put aside is written as it stands

    def _as_found(self, line: Line, original: bytes) -> list[Finding]:
        text = original.removeprefix(BYTE_ORDER_MARK if line.offset == 0 else b"")
        found = judge_line(text, line.line, line.offset, self._limits, self._form, line.row)
        return found if isinstance(found, list) else []

    def _mend_row(self, line: Line) -> None:
        mark = BYTE_ORDER_MARK if line.offset == 0 and line.text.startswith(BYTE_ORDER_MARK) else b""
        core = line.text.removeprefix(mark).strip(_BLANK)
        hidden_bytes = self._long_texts.hidden_bytes(core, line.places)
        limits = replace(self._limits, max_line_bytes=self._limits.max_line_bytes - hidden_bytes)
        mended = mend_row(core, margin_of(line.lead), self._form, limits, self._wanted)
        if mended is not None:
            start = line.text.index(core)
            line.text = line.text[:start] + mended[0] + line.text[start + len(core) :]
            line.codes += mended[1]

    def _unmark(self, line: Line, *, is_array: bool) -> None:
        """The file's first line may begin with a byte order mark, and the first row of an array come after one."""
        if not is_array and not (line.offset == 0 and line.text.startswith(BYTE_ORDER_MARK)):
            return
        line.text = line.text.removeprefix(BYTE_ORDER_MARK)
        if "byte-order-mark" in self._wanted:
            line.codes.insert(0, "byte-order-mark")
        else:
            line.mark = BYTE_ORDER_MARK

    def _end(self, block: Block, lines: list[Line]) -> None:
        """The file's last line may lack its newline."""
        if block.is_ended:
            return
        last = lines[-1]
        last.ending = b""
        if "no-final-newline" in self._wanted and not last.findings:
            last.ending = b"\n" if last.text.endswith(b"\r") else self._newline
            last.codes.append("no-final-newline")

    def _read(self, kept: list[Line]) -> tuple[Verdicts, Columns]:
        """Rows as they are now."""
        data = b"".join(line.text.replace(b"\n", b" ") + b"\n" for line in kept)
        (block,) = read_blocks(BytesIO(data), len(data), block_bytes=len(data))
        return read_columns(block, self._limits, self._form)


def _as_it_stands(row: int, line: int, offset: int, raw: RawRow) -> Line:
    return Line(row, line, offset, raw.lead, raw.original or raw.text, raw.text or b"", b"", b"\n", [], [], raw.places)


def mend_row(
    core: bytes, margin: str, form: Format, limits: Limits, wanted: Collection[str]
) -> tuple[bytes, list[str]] | None:
    """The row as it should be, with the codes of what was mended; None where nothing was, or it cannot be.

    core: an accepted row without white space around it. margin: white space before its first line.
    """
    remedies = {code: mend for code, mend in _OF_ROWS.items() if code in wanted}
    text = core.decode()
    codes: dict[str, None] = {}
    try:
        value = read_row(text)
        while applied := [code for code, mend in remedies.items() if mend(_read(value, form))]:
            codes.update(dict.fromkeys(applied))
        mended = restyled(value, text, margin).encode() if codes else core
    except (ValueError, RecursionError, LooksWrong):
        return None
    line = mended.replace(b"\n", b" ")
    if not codes or len(line) > limits.max_line_bytes or isinstance(judge_line(line, 1, 0, limits, form), list):
        return None
    return mended, list(codes)


def _read(value: object, form: Format) -> Row:
    conversation = form.read(value, NoFaults())  # type: ignore[arg-type]  # what JSON can hold
    if conversation is None:
        raise LooksWrong
    return Row(value, conversation, form)  # type: ignore[arg-type]


def margin_of(lead: bytes) -> str:
    """White space before a row's first line."""
    return lead.rpartition(b"\n")[2].decode() if b"\n" in lead else ""


def _named(verdicts: Verdicts, columns: Columns, kept: list[Line]) -> Columns:
    """The same columns with the rows' places in the file, and names of no other row for rows without an id."""
    rows: Integers = np.array([line.row for line in kept], dtype=np.int64)
    ids = [identity or f"\0{row}" for identity, row in zip(verdicts.identities, rows.tolist(), strict=True)]
    return replace(columns, rows=rows, ids=pa.array(ids, pa.string()))


def _spaced(frames: Frames) -> set[int]:
    """Rows of conversations with an answer that begins or ends with white space."""
    turn = TurnColumns()
    return set(frames.turns.filter(is_spoken_answer(turn) & is_spaced(turn))["row"])
