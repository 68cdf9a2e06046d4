"""Warnings: what trainers trip over in conversations that are otherwise well-formed.

To add one, write a function with this shape (`flagging.py`) and put it into `CONVENTIONS`, and its code into the
catalogue.
"""

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.findings.faults import printable
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.conversation import ASSISTANT, KNOWN_ROLES, TEXT_ROLE, TOOL_RESULTS
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import (
    WarningRule,
    borders,
    conversations_with,
    first_places,
    role_of,
    tool_callers,
)

_LIKELY = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant"}


def unknown_role(columns: Columns) -> Iterator[Group]:
    """A role outside KNOWN_ROLES."""

    def mismatch(turn: int) -> Mismatch:
        role = columns.role_names[columns.roles[turn]]
        likely = _LIKELY.get(role.lower()) or (role.lower() if role.lower() in KNOWN_ROLES else "")
        hint = f"(for {likely}?)" if likely else None
        return Mismatch("a role that trainers know", repr(printable(role)), hint)

    unknown = columns.roles >= len(KNOWN_ROLES)
    if TEXT_ROLE in columns.role_names:
        unknown &= columns.roles != columns.role_names.index(TEXT_ROLE)
    yield from first_places(columns, unknown, "unknown-role", columns.role_path, mismatch)


def empty_content(columns: Columns) -> Iterator[Group]:
    """A turn without a word."""
    empty = (columns.word_counts == 0) & ~tool_callers(columns)  # a call is something to say
    wordless = Mismatch("at least one word", "none")
    yield from first_places(columns, empty, "empty-content", columns.content_path, wordless)


def no_assistant_turn(columns: Columns) -> Iterator[Group]:
    """A conversation that holds nothing to learn."""
    counts = np.add.reduceat(
        (columns.roles == ASSISTANT) | columns.is_supervised, columns.turn_starts[:-1], dtype=np.int64
    )
    unanswered = Mismatch("at least one turn by the assistant", "none")
    yield from conversations_with(columns, counts == 0, "no-assistant-turn", lambda _: columns.layout.turns, unanswered)


def roles_not_alternating(columns: Columns) -> Iterator[Group]:
    """The same role twice in a row; tool results may follow one another."""
    repeated = ~borders(columns) & ~np.isin(columns.roles, TOOL_RESULTS)
    repeated[1:] &= columns.roles[1:] == columns.roles[:-1]

    def mismatch(turn: int) -> Mismatch:
        return Mismatch("roles to take turns", role_of(columns, turn), "twice in a row")

    yield from first_places(columns, repeated, "roles-not-alternating", columns.role_path, mismatch)


def last_turn_not_assistant(columns: Columns) -> Iterator[Group]:
    """A conversation that ends before the answer."""
    last = columns.turn_starts[1:] - 1
    yield from conversations_with(
        columns,
        (columns.roles[last] != ASSISTANT) & ~columns.is_supervised[last],
        "last-turn-not-assistant",
        lambda row: columns.role_path(int(last[row])),
        lambda row: Mismatch("the last turn by the assistant", role_of(columns, int(last[row]))),
    )


CONVENTIONS: tuple[WarningRule, ...] = (
    unknown_role,
    empty_content,
    no_assistant_turn,
    roles_not_alternating,
    last_turn_not_assistant,
)
