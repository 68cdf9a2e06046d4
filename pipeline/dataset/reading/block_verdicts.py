"""A verdict for every line of a block: fast where all is well, exact where it is not.

The fast reader may only accept what `judge_line` accepts. It decodes a whole block at once; whatever is unusual
in a block (one bad line, a blank one, a field we do not know) sends the block through the line-by-line reader, and
whatever is unusual in a line sends the line to `judge_line`.
"""

from operator import attrgetter

import msgspec
import numpy as np

from pipeline.dataset.findings.faults import LooksWrong, NoFaults
from pipeline.dataset.findings.groups import group_of
from pipeline.dataset.formats.blocks_of_lines import Block, have_brackets
from pipeline.dataset.formats.rows.decoders import decoder, usable
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.shapes import PlainRow, Shape
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.each_line import Verdicts, are_nameless, is_utf8, judge_each, marks
from pipeline.dataset.reading.judge_line import is_too_full
from pipeline.dataset.reading.text_judge import too_long

__all__ = ["Verdicts", "judge_block", "judge_each"]

_turns_of = attrgetter("turns")
_decode_any_block = msgspec.json.Decoder().decode_lines
_NO_FAULTS = NoFaults()
_NONE: Integers = np.empty(0, dtype=np.int64)


def judge_block(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, read as one format."""
    if block.skipped_bytes:
        finding = too_long(block.line, block.offset, block.skipped_bytes, limits, block.first_row)
        return Verdicts([], _NONE, _NONE, _NONE, [group_of(finding, np.zeros(1, dtype=np.int64))], 1, 0)
    whole = _accept_whole(block, limits, form)
    if whole is None:
        return judge_each(block, limits, form)
    accepted, shape = whole
    rows, lines, offsets = block.rows_at, block.lines_at, block.offsets_at
    return Verdicts(
        accepted,
        rows,
        lines,
        offsets,
        marks(block),
        rejected_count=0,
        blank_count=0,
        shape=shape,
        are_nameless=are_nameless(block, shape),
    )


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
    longest = int(np.diff(block.starts).max())
    if longest > limits.max_line_bytes or not is_utf8(block.data):
        return None
    if longest > limits.max_values and any(is_too_full(line.decode(), limits.max_values) for line in block.lines()):
        return None
    if not _look_like_rows(block, form).all():
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
    for shape in usable(*form.shapes):
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


def _look_like_rows(block: Block, form: Format) -> Flags:
    """Which lines begin and end with the brackets of a row."""
    is_bare = form.layout.turns == "$" and form.layout.role
    return have_brackets(block, "[", "]") if is_bare else have_brackets(block, "{", "}")
