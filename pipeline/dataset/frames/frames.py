"""The two frames of a block: what was read as columns, with what rules ask for beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.dataset.frames.call_facts import call_facts
from pipeline.dataset.frames.row_facts import row_facts
from pipeline.dataset.frames.text_facts import text_facts
from pipeline.dataset.model.arrow_series import series_of
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.model.conversation import ASSISTANT, KNOWN_ROLES, TEXT_ROLE, Branch
from pipeline.dataset.model.frame_columns import CONVERSATIONS, SIZE_STEPS, TURNS, Kind, Schema
from pipeline.dataset.reading.columns import Columns

_SYSTEM = [KNOWN_ROLES.index(role) for role in ("system", "developer")]
Values: TypeAlias = pl.Series | pa.Array | Sequence[object] | np.typing.NDArray[np.generic] | None


@dataclass(frozen=True, slots=True)
class Frames:
    """A block as frames."""

    conversations: pl.DataFrame
    """Of the schema CONVERSATIONS."""
    turns: pl.DataFrame
    """Of the schema TURNS, both in file order."""
    columns: Columns
    """What they were made of, for what is no frame: paths in the rows, marks and hashes."""
    roles: frozenset[str]
    """By which there are turns."""


def frames_of(columns: Columns) -> Frames:
    """The frames of a block."""
    roles = frozenset(columns.role_names[role] for role in np.flatnonzero(np.bincount(columns.roles)).tolist())
    conversations = _frame(CONVERSATIONS, _conversations(columns), len(columns.ids))
    return Frames(conversations, _frame(TURNS, _turns(columns), len(columns.roles)), columns, roles)


def _turns(columns: Columns) -> dict[str, Values]:
    extras, counts = columns.extras, columns.turn_counts
    owners = np.repeat(np.arange(len(columns.ids)), counts)
    return {
        "row": columns.rows[owners],
        "line": columns.lines[owners],
        "turn_index": (np.arange(len(owners)) - columns.turn_starts[:-1][owners]).astype(np.int32),
        "role": pl.Series(columns.role_names, dtype=pl.String).gather(columns.roles),
        "content": series_of(columns.contents),
        "word_count": columns.word_counts.astype(np.int32),
        "is_supervised": columns.is_supervised,
        "weight": None if extras.weights is None else pl.Series(extras.weights).fill_nan(None),
        "tool_calls": extras.tool_calls,
        "tool_call_id": extras.tool_call_ids,
        "speaker_name": extras.names,
        "parts": extras.parts,
        "reasoning": extras.reasoning,
        "branch": _branches(columns),
        "turn_annotations": extras.turn_annotations,
        "conversation": owners,
        "unknown_role": _unknown_roles(columns),
        "role_code": columns.roles,
        "size_bytes": np.diff(columns.text_starts),
        "tag": extras.tags,
        **_beginnings(columns),
        **text_facts(columns),
        **call_facts(columns),
    }


def _beginnings(columns: Columns) -> dict[str, Flags]:
    """Where a conversation begins, or an alternative of a preference, and who opens it."""
    starts, roles, branches = columns.turn_starts[:-1], columns.roles, columns.branches
    is_border = np.zeros(len(roles), dtype=np.bool_)
    is_border[starts] = True
    begins = is_border
    if branches.any():
        is_border = is_border.copy()
        is_border[1:] |= branches[1:] != branches[:-1]
        begins = begins | (is_border & ~np.repeat(branches[starts] == Branch.NONE, columns.turn_counts))
    is_opening, is_system = begins, np.isin(roles, _SYSTEM)
    if is_system.any():
        firsts, others = np.flatnonzero(begins), np.append(np.flatnonzero(~is_system), len(roles))
        openings = others[np.searchsorted(others, firsts)]
        is_opening = np.zeros(len(roles), dtype=np.bool_)
        is_opening[openings[openings < np.append(firsts[1:], len(roles))]] = True
    return {"is_border": is_border, "begins": begins, "is_opening": is_opening}


def _unknown_roles(columns: Columns) -> pl.Series | None:
    if columns.roles.max(initial=0) < len(KNOWN_ROLES):
        return None
    names = [None if name in (*KNOWN_ROLES, TEXT_ROLE) else name for name in columns.role_names]
    return pl.Series(names, dtype=pl.String).gather(columns.roles)


def _conversations(columns: Columns) -> dict[str, Values]:
    extras, sizes = columns.extras, np.diff(columns.text_starts[columns.turn_starts])
    return {
        "row": columns.rows,
        "line": columns.lines,
        "byte_offset": columns.offsets,
        "conversation_id": series_of(columns.ids),
        "turn_count": columns.turn_counts,
        "tools": extras.tools,
        "label": extras.labels,
        "media": extras.media,
        "conversation_annotations": extras.conversation_annotations,
        "text_hash": columns.text_hashes,
        "text_bytes": sizes,
        "size_step": np.floor(SIZE_STEPS * np.log2(np.maximum(sizes, 1))).astype(np.int64),
        **_sums(columns),
        **row_facts(columns),
    }


def _sums(columns: Columns) -> dict[str, Integers]:
    """What is summed over the turns of each conversation: before there are frames, at a tenth of what groups cost."""
    if not columns.ids:
        return {}
    calls = columns.extras.tool_calls
    says_something = columns.word_counts > 0
    if calls is not None:
        says_something |= np.fromiter((each is not None for each in calls), np.bool_, len(calls))
    summed = {
        "word_count": columns.word_counts,
        "assistant_turns": columns.roles == ASSISTANT,
        "supervised_turns": columns.is_supervised,
        "learned_turns": columns.is_supervised & says_something,
    }
    starts = columns.turn_starts[:-1]
    return {name: np.add.reduceat(values, starts, dtype=np.int64) for name, values in summed.items()}


def _branches(columns: Columns) -> pl.Series | None:
    if not columns.branches.any():
        return None
    named = [None if branch is Branch.NONE else branch.name.lower() for branch in Branch]
    return pl.Series(named, dtype=pl.String).gather(columns.branches)


def _frame(schema: Schema, values: dict[str, Values], count: int) -> pl.DataFrame:
    """A frame of a schema; a column without values is null. Without a query, which costs more than all the columns."""
    return pl.DataFrame([_series(name, kind, values.get(name), count) for name, kind in schema.items()])


def _series(name: str, kind: Kind, values: Values, count: int) -> pl.Series:
    if values is None:
        return _null(name, kind).new_from_index(0, count)
    if isinstance(values, list):
        return pl.Series(name, values, dtype=kind)
    series = pl.Series(name, values)
    return series if series.dtype == kind else series.cast(kind)


@cache
def _null(name: str, kind: Kind) -> pl.Series:
    return pl.Series(name, [None], dtype=kind)
