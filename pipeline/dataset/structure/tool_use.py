"""Warnings of tool use: calls, the turns with their results, and the arguments of calls.

Which trainer stops at which of them is in `pipeline/trainers/acceptance`.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.conversation import ASSISTANT, TOOL_RESULTS, Branch
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import WarningRule, borders, first_places, flags_at, tool_callers

_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


def consecutive_tool_results(columns: Columns) -> Iterator[Group]:
    """Results of parallel tool calls."""
    is_result = np.isin(columns.roles, TOOL_RESULTS)
    if not is_result.any():
        return
    consecutive = is_result & ~borders(columns)
    consecutive[1:] &= is_result[:-1]
    several = Mismatch("one tool result between two turns by the assistant", "another one")
    yield from first_places(columns, consecutive, "consecutive-tool-results", columns.role_path, several)


def tool_result_without_call(columns: Columns) -> Iterator[Group]:
    """A tool result that follows no call.

    Formats without calls leave them out, so where a conversation holds none, any turn by the assistant will do.
    """
    is_result = np.isin(columns.roles, TOOL_RESULTS)
    if not is_result.any():
        return
    has_call = tool_callers(columns)
    owners = np.repeat(np.arange(len(columns.ids)), columns.turn_counts)
    holds_calls = np.bincount(owners, weights=has_call, minlength=len(columns.ids))[owners] > 0
    may_call = np.where(holds_calls, has_call, columns.roles == ASSISTANT)
    callers = np.maximum.accumulate(np.where(is_result, -1, np.arange(len(columns.roles))))
    is_first = callers < columns.turn_starts[owners]
    of_branch = (columns.branches[callers] == columns.branches) | (columns.branches[callers] == Branch.NONE)
    orphaned = is_result & (is_first | (of_branch & ~may_call[callers]))
    uncalled = Mismatch("a turn that calls the tool before its result", "none")
    yield from first_places(columns, orphaned, "tool-result-without-call", columns.role_path, uncalled)


def tool_call_without_result(columns: Columns) -> Iterator[Group]:
    """A call after which the conversation goes on without its result; one that ends with the call teaches calling."""
    has_call = tool_callers(columns)
    if not has_call.any():
        return
    unanswered = np.zeros(len(columns.roles), dtype=np.bool_)
    goes_on = ~borders(columns)[1:] & ~np.isin(columns.roles[1:], TOOL_RESULTS)
    unanswered[:-1] = has_call[:-1] & goes_on
    resultless = Mismatch("the result of the tool call in the next turn", "another turn")
    yield from first_places(columns, unanswered, "tool-call-without-result", columns.turn_path, resultless)


def faulty_arguments(columns: Columns) -> Iterator[Group]:
    """Arguments of a tool call that are encoded twice, or are not the JSON of an object."""
    if columns.extras.tool_calls is None:
        return
    double: set[int] = set()
    other: dict[int, str] = {}
    for turn, calls in enumerate(columns.extras.tool_calls):
        for arguments in arguments_of(calls) if calls else ():
            fault = _fault_of(arguments)
            if fault == "string":
                double.add(turn)
            elif fault:
                other.setdefault(turn, fault)
    expected = "arguments that are the JSON of an object"
    yield from first_places(
        columns,
        flags_at(columns, double),
        "double-encoded-arguments",
        columns.turn_path,
        Mismatch(expected, "the JSON of a string"),
    )
    yield from first_places(
        columns,
        flags_at(columns, other),
        "arguments-not-json",
        columns.turn_path,
        lambda turn: Mismatch(expected, other[turn]),
    )


TOOL_USE: tuple[WarningRule, ...] = (
    consecutive_tool_results,
    tool_result_without_call,
    tool_call_without_result,
    faulty_arguments,
)


def arguments_of(calls: str) -> Iterator[object]:
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
