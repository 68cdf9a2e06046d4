"""Warnings of structure: system turns, tool calls and their results, weights, and parts that are no text.

They have the shape of those in `conventions.py`. Which trainer stops at which of them is in `pipeline/acceptance`.
What is said of a conversation depends on it alone, never on its neighbours in the block.
"""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from pipeline.conversations.columns import Columns
from pipeline.conversations.conventions import first_places
from pipeline.conversations.faults import printable
from pipeline.conversations.findings import Finding
from pipeline.conversations.flags import Flags, Integers
from pipeline.conversations.model import ASSISTANT, KNOWN_ROLES, Branch

_USER = KNOWN_ROLES.index("user")
_SYSTEM = [KNOWN_ROLES.index(role) for role in ("system", "developer")]
_RESULT = [KNOWN_ROLES.index(role) for role in ("tool", "function")]
_TEXT_PARTS = {"text", "input_text", "output_text", "reasoning", "refusal", "tool_call", "tools"}
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


def system_not_first(columns: Columns) -> Iterator[Finding]:
    """A system or developer turn after another turn."""
    misplaced = np.isin(columns.roles, _SYSTEM) & ~_begins(columns)
    detail = _role_detail(columns, "expected the system turn before all others, found {} after another turn")
    yield from first_places(columns, misplaced, "system-not-first", columns.role_path, detail)


def several_system_turns(columns: Columns) -> Iterator[Finding]:
    """More than one system or developer turn, told at the second."""
    is_system = np.isin(columns.roles, _SYSTEM)
    begins = np.flatnonzero(_begins(columns))
    before: Integers = np.cumsum(is_system) - is_system
    lengths = np.diff(np.append(begins, len(columns.roles)))
    repeated = is_system & (before > np.repeat(before[begins], lengths))
    detail = _role_detail(columns, "expected at most one system turn, found {} as well")
    yield from first_places(columns, repeated, "several-system-turns", columns.role_path, detail)


def first_turn_not_user(columns: Columns) -> Iterator[Finding]:
    """A conversation that, after its system turns, does not begin with the user. Unknown roles are told elsewhere."""
    others = np.flatnonzero(~np.isin(columns.roles, _SYSTEM))
    begins = np.flatnonzero(_begins(columns))
    ends = np.append(begins[1:], len(columns.roles))
    if not columns.layout.role:  # a text on its own has no roles to begin with
        begins, ends = begins[ends - begins > 1], ends[ends - begins > 1]
    places = np.searchsorted(others, begins)
    firsts = np.append(others, len(columns.roles))[places]
    firsts = firsts[firsts < ends]
    roles = columns.roles[firsts]
    flagged = np.zeros(len(columns.roles), dtype=np.bool_)
    flagged[firsts[(roles != _USER) & (roles < len(KNOWN_ROLES))]] = True
    detail = _role_detail(columns, "expected the user to begin, found {}")
    yield from first_places(columns, flagged, "first-turn-not-user", columns.role_path, detail)


def consecutive_tool_results(columns: Columns) -> Iterator[Finding]:
    """Results of parallel tool calls."""
    is_result = np.isin(columns.roles, _RESULT)
    if not is_result.any():
        return
    consecutive = is_result & ~_borders(columns)
    consecutive[1:] &= is_result[:-1]
    detail = "expected one tool result between two turns by the assistant, found another one"
    yield from first_places(columns, consecutive, "consecutive-tool-results", columns.role_path, lambda _: detail)


def tool_result_without_call(columns: Columns) -> Iterator[Finding]:
    """A tool result that follows no call.

    Formats without calls leave them out, so where a conversation holds none, any turn by the assistant will do.
    """
    is_result = np.isin(columns.roles, _RESULT)
    if not is_result.any():
        return
    has_call = _has_call(columns)
    owners = np.repeat(np.arange(len(columns.ids)), columns.turn_counts)
    holds_calls = np.bincount(owners, weights=has_call, minlength=len(columns.ids))[owners] > 0
    may_call = np.where(holds_calls, has_call, columns.roles == ASSISTANT)
    callers = np.maximum.accumulate(np.where(is_result, -1, np.arange(len(columns.roles))))
    is_first = callers < columns.turn_starts[owners]
    of_branch = (columns.branches[callers] == columns.branches) | (columns.branches[callers] == Branch.NONE)
    orphaned = is_result & (is_first | (of_branch & ~may_call[callers]))
    detail = "expected a turn that calls the tool before its result, found none"
    yield from first_places(columns, orphaned, "tool-result-without-call", columns.role_path, lambda _: detail)


def tool_call_without_result(columns: Columns) -> Iterator[Finding]:
    """A call after which the conversation goes on without its result; one that ends with the call teaches calling."""
    has_call = _has_call(columns)
    if not has_call.any():
        return
    unanswered = np.zeros(len(columns.roles), dtype=np.bool_)
    goes_on = ~_borders(columns)[1:] & ~np.isin(columns.roles[1:], _RESULT)
    unanswered[:-1] = has_call[:-1] & goes_on
    detail = "expected the result of the tool call in the next turn, found another turn"
    yield from first_places(columns, unanswered, "tool-call-without-result", columns.turn_path, lambda _: detail)


def partial_weight(columns: Columns) -> Iterator[Finding]:
    """A weight between 0 and 1, or above."""
    weights = columns.extras.weights
    if weights is None:
        return
    partial = ~np.isnan(weights) & (weights != 0) & (weights != 1)
    detail = "expected a weight of 0 or 1, found {:.6g}"
    yield from first_places(
        columns, partial, "partial-weight", columns.turn_path, lambda turn: detail.format(weights[turn])
    )


def weight_on_non_assistant(columns: Columns) -> Iterator[Finding]:
    """A weight above 0 on a turn that is not the assistant's."""
    weights = columns.extras.weights
    if weights is None:
        return
    misplaced = (weights > 0) & (columns.roles != ASSISTANT)
    detail = _role_detail(columns, "expected weights on the assistant's turns only, found one on {}")
    yield from first_places(columns, misplaced, "weight-on-non-assistant", columns.turn_path, detail)


def unsupported_content_part(columns: Columns) -> Iterator[Finding]:
    """A part of a content that is an image, a sound or a file."""
    if columns.extras.parts is None:
        return
    found: dict[int, str] = {}
    for turn, parts in enumerate(columns.extras.parts):
        other = next((kind for kind in _part_kinds(parts) if kind not in _TEXT_PARTS), None) if parts else None
        if other is not None:
            found[turn] = printable(other)
    yield from first_places(
        columns,
        _flags(columns, found),
        "unsupported-content-part",
        columns.content_path,
        lambda turn: f"expected parts of text, found one of type {found[turn]!r}",
    )


def faulty_arguments(columns: Columns) -> Iterator[Finding]:
    """Arguments of a tool call that are encoded twice, or are not the JSON of an object."""
    if columns.extras.tool_calls is None:
        return
    double: set[int] = set()
    other: dict[int, str] = {}
    for turn, calls in enumerate(columns.extras.tool_calls):
        for arguments in _arguments(calls) if calls else ():
            fault = _fault_of(arguments)
            if fault == "string":
                double.add(turn)
            elif fault:
                other.setdefault(turn, fault)
    expected = "expected arguments that are the JSON of an object"
    yield from first_places(
        columns,
        _flags(columns, double),
        "double-encoded-arguments",
        columns.turn_path,
        lambda _: f"{expected}, found the JSON of a string",
    )
    yield from first_places(
        columns,
        _flags(columns, other),
        "arguments-not-json",
        columns.turn_path,
        lambda turn: f"{expected}, found {other[turn]}",
    )


def nothing_supervised(columns: Columns) -> Iterator[Finding]:
    """A conversation whose answers are all empty or have weight 0. Without any answer it is told elsewhere."""
    is_learned = columns.is_supervised & ((columns.word_counts > 0) | _has_call(columns))
    starts = columns.turn_starts[:-1]
    learned = np.add.reduceat(is_learned, starts, dtype=np.int64)
    if learned.all():
        return
    answers = np.add.reduceat(columns.roles == ASSISTANT, starts, dtype=np.int64)
    detail = "expected an answer to learn from, found only empty ones or such of weight 0"
    for index in np.flatnonzero((learned == 0) & (answers > 0)).tolist():
        line, offset = int(columns.lines[index]), int(columns.offsets[index])
        yield Finding(line, offset, "nothing-supervised", columns.layout.turns, detail)


STRUCTURE: tuple[Callable[[Columns], Iterator[Finding]], ...] = (
    system_not_first,
    several_system_turns,
    first_turn_not_user,
    consecutive_tool_results,
    tool_result_without_call,
    tool_call_without_result,
    partial_weight,
    weight_on_non_assistant,
    unsupported_content_part,
    faulty_arguments,
    nothing_supervised,
)


def _borders(columns: Columns) -> Flags:
    """Turns that are not compared with the one before: of another conversation, or of another alternative."""
    borders = np.zeros(len(columns.roles), dtype=np.bool_)
    borders[1:] = columns.branches[1:] != columns.branches[:-1]
    borders[columns.turn_starts[:-1]] = True
    return borders


def _begins(columns: Columns) -> Flags:
    """First turns of conversations, and of each alternative where the two share no prompt."""
    begins = np.zeros(len(columns.roles), dtype=np.bool_)
    starts = columns.turn_starts[:-1]
    if columns.branches.any():
        has_prompt = np.repeat(columns.branches[starts] == Branch.NONE, columns.turn_counts)
        begins = _borders(columns) & ~has_prompt
    begins[starts] = True
    return begins


def _has_call(columns: Columns) -> Flags:
    calls = columns.extras.tool_calls
    if calls is None:
        return np.zeros(len(columns.roles), dtype=np.bool_)
    return np.fromiter((call is not None for call in calls), dtype=np.bool_, count=len(calls))


def _flags(columns: Columns, turns: "dict[int, str] | set[int]") -> Flags:
    flags = np.zeros(len(columns.roles), dtype=np.bool_)
    flags[np.fromiter(turns, dtype=np.int64, count=len(turns))] = True
    return flags


def _role_detail(columns: Columns, detail: str) -> Callable[[int], str]:
    """What was found, by a turn's role. detail: with a place for the role."""
    return lambda turn: detail.format(printable(columns.role_names[columns.roles[turn]]))


def _part_kinds(parts: str) -> list[str]:
    return [part["type"] for part in msgspec.json.decode(parts) if isinstance(part, dict) and "type" in part]


def _arguments(calls: str) -> Iterator[object]:
    """The arguments of each call that has any; a call may come without its wrapper."""
    for call in msgspec.json.decode(calls):
        function = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(function, dict) and "arguments" in function:
            yield function["arguments"]


def _fault_of(arguments: object) -> str:
    """What arguments are instead of an object or its JSON; "" where nothing is wrong."""
    if isinstance(arguments, dict):
        return ""
    if not isinstance(arguments, str):
        return "another value"
    try:
        value = msgspec.json.decode(arguments)
    except _NOT_JSON:
        return "other text"
    if isinstance(value, str):
        return "string"
    return "" if isinstance(value, dict) else "another value"
