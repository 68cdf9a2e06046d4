"""The target formats: each makes one row of a conversation, and names what the row does not hold.

To add a target, write a function with this shape and put it into `OUTPUT_FORMATS`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from pipeline.dataset.convert.brightrun_rows import brightrun
from pipeline.dataset.convert.call_ids import with_call_ids
from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.convert.converted_calls import has_ids, openai_tools, sharegpt_calls
from pipeline.dataset.convert.paired_rows import alpaca, judgement, preference, prompt_completion
from pipeline.dataset.formats.rows.beside_text import MEDIA_FIELDS, REASONING_PARTS
from pipeline.dataset.formats.rows.call_rows import CALL_ROLES, as_calls
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.formats.rows.native import ANNOTATIONS

Row = dict[str, Any]
_FOREIGN = set(MEDIA_FIELDS) - {"image_url"}  # kinds of parts that OpenAI does not have
_FROM = {"user": "human", "assistant": "gpt", "tool": "observation"}


def native(talk: Talk, lost: set[str]) -> Row:
    """conversation_id and turns of role and content, with OpenAI's fields beside them."""
    turns = []
    for said in talk.turns:
        turn: Row = {"role": said.role, "content": said.content}
        if said.learning_weight is not None:
            turn["weight"] = said.learning_weight
        if said.tool_calls:
            turn["tool_calls"] = msgspec.Raw(said.tool_calls.encode())
        _name_fields(turn, said)
        _keep_reasoning(turn, said)
        if said.annotations:
            turn[ANNOTATIONS] = msgspec.Raw(said.annotations.encode())
        _note_pictures(said, lost)
        turns.append(turn)
    row: Row = {"conversation_id": talk.identity, "turns": turns}
    if talk.annotations:
        row[ANNOTATIONS] = msgspec.Raw(talk.annotations.encode())
    return row | ({"tools": msgspec.json.decode(talk.tools)} if talk.tools else {})


def openai(talk: Talk, lost: set[str]) -> Row:
    """Messages and tools; an answer that is not learned from has the weight 0. Reasoning is in `reasoning_content`.

    OpenAI refuses any other field, and has none for reasoning: its own job leaves it out (`without_reasoning`).
    """
    messages = []
    for said in with_call_ids(talk).turns:
        message: Row = {"role": said.role, "content": _parts(said, lost) or said.content}
        weight = said.learning_weight
        if said.role == "assistant" and weight in (0, 1):
            message["weight"] = int(weight)
        elif weight:
            lost.add("weights")
        if said.tool_calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = msgspec.Raw(said.tool_calls.encode())
        _name_fields(message, said)
        _keep_reasoning(message, said)
        messages.append(message)
    if talk.has_own_identity:
        lost.add("ids")
    return {"messages": messages, **({"tools": openai_tools(talk.tools)} if talk.tools else {})}


def sharegpt(talk: Talk, lost: set[str]) -> Row:
    """Conversations of from and value; a tool call is a turn of its own kind, tools are JSON in a text."""
    turns = []
    for said in talk.turns:
        if said.tool_calls:
            turns.append({"from": "function_call", "value": sharegpt_calls(said.tool_calls)})
            lost |= {"text-beside-calls"} if said.content else set()
            lost |= {"call-ids"} if has_ids(said.tool_calls) else set()
        elif said.role in CALL_ROLES and as_calls(said.content) is None:
            turns.append({"from": "gpt", "value": said.content})  # the role promises a call
            lost.add("roles")
        else:
            turns.append({"from": _FROM.get(said.role, said.role), "value": said.content})
        is_usual = said.is_supervised == (said.role == "assistant") and said.weight in (None, float(said.is_supervised))
        lost |= set() if is_usual else {"weights"}
        lost |= {"names"} if said.name is not None else set()
        lost |= {"reasoning"} if said.reasoning else set()
        lost |= {"call-ids"} if said.tool_call_id is not None else set()
        _note_pictures(said, lost)
    row: Row = {"id": talk.identity} if talk.has_own_identity else {}
    row["conversations"] = turns
    return row | ({"tools": talk.tools} if talk.tools else {})


def without_reasoning(talk: Talk, lost: set[str]) -> Talk:
    """The conversation for a trainer that has no field for reasoning."""
    if not any(said.reasoning for said in talk.turns):
        return talk
    lost.add("reasoning")
    return replace(talk, turns=[replace(said, reasoning=None) for said in talk.turns])


BRIGHTRUN = "brightrun-v4"
PAIRED: dict[str, Callable[[Talk, set[str]], Row | None]] = {
    "alpaca": alpaca,
    "prompt-completion": partial(prompt_completion, to_messages=openai),
    "preference": partial(preference, to_messages=openai),
    "kto": partial(judgement, to_messages=openai),
}
"""Targets that hold a question and its answer; a conversation that has none becomes no row."""
OUTPUT_FORMATS: dict[str, Callable[[Talk, set[str]], Row | None]] = {
    "openai": openai,
    "sharegpt": sharegpt,
    "native": native,
    BRIGHTRUN: brightrun,
    **PAIRED,
}


def _name_fields(message: Row, said: Said) -> None:
    if said.tool_call_id is not None:
        message["tool_call_id"] = said.tool_call_id
    if said.name is not None:
        message["name"] = said.name


def _keep_reasoning(message: Row, said: Said) -> None:
    if said.reasoning:
        message["reasoning_content"] = said.reasoning


def _parts(said: Said, lost: set[str]) -> list[Row] | None:
    """The parts of a content; texts under OpenAI's name for them. None where they are one text in pieces (v1)."""
    listed = msgspec.json.decode(said.parts) if said.parts else []
    if all(part["type"] in TEXT_PARTS and "value" in part for part in listed):
        return None
    parts = []
    for part in listed:
        if part["type"] in REASONING_PARTS:
            continue
        if part["type"] in _FOREIGN:
            lost.add("content-parts")
            continue
        if part["type"] in TEXT_PARTS:
            part = {"type": "text", "text": next(part[name] for name in ("text", "value", "refusal") if name in part)}
        parts.append(part)
    return parts


def _note_pictures(said: Said, lost: set[str]) -> None:
    if said.parts and any(part["type"] not in TEXT_PARTS for part in msgspec.json.decode(said.parts)):
        lost.add("content-parts")
