"""Warnings: what trainers trip over in conversations that are otherwise well-formed.

Each convention looks at all conversations of a block at once and yields one finding a line, at its first place.
To add one, write a function with this shape and put it into `CONVENTIONS`, and its code into the catalogue.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from pipeline.conversations.columns import Columns
from pipeline.conversations.faults import printable
from pipeline.conversations.findings import MAX_NAMED_PLACES, Finding, and_elsewhere
from pipeline.conversations.model import ASSISTANT, KNOWN_ROLES, TEXT_ROLE

_MAY_REPEAT = [KNOWN_ROLES.index(role) for role in ("tool", "function")]  # results of parallel tool calls
_LIKELY = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant"}


def unknown_role(columns: Columns) -> Iterator[Finding]:
    """A role outside KNOWN_ROLES."""

    def detail(turn: int) -> str:
        role = columns.role_names[columns.roles[turn]]
        likely = _LIKELY.get(role.lower()) or (role.lower() if role.lower() in KNOWN_ROLES else "")
        hint = f" (for {likely}?)" if likely else ""
        return f"expected a role that trainers know, found {printable(role)!r}{hint}"

    unknown = columns.roles >= len(KNOWN_ROLES)
    if TEXT_ROLE in columns.role_names:
        unknown &= columns.roles != columns.role_names.index(TEXT_ROLE)
    yield from first_places(columns, unknown, "unknown-role", columns.role_path, detail)


def empty_content(columns: Columns) -> Iterator[Finding]:
    """A turn without a word."""
    empty = columns.word_counts == 0
    if columns.extras.tool_calls is not None:
        empty &= [calls is None for calls in columns.extras.tool_calls]  # a call is something to say
    detail = "expected at least one word, found none"
    yield from first_places(columns, empty, "empty-content", columns.content_path, lambda _: detail)


def no_assistant_turn(columns: Columns) -> Iterator[Finding]:
    """A conversation that holds nothing to learn."""
    counts = np.add.reduceat(
        (columns.roles == ASSISTANT) | columns.is_supervised, columns.turn_starts[:-1], dtype=np.int64
    )
    for index in np.flatnonzero(counts == 0).tolist():
        detail = "expected at least one turn by the assistant, found none"
        yield _finding(columns, index, "no-assistant-turn", columns.layout.turns, detail)


def roles_not_alternating(columns: Columns) -> Iterator[Finding]:
    """The same role twice in a row; tool results may follow one another."""
    same = np.zeros(len(columns.roles), dtype=np.bool_)
    same[1:] = (columns.roles[1:] == columns.roles[:-1]) & ~np.isin(columns.roles[1:], _MAY_REPEAT)
    same[columns.turn_starts[:-1]] = False
    same[1:] &= columns.branches[1:] == columns.branches[:-1]

    def detail(turn: int) -> str:
        role = printable(columns.role_names[columns.roles[turn]])
        return f"expected roles to take turns, found {role} twice in a row"

    yield from first_places(columns, same, "roles-not-alternating", columns.role_path, detail)


def last_turn_not_assistant(columns: Columns) -> Iterator[Finding]:
    """A conversation that ends before the answer."""
    last = columns.turn_starts[1:] - 1
    for index in np.flatnonzero((columns.roles[last] != ASSISTANT) & ~columns.is_supervised[last]).tolist():
        turn = int(last[index])
        role = printable(columns.role_names[columns.roles[turn]])
        path = columns.role_path(turn)
        detail = f"expected the last turn by the assistant, found {role}"
        yield _finding(columns, index, "last-turn-not-assistant", path, detail)


CONVENTIONS: tuple[Callable[[Columns], Iterator[Finding]], ...] = (
    unknown_role,
    empty_content,
    no_assistant_turn,
    roles_not_alternating,
    last_turn_not_assistant,
)


def first_places(
    columns: Columns,
    flagged: npt.NDArray[np.bool_],
    code: str,
    path: Callable[[int], str],
    detail: Callable[[int], str],
) -> Iterator[Finding]:
    """One finding for each conversation that has a flagged turn, at its first one. flagged: one a turn."""
    turns = np.flatnonzero(flagged)
    if len(turns) == 0:
        return
    owners = np.searchsorted(columns.turn_starts, turns, side="right") - 1
    begins = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
    for begin, end in zip(begins, [*begins[1:], len(turns)], strict=True):
        owner = int(owners[begin])
        named = turns[begin : min(end, begin + 1 + MAX_NAMED_PLACES)].tolist()
        paths = [path(turn) for turn in named]
        text = and_elsewhere(detail(named[0]), paths[1:], end - begin - 1)
        yield _finding(columns, owner, code, paths[0], text)


def _finding(columns: Columns, index: int, code: str, path: str, detail: str) -> Finding:
    return Finding(int(columns.lines[index]), int(columns.offsets[index]), code, path, detail)
