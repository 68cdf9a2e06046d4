"""Ids by which the results of tools are told apart: each call has one, and each result that of its call."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.convert.converted_calls import openai_calls

# What Mistral's templates and mistral-common take: `[a-zA-Z0-9]{9}`, as the ids that we make are.
_NINE = re.compile(r"[A-Za-z0-9]{9}")


def with_call_ids(talk: Talk, *, are_nine: bool = False) -> Talk:
    """The same conversation, each call with an id, and each result that names no call with that of the next open one.

    are_nine: ids that are not nine letters and digits become ones that are, in call and result alike.
    """
    if not any(said.tool_calls for said in (*talk.turns, *talk.rejected)):
        return talk
    made: dict[str, str] = {}
    turns = _named(talk.turns, 0, made, are_nine=are_nine)
    rejected = _named(talk.rejected, len(turns), made, are_nine=are_nine)
    return replace(talk, turns=turns, rejected=tuple(rejected))


def made_id(turn: int, index: int) -> str:
    """An id for the call at a place of a turn: nine letters and digits, because Mistral's templates take no other."""
    if turn < 1_000 and index < 100:
        return f"call{turn:03}{index:02}"
    return hashlib.sha256(f"{turn}-{index}".encode()).hexdigest()[:9]


def _named(turns: Sequence[Said], first: int, made: dict[str, str], *, are_nine: bool) -> list[Said]:
    """made: the id that stands for each id of the file; results may come long after their calls."""
    named, open_ids = [], list[str]()
    for place, said in enumerate(turns, start=first):
        if said.tool_calls:
            calls = [{"id": None, **call} for call in openai_calls(said.tool_calls)]
            for index, call in enumerate(calls):
                old = made_id(place, index) if call["id"] is None else str(call["id"])
                call["id"] = made[old] = made_id(place, index) if are_nine and not _NINE.fullmatch(old) else old
            open_ids = [call["id"] for call in calls]
            said = replace(said, tool_calls=msgspec.json.encode(calls).decode())
        elif said.role == "tool":
            if said.tool_call_id is None:
                answered = open_ids[0] if open_ids else None
            else:
                answered = made.get(said.tool_call_id, said.tool_call_id)
            if answered in open_ids:
                open_ids.remove(answered)
            said = replace(said, tool_call_id=answered)
        named.append(said)
    return named
