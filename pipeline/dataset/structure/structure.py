"""Warnings of structure: system turns, the beginning, weights, and parts that are no text.

They have the shape of those in `conventions.py`; those of tool use are in `tool_use.py`. Which trainer stops at which
of them is in `pipeline/trainers/`. What is said of a conversation depends on it alone, never on its neighbours in the
block.
"""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from pipeline.dataset.findings.faults import printable
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import ASSISTANT, KNOWN_ROLES, USER
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import (
    WarningRule,
    beginnings,
    conversations_with,
    first_places,
    flags_at,
    role_of,
    tool_callers,
)

_SYSTEM = [KNOWN_ROLES.index(role) for role in ("system", "developer")]


def system_not_first(columns: Columns) -> Iterator[Group]:
    """A system or developer turn after another turn."""
    misplaced = np.isin(columns.roles, _SYSTEM) & ~beginnings(columns)
    mismatch = _of_role(columns, "the system turn before all others", detail="after another turn")
    yield from first_places(columns, misplaced, "system-not-first", columns.role_path, mismatch)


def several_system_turns(columns: Columns) -> Iterator[Group]:
    """More than one system or developer turn, told at the second."""
    is_system = np.isin(columns.roles, _SYSTEM)
    begins = np.flatnonzero(beginnings(columns))
    before: Integers = np.cumsum(is_system) - is_system
    lengths = np.diff(np.append(begins, len(columns.roles)))
    repeated = is_system & (before > np.repeat(before[begins], lengths))
    mismatch = _of_role(columns, "at most one system turn", detail="as well")
    yield from first_places(columns, repeated, "several-system-turns", columns.role_path, mismatch)


def first_turn_not_user(columns: Columns) -> Iterator[Group]:
    """A conversation that, after its system turns, does not begin with the user. Unknown roles are told elsewhere."""
    others = np.flatnonzero(~np.isin(columns.roles, _SYSTEM))
    begins = np.flatnonzero(beginnings(columns))
    ends = np.append(begins[1:], len(columns.roles))
    if not columns.layout.role:  # a text on its own has no roles to begin with
        begins, ends = begins[ends - begins > 1], ends[ends - begins > 1]
    places = np.searchsorted(others, begins)
    firsts = np.append(others, len(columns.roles))[places]
    firsts = firsts[firsts < ends]
    roles = columns.roles[firsts]
    flagged = np.zeros(len(columns.roles), dtype=np.bool_)
    flagged[firsts[(roles != USER) & (roles < len(KNOWN_ROLES))]] = True
    mismatch = _of_role(columns, "the user to begin")
    yield from first_places(columns, flagged, "first-turn-not-user", columns.role_path, mismatch)


def partial_weight(columns: Columns) -> Iterator[Group]:
    """A weight between 0 and 1, or above."""
    weights = columns.extras.weights
    if weights is None:
        return
    partial = ~np.isnan(weights) & (weights != 0) & (weights != 1)
    yield from first_places(
        columns,
        partial,
        "partial-weight",
        columns.turn_path,
        lambda turn: Mismatch("a weight of 0 or 1", f"{weights[turn]:.6g}"),
    )


def weight_on_non_assistant(columns: Columns) -> Iterator[Group]:
    """A weight above 0 on a turn that is not the assistant's."""
    weights = columns.extras.weights
    if weights is None:
        return
    misplaced = (weights > 0) & (columns.roles != ASSISTANT)
    mismatch = _of_role(columns, "weights on the assistant's turns only", "one on {}")
    yield from first_places(columns, misplaced, "weight-on-non-assistant", columns.turn_path, mismatch)


def unsupported_content_part(columns: Columns) -> Iterator[Group]:
    """A part of a content that is an image, a sound or a file."""
    if columns.extras.parts is None:
        return
    found: dict[int, str] = {}
    for turn, parts in enumerate(columns.extras.parts):
        other = next((kind for kind in _part_kinds(parts) if kind not in TEXT_PARTS), None) if parts else None
        if other is not None:
            found[turn] = printable(other)
    yield from first_places(
        columns,
        flags_at(columns, found),
        "unsupported-content-part",
        columns.content_path,
        lambda turn: Mismatch("parts of text", f"one of type {found[turn]!r}"),
    )


def nothing_supervised(columns: Columns) -> Iterator[Group]:
    """A conversation whose answers are all empty or have weight 0. Without any answer it is told elsewhere."""
    is_learned = columns.is_supervised & ((columns.word_counts > 0) | tool_callers(columns))
    starts = columns.turn_starts[:-1]
    learned = np.add.reduceat(is_learned, starts, dtype=np.int64)
    if learned.all():
        return
    answers = np.add.reduceat(columns.roles == ASSISTANT, starts, dtype=np.int64)
    unlearned = Mismatch("an answer to learn from", "only empty ones or such of weight 0")
    yield from conversations_with(
        columns,
        (learned == 0) & (answers > 0),
        "nothing-supervised",
        lambda _: columns.layout.turns,
        unlearned,
    )


def repeated_key(columns: Columns) -> Iterator[Group]:
    """An object that names a field twice."""
    repeated = columns.repeated
    if not repeated:
        return
    flagged = np.zeros(len(columns.ids), dtype=np.bool_)
    flagged[list(repeated)] = True
    yield from conversations_with(
        columns,
        flagged,
        "repeated-key",
        lambda row: repeated[row].path,
        lambda row: Mismatch("each field once", f"{repeated[row].key} {repeated[row].count} times"),
    )


STRUCTURE: tuple[WarningRule, ...] = (
    system_not_first,
    several_system_turns,
    first_turn_not_user,
    partial_weight,
    weight_on_non_assistant,
    unsupported_content_part,
    nothing_supervised,
    repeated_key,
)


def _of_role(
    columns: Columns, expected: str, found: str = "{}", detail: str | None = None
) -> Callable[[int], Mismatch]:
    """What is wrong, by a turn's role. found: with a place for the role."""
    return lambda turn: Mismatch(expected, found.format(role_of(columns, turn)), detail)


def _part_kinds(parts: str) -> list[str]:
    return [part["type"] for part in msgspec.json.decode(parts) if isinstance(part, dict) and "type" in part]
