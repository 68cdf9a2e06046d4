"""What the JSON of calls tells of turns: which faults their writing has, and what their arguments are."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from pipeline.dataset.frames.call_links import link_faults
from pipeline.dataset.model.conversation import TOOL_RESULTS
from pipeline.dataset.model.tool_calls import function_of
from pipeline.dataset.reading.columns import Columns

_FUNCTION = TOOL_RESULTS[1]
_NINE = re.compile(r"[A-Za-z0-9]{9}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of OpenAI's reference, and of mistral-common's check
_OLDER = '[{"type":"function","function":'
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


def call_facts(columns: Columns) -> dict[str, list[object]]:
    """The columns of a frame of turns by name; without calls there are few."""
    extras = columns.extras
    if extras.tool_calls is None and extras.tool_call_ids is None:
        return {}
    facts: dict[str, list[object]] = {"has_ids": _have_ids(columns)}
    calls = extras.tool_calls or [None] * len(columns.roles)
    decoded = [each and msgspec.json.decode(each) for each in calls]
    if extras.tool_calls is not None:
        faults = [[_fault_of(each) for each in _arguments_of(calls)] if calls else [] for calls in decoded]
        facts["has_double_arguments"] = ["string" in of_turn or None for of_turn in faults]
        others = [[fault for fault in of_turn if fault not in ("", "string")] for of_turn in faults]
        facts["arguments_fault"] = [of_turn[0] if of_turn else None for of_turn in others]
    links = link_faults(columns, decoded)
    facts["call_faults"] = [
        sorted({*links.get(turn, ()), *_faults_of(calls or (), has_ids=not _is_older(columns, turn))}) or None
        if facts["has_ids"][turn]
        else None
        for turn, calls in enumerate(decoded)
    ]
    return facts


def arguments_of(calls: str) -> Iterator[object]:
    """The arguments of each call that has any; a call may come without its wrapper."""
    return _arguments_of(msgspec.json.decode(calls))


def _arguments_of(calls: Iterable[object]) -> Iterator[object]:
    for call in calls:
        function = function_of(call)
        if function is not None and "arguments" in function:
            yield function["arguments"]


def _have_ids(columns: Columns) -> list[object]:
    """Whether calls of each turn have ids: ShareGPT's are texts, Gemini's are parts."""
    return [columns.content_path(turn).endswith(".content") for turn in range(len(columns.roles))]


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
        if has_ids and call.get("type") is None:
            yield "tool-call-without-type"
        function = function_of(call)
        if function is not None and isinstance(function.get("arguments"), dict):
            yield "arguments-object"
        if function is not None and not (isinstance(name := function.get("name"), str) and _PLAIN_NAME.fullmatch(name)):
            yield "function-name-not-plain"


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
