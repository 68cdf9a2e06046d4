"""Findings about how calls, tools and roles are written: ids, arguments, wrappers, tags. `tool_use.py` has their order.

Rows without calls and tools cost nothing. Calls of ShareGPT and Gemini have no ids, so nothing is missed in them.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from pipeline.dataset.findings.faults import printable
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.model.conversation import KNOWN_ROLES, TOOL_RESULTS
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import (
    WarningRule,
    conversations_with,
    first_places,
    flags_at,
    given,
    role_of,
    tool_callers,
)

_TOOL, _FUNCTION = TOOL_RESULTS
_NINE = re.compile(r"[A-Za-z0-9]{9}")
_OLDER = '[{"type":"function","function":'
_TAGS = {"user": "user_tag", "assistant": "assistant_tag", "tool": "observation_tag", "system": "system_tag"}
_FOUND = {
    "tool-call-without-id": Mismatch("an id of the tool call", "none"),
    "tool-result-without-id": Mismatch("the tool_call_id of the call that it answers", "none"),
    "tool-call-id-not-nine": Mismatch("an id of nine letters and digits", "another one"),
    "arguments-object": Mismatch("arguments as a text of JSON", "an object"),
    "tool-result-in-parts": Mismatch("a text", "a list of parts"),
}


def call_shape(columns: Columns) -> Iterator[Group]:
    """Ids and arguments of calls, and ids and contents of their results."""
    found: dict[str, set[int]] = {code: set() for code in _FOUND}
    for turn, calls in enumerate(columns.extras.tool_calls or ()):
        if calls and not _has_no_ids(columns, turn):
            for code in _faults_of(msgspec.json.decode(calls), has_ids=not _is_older(columns, turn)):
                found[code].add(turn)
    for turn in np.flatnonzero(_results_by_id(columns)).tolist():
        if not _has_no_ids(columns, turn):
            own = columns.extras.tool_call_ids[turn] if columns.extras.tool_call_ids else None
            if own is None:
                found["tool-result-without-id"].add(turn)
            elif not _NINE.fullmatch(own):
                found["tool-call-id-not-nine"].add(turn)
            if columns.extras.parts and columns.extras.parts[turn]:
                found["tool-result-in-parts"].add(turn)
    for code, turns in found.items():
        yield from first_places(columns, flags_at(columns, turns), code, columns.turn_path, _FOUND[code])


def bare_tools(columns: Columns) -> Iterator[Group]:
    """Tools that are the function itself, without type and function around it."""
    tools = columns.extras.tools
    if tools is None:
        return
    verdicts = {text: _has_bare(msgspec.json.decode(text)) for text in set(tools) if text}
    bare = np.array([verdicts.get(text, False) if text else False for text in tools], dtype=np.bool_)
    unwrapped = Mismatch("tools of type and function", "a function without them")
    yield from conversations_with(columns, bare, "tool-without-wrapper", lambda _: "$.tools", unwrapped)


def unusual_tags(columns: Columns) -> Iterator[Group]:
    """Names of roles in ShareGPT's rows that are not LLaMA-Factory's."""
    tags = columns.extras.tags
    if tags is None:
        return

    def mismatch(turn: int) -> Mismatch:
        row = columns.owner(turn)
        turns = range(int(columns.turn_starts[row]), int(columns.turn_starts[row + 1]))
        named = {
            f"{_TAGS[role]}: {printable(tag)}"
            for each in turns
            if (tag := tags[each]) and (role := role_of(columns, each)) in _TAGS
        }
        found = repr(printable(tags[turn] or ""))
        return Mismatch(
            "human, gpt, observation, function_call or system",
            found,
            f"(set {', '.join(sorted(named, reverse=True))})" if named else None,
        )

    flagged = given(tags) & (columns.roles < len(KNOWN_ROLES))
    yield from first_places(columns, flagged, "role-tag-not-usual", columns.role_path, mismatch)


TOOL_SHAPE: tuple[WarningRule, ...] = (call_shape, bare_tools, unusual_tags)


def _results_by_id(columns: Columns) -> Flags:
    """Results in conversations that have calls or ids; where a call is words of a text, results have no ids."""
    results: Flags = columns.roles == _TOOL
    extras = columns.extras
    if not results.any() or (extras.tool_calls is None and extras.tool_call_ids is None):
        return np.zeros(len(results), dtype=np.bool_)
    goes_by_ids = tool_callers(columns)
    if extras.tool_call_ids is not None:
        goes_by_ids |= given(extras.tool_call_ids)
    of_row = np.logical_or.reduceat(goes_by_ids, columns.turn_starts[:-1])
    results &= np.repeat(of_row, columns.turn_counts)
    return results


def _has_no_ids(columns: Columns, turn: int) -> bool:
    """Whether the turn is of a format whose calls have no ids: ShareGPT's are texts, Gemini's are parts."""
    return not columns.content_path(turn).endswith(".content")


def _is_older(columns: Columns, turn: int) -> bool:
    """Whether the call is OpenAI's older function_call, which is answered by the role function and has no id.

    Where nothing answers it, by how it is kept (`call_rows.py`).
    """
    after = turn + 1
    if after < int(columns.turn_starts[columns.owner(turn) + 1]):
        return bool(columns.roles[after] == _FUNCTION)
    calls = columns.extras.tool_calls
    return bool(calls and (calls[turn] or "").startswith(_OLDER))


def _faults_of(calls: Iterable[object], *, has_ids: bool) -> Iterator[str]:
    for call in calls:
        if not isinstance(call, dict):
            continue
        own = call.get("id")
        if own is None and has_ids:
            yield "tool-call-without-id"
        elif own is not None and not (isinstance(own, str) and _NINE.fullmatch(own)):
            yield "tool-call-id-not-nine"
        function = call.get("function", call)
        if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
            yield "arguments-object"


def _has_bare(tools: object) -> bool:
    return isinstance(tools, list) and any(isinstance(tool, dict) and "function" not in tool for tool in tools)
