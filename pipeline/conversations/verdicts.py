"""A verdict for every line of a block: fast where all is well, exact where it is not.

The fast reader may only accept what `judge_line` accepts. It decodes a whole block at once; whatever is unusual
in a block (one bad line, a blank one, a field we do not know) sends the block through the line-by-line reader, and
whatever is unusual in a line sends the line to `judge_line`.
"""

from dataclasses import dataclass
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa

from pipeline.conversations.faults import LooksWrong, NoFaults
from pipeline.conversations.findings import Finding
from pipeline.conversations.flags import Integers
from pipeline.conversations.formats.decoders import decoder
from pipeline.conversations.formats.format import Format
from pipeline.conversations.formats.native import ANY_ROLE, NATIVE, filled, read_line
from pipeline.conversations.formats.shapes import PlainRow, Shape
from pipeline.conversations.judge import is_deeper, is_too_full, judge_line
from pipeline.conversations.model import FullConversation, Limits
from pipeline.conversations.reader import BYTE_ORDER_MARK, Block

_BLANK = b" \t\r"  # JSON's white space; anything else on a line is content
_NUL_ESCAPE = rb"\u0000"


_turns_of = attrgetter("turns")
_decode_any = msgspec.json.Decoder().decode
_decode_any_block = msgspec.json.Decoder().decode_lines
_NO_FAULTS = NoFaults()
_MARKED = Finding(1, 0, "byte-order-mark", "$", "expected the first line to begin at once, found the bytes EF BB BF")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of the lines of one block; accepted + rejected + blank lines are all its lines.

    accepted: plain rows of `shape`, or full conversations where that is None. rows, lines, offsets: place among all
    rows, line number and byte offset of each of them, ascending, int64. findings: errors and blank lines, in row order.
    """

    accepted: list[FullConversation] | list[PlainRow]
    rows: Integers
    lines: Integers
    offsets: Integers
    findings: list[Finding]
    rejected_count: int
    blank_count: int
    shape: Shape | None = None

    @property
    def identities(self) -> list[str]:
        """The accepted rows' own names, "" where one has none."""
        if self.shape is not None:
            return self.shape.names_of(self.accepted)
        return [conversation.conversation_id for conversation in self.accepted]


def judge_block(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, read as one format."""
    if block.skipped_bytes:
        finding = _too_long(block.line, block.offset, block.skipped_bytes, limits, int(block.rows_at[0]))
        nothing = _integers([])
        return Verdicts([], nothing, nothing, nothing, [finding], rejected_count=1, blank_count=0)
    whole = _accept_whole(block, limits, form)
    if whole is None:
        return judge_each(block, limits, form)
    accepted, shape = whole
    rows, lines, offsets = block.rows_at, block.lines_at, block.offsets_at
    return Verdicts(accepted, rows, lines, offsets, _mark(block), rejected_count=0, blank_count=0, shape=shape)


_Whole = tuple[list[FullConversation] | list[PlainRow], Shape | None]


def _accept_whole(block: Block, limits: Limits, form: Format) -> _Whole | None:
    """All lines of the block as conversations, or None when any line needs a closer look.

    What is left for the caller to see: a content that is no string, a weight that is none, NUL characters, and nesting
    in what is not read.

    The decoder splits at values, not at lines: it takes two values on one line, and a value over two lines. Every
    line beginning with `{` and ending with `}` excludes the second (no JSON value has `}` before `{` without a
    comma); then as many values as lines excludes the first. The same holds for a format whose rows are lists.
    """
    if block.faults:
        return None
    data = np.frombuffer(block.data, dtype=np.uint8)
    last = block.starts[1:] - 1
    last = last - (data[last] == ord("\n"))
    last = last - (data[last] == ord("\r"))
    longest = int(np.diff(block.starts).max())
    if longest > limits.max_line_bytes or not _is_utf8(block.data):
        return None
    if longest > limits.max_values and any(is_too_full(line.decode(), limits.max_values) for line in block.lines()):
        return None
    opening, closing = (ord("["), ord("]")) if form.layout.turns == "$" and form.layout.role else (ord("{"), ord("}"))
    if not ((data[block.starts[:-1]] == opening).all() and (data[last] == closing).all()):
        return None
    try:
        accepted, shape = _decode(block.data, form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong):
        return None
    is_whole = all(map(_turns_of, accepted)) if shape is None else shape.are_whole(accepted)
    return (accepted, shape) if is_whole and len(accepted) == block.line_count else None


def _decode(data: bytes, form: Format) -> _Whole:
    """All rows of a block, plain ones where one shape fits them all; a row that does not shows early in most files.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong: a row is not right.
    """
    for shape in form.shapes:
        try:
            rows = decoder(shape).decode_lines(data)
        except msgspec.ValidationError:
            continue
        if rows and shape.fits(rows[0]):
            return rows, shape
    return [_full(row, form) for row in _decode_any_block(data)], None


def _full(row: object, form: Format) -> FullConversation:
    conversation = form.read(row, _NO_FAULTS)  # type: ignore[arg-type]  # what JSON can hold
    if conversation is None:
        raise LooksWrong
    return conversation


def judge_each(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, line by line; the same as `judge_block`, slower."""
    accepted: list[FullConversation | PlainRow] = []
    places: list[int] = []
    findings = _mark(block)
    blank_count = 0
    is_utf8 = _is_utf8(block.data)
    rows, lines, offsets = block.rows_at, block.lines_at, block.offsets_at
    for index, text in enumerate(block.lines()):
        row, line, offset = int(rows[index]), int(lines[index]), int(offsets[index])
        if index in block.faults:
            findings.append(Finding(line, offset, "malformed-json", "$", block.faults[index], row))
            continue
        if len(text) > limits.max_line_bytes:  # first, since the reader may have skipped it, whatever it holds
            findings.append(_too_long(line, offset, len(text), limits, row))
            continue
        if offset == 0 and text.startswith(BYTE_ORDER_MARK):
            text = text[len(BYTE_ORDER_MARK) :]
            findings.append(_MARKED)
        if not text.strip(_BLANK):
            findings.append(Finding(line, offset, "blank-line", "$", "expected a JSON object, found a blank line"))
            blank_count += 1
            continue
        verdict = _judge(text, is_utf8, (line, offset, row), limits, form)
        if isinstance(verdict, list):
            findings.extend(verdict)
        else:
            accepted.append(verdict)
            places.append(index)
    at = _integers(places)
    rejected_count = block.line_count - len(accepted) - blank_count
    shape = None if any(isinstance(row, FullConversation) for row in accepted) else ANY_ROLE
    if shape is None:
        accepted = [row if isinstance(row, FullConversation) else filled(row) for row in accepted]
    return Verdicts(accepted, rows[at], lines[at], offsets[at], findings, rejected_count, blank_count, shape)


def _mark(block: Block) -> list[Finding]:
    return [_MARKED] if block.is_marked else []


def _judge(
    text: bytes, is_utf8: bool, place: tuple[int, int, int], limits: Limits, form: Format
) -> FullConversation | PlainRow | list[Finding]:
    if is_utf8 and _NUL_ESCAPE not in text and not _is_monstrous(text.decode(), limits):
        try:
            return read_line(text) if form is NATIVE else _full(_decode_any(text), form)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong):
            pass
    line, offset, row = place
    return judge_line(text, line, offset, limits, form, row)


def _is_monstrous(text: str, limits: Limits) -> bool:
    return is_too_full(text, limits.max_values) or is_deeper(text, limits.max_nesting)


def _too_long(line: int, offset: int, size: int, limits: Limits, row: int) -> Finding:
    detail = f"expected at most {limits.max_line_bytes:,} bytes, found {size:,}"
    return Finding(line, offset, "line-too-long", "$", detail, row)


def _is_utf8(data: bytes) -> bool:
    """Whether all of data is UTF-8; Arrow looks at several bytes at a time."""
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    column = pa.Array.from_buffers(pa.large_utf8(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _integers(values: list[int]) -> Integers:
    return np.array(values, dtype=np.int64)
