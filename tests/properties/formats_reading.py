"""Reads bytes as one format in each of the engine's ways, into values that can be compared."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import Block, read_blocks
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Limits
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.dataset.reading.judge_line import judge_line

LIMITS = Limits(max_values=20_000)  # of a line; a line of a million is quick to write, and slow to shrink
MAX_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class Said:
    """All that columns can hold of a conversation. turns: role, content, is learned from, branch, extras, path."""

    line: int
    offset: int
    identity: str
    turns: tuple[tuple[Any, ...], ...]
    tools: str | None = None
    label: bool | None = None
    media: str | None = None


def blocks(data: bytes, *, is_array: bool = False, block_bytes: int = 2**22) -> list[Block]:
    """The blocks of a file."""
    read = read_array if is_array else read_blocks
    return list(read(io.BytesIO(data), MAX_BYTES, block_bytes=block_bytes))  # type: ignore[operator]


def read_said(
    data: bytes, form: Format, *, is_array: bool = False, block_bytes: int = 2**22
) -> tuple[list[Said], list[Finding]]:
    """What the engine makes of a file: its conversations and the findings of reading."""
    said: list[Said] = []
    findings: list[Finding] = []
    for block in blocks(data, is_array=is_array, block_bytes=block_bytes):
        verdicts, columns = read_columns(block, LIMITS, form)
        assert len(verdicts.accepted) + verdicts.rejected_count + verdicts.blank_count == block.line_count
        said += said_of(columns)
        findings += verdicts.findings
    return said, findings


def said_of(columns: Columns) -> list[Said]:
    """Columns, conversation by conversation."""
    count = len(columns.roles)
    extras = columns.extras
    nothing: Sequence[None] = [None] * max(count, len(columns.ids))
    contents = columns.contents.to_pylist()
    numbers = nothing if extras.weights is None else extras.weights.tolist()
    weights = [None if weight is None or math.isnan(weight) else weight for weight in numbers]
    turns = [
        (
            columns.role_names[columns.roles[turn]],
            contents[turn],
            bool(columns.is_supervised[turn]),
            int(columns.branches[turn]),
            weights[turn],
            (extras.tool_calls or nothing)[turn],
            (extras.parts or nothing)[turn],
            (extras.tool_call_ids or nothing)[turn],
            (extras.names or nothing)[turn],
            (extras.reasoning or nothing)[turn],
            (extras.tags or nothing)[turn],
            columns.content_path(turn),
        )
        for turn in range(count)
    ]
    starts = columns.turn_starts.tolist()
    return [
        Said(
            int(columns.lines[index]),
            int(columns.offsets[index]),
            identity,
            tuple(turns[starts[index] : starts[index + 1]]),
            (extras.tools or nothing)[index],
            (extras.labels or nothing)[index],
            (extras.media or nothing)[index],
        )
        for index, identity in enumerate(columns.ids.to_pylist())
    ]


def _turn(turn: FullTurn) -> tuple[Any, ...]:
    extras = (turn.weight, turn.tool_calls, turn.parts, turn.tool_call_id, turn.name, turn.reasoning, turn.tag)
    return (turn.role, turn.content, turn.is_supervised, turn.branch, *extras, turn.path)


def judge_exactly(data: bytes, form: Format) -> tuple[list[Said], list[Finding]]:
    """The same by the rule for one line alone. data: lines that are not blank, without a byte order mark."""
    said: list[Said] = []
    findings: list[Finding] = []
    offset = 0
    for number, line in enumerate(data.split(b"\n")[: data.count(b"\n")], start=1):
        found = judge_line(line, number, offset, LIMITS, form)
        if isinstance(found, FullConversation):
            identity = found.conversation_id or ("" if form is NATIVE else f"row-{number}")
            turns = tuple(map(_turn, found.turns))
            said.append(Said(number, offset, identity, turns, found.tools, found.label, found.media))
        else:
            findings += found
        offset += len(line) + 1
    return said, findings


def as_said(verdicts: Verdicts, columns: Columns) -> tuple[list[Said], list[Finding]]:
    """Conversations and findings of one block."""
    return said_of(columns), verdicts.findings
