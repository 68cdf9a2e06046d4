"""A verdict for every line of a block: fast where all is well, exact where it is not.

The fast reader may only accept what `judge_line` accepts. It decodes a whole block at once; whatever is unusual
in a block (one bad line, a blank one, a field we do not know) sends the block through the line-by-line reader, and
whatever is unusual in a line sends the line to `judge_line`.
"""

from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa

from pipeline.conversations.faults import LooksWrong, NoFaults
from pipeline.conversations.findings import Finding
from pipeline.conversations.flags import Integers
from pipeline.conversations.formats.format import Format
from pipeline.conversations.formats.native import EXTRA_MARKS, NATIVE
from pipeline.conversations.judge import is_deeper, is_too_full, judge_line
from pipeline.conversations.model import Conversation, FullConversation, FullTurn, Limits, Turn
from pipeline.conversations.reader import BYTE_ORDER_MARK, Block

_BLANK = b" \t\r"  # JSON's white space; anything else on a line is content
_NUL_ESCAPE = rb"\u0000"


class _OnlyTurn(Turn, gc=False, forbid_unknown_fields=True):
    """A turn with no other field."""


class _KnownTurn(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A turn whose role is one of KNOWN_ROLES: the decoder hands out the same six texts again and again."""

    role: Literal["assistant", "user", "system", "tool", "function", "developer"]
    content: msgspec.Raw


class _KnownConversation(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A conversation of such turns, as nearly all are; a tenth quicker to read."""

    conversation_id: str
    turns: list[_KnownTurn]


class _OnlyConversation(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A conversation with no other field, so that nesting cannot hide in one."""

    conversation_id: str
    turns: list[_OnlyTurn]


_id_of = attrgetter("conversation_id")
_turns_of = attrgetter("turns")
_decode_block = msgspec.json.Decoder(_OnlyConversation).decode_lines
_decode_known = msgspec.json.Decoder(_KnownConversation).decode_lines
_decode_line = msgspec.json.Decoder(Conversation).decode
_decode_any = msgspec.json.Decoder().decode
_decode_any_block = msgspec.json.Decoder().decode_lines
_NO_FAULTS = NoFaults()
_MARKED = Finding(1, 0, "byte-order-mark", "$", "expected the first line to begin at once, found the bytes EF BB BF")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of the lines of one block; accepted + rejected + blank lines are all its lines.

    accepted: all of one kind, plain or full. lines, offsets: line number and byte offset of each of them, ascending,
    int64. findings: errors and blank lines, in line order.
    """

    accepted: list[Conversation] | list[FullConversation]
    lines: Integers
    offsets: Integers
    findings: list[Finding]
    rejected_count: int
    blank_count: int


def judge_block(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, read as one format."""
    if block.skipped_bytes:
        finding = _too_long(block.line, block.offset, block.skipped_bytes, limits)
        return Verdicts([], _integers([]), _integers([]), [finding], rejected_count=1, blank_count=0)
    accepted = _accept_whole(block, limits, form)
    if accepted is None:
        return judge_each(block, limits, form)
    return Verdicts(accepted, block.lines_at, block.offsets_at, _mark(block), rejected_count=0, blank_count=0)


def _accept_whole(block: Block, limits: Limits, form: Format) -> list[Conversation] | list[FullConversation] | None:
    """All lines of the block as conversations, or None when any line needs a closer look.

    What is left for the caller to see: a content that is no string, NUL characters, and nesting in a content that
    an equal key after it replaced.

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
        accepted = _decode(block.data) if form is NATIVE else _decode_as(block.data, form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong):
        return None
    if len(accepted) != block.line_count or not all(map(_turns_of, accepted)):
        return None
    if form is NATIVE and not all(map(_id_of, accepted)):
        return None
    return accepted


def _decode_as(data: bytes, form: Format) -> list[Conversation] | list[FullConversation]:
    """All rows of a block, plain when they are; the first one that is not shows early in most files.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong: a row is not right.
    """
    plain = form.plain_decoder()
    if plain is not None:
        try:
            return plain(data)
        except msgspec.ValidationError:
            pass
    return [_full(row, form) for row in _decode_any_block(data)]


def _full(row: object, form: Format) -> FullConversation:
    conversation = form.read(row, _NO_FAULTS)  # type: ignore[arg-type]  # what JSON can hold
    if conversation is None:
        raise LooksWrong
    return conversation


def _decode(data: bytes) -> list[Conversation] | list[FullConversation]:
    # The same fields, read by stricter twins: to everyone else they are conversations.
    try:
        return _decode_known(data)  # type: ignore[return-value]
    except msgspec.ValidationError:  # at the first unknown role or field, which is early in files that have any
        if any(mark in data for mark in EXTRA_MARKS):
            return [_full(row, NATIVE) for row in _decode_any_block(data)]
        return _decode_block(data)  # type: ignore[return-value]


def judge_each(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, line by line; the same as `judge_block`, slower."""
    accepted: list[Conversation | FullConversation] = []
    places: list[int] = []
    findings = _mark(block)
    blank_count = 0
    is_utf8 = _is_utf8(block.data)
    lines, offsets = block.lines_at, block.offsets_at
    for index, text in enumerate(block.lines()):
        line, offset = int(lines[index]), int(offsets[index])
        if index in block.faults:
            findings.append(Finding(line, offset, "malformed-json", "$", block.faults[index]))
            continue
        if len(text) > limits.max_line_bytes:  # first, since the reader may have skipped it, whatever it holds
            findings.append(_too_long(line, offset, len(text), limits))
            continue
        if offset == 0 and text.startswith(BYTE_ORDER_MARK):
            text = text[len(BYTE_ORDER_MARK) :]
            findings.append(_MARKED)
        if not text.strip(_BLANK):
            findings.append(Finding(line, offset, "blank-line", "$", "expected a JSON object, found a blank line"))
            blank_count += 1
            continue
        verdict = _judge(text, is_utf8, line, offset, limits, form)
        if isinstance(verdict, list):
            findings.extend(verdict)
        else:
            accepted.append(verdict)
            places.append(index)
    at = _integers(places)
    rejected_count = block.line_count - len(accepted) - blank_count
    return Verdicts(_of_one_kind(accepted), lines[at], offsets[at], findings, rejected_count, blank_count)


def _mark(block: Block) -> list[Finding]:
    return [_MARKED] if block.is_marked else []


def _judge(
    text: bytes, is_utf8: bool, line: int, offset: int, limits: Limits, form: Format
) -> Conversation | FullConversation | list[Finding]:
    if is_utf8 and _NUL_ESCAPE not in text and not _is_monstrous(text.decode(), limits):
        try:
            if form is not NATIVE or any(mark in text for mark in EXTRA_MARKS):
                return _full(_decode_any(text), form)
            conversation = _decode_line(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong):
            pass
        else:
            if conversation.conversation_id and conversation.turns and _holds_text(conversation):
                return conversation
    return judge_line(text, line, offset, limits, form)


def _is_monstrous(text: str, limits: Limits) -> bool:
    return is_too_full(text, limits.max_values) or is_deeper(text, limits.max_nesting)


def _of_one_kind(
    accepted: list[Conversation | FullConversation],
) -> list[Conversation] | list[FullConversation]:
    """All plain, or all full when one of them is."""
    if not any(isinstance(conversation, FullConversation) for conversation in accepted):
        return accepted  # type: ignore[return-value]
    return [c if isinstance(c, FullConversation) else _filled(c) for c in accepted]


def _filled(plain: Conversation) -> FullConversation:
    turns = [
        FullTurn(turn.role, _decode_any(turn.content), f"$.turns[{index}].content", turn.role == "assistant")
        for index, turn in enumerate(plain.turns)
    ]
    return FullConversation(plain.conversation_id, turns)


def _holds_text(conversation: Conversation) -> bool:
    return all(memoryview(turn.content)[0] == ord('"') for turn in conversation.turns)


def _too_long(line: int, offset: int, size: int, limits: Limits) -> Finding:
    detail = f"expected at most {limits.max_line_bytes:,} bytes, found {size:,}"
    return Finding(line, offset, "line-too-long", "$", detail)


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
