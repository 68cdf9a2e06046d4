"""Rows of messages for trainers that render a model's own chat template."""

from typing import Any

import msgspec

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.convert.converted_calls import openai_calls, openai_tools
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.json_text import decoded
from pipeline.trainers.learning import has_fraction

Message = dict[str, Any]


def messages_of(talk: Talk, lost: set[str], *, has_argument_objects: bool) -> list[Message]:
    """Role, content, reasoning and what belongs to tools. Contents are texts; a picture is lost.

    has_argument_objects: arguments of calls as JSON objects, which templates write out, not as their text.
    """
    return [
        message_of(said, place, lost, has_argument_objects=has_argument_objects)
        for place, said in enumerate(talk.turns)
    ]


def tools_of(talk: Talk) -> list[Any]:
    """The tools in OpenAI's shape; none is an empty list."""
    return openai_tools(talk.tools) if talk.tools else []


def message_of(said: Said, place: int, lost: set[str], *, has_argument_objects: bool) -> Message:
    """One of them; place: in its conversation, by which its calls are named."""
    message: Message = {"role": said.role, "content": said.content}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.tool_calls:
        calls = openai_calls(said.tool_calls, place)
        if has_argument_objects:
            for call in calls:
                call["function"]["arguments"] = _object_of(call["function"].get("arguments", "{}"))
        message["tool_calls"] = calls
    if said.tool_call_id is not None:
        message["tool_call_id"] = said.tool_call_id
    if said.name is not None:
        message["name"] = said.name
    if has_fraction(said):
        lost.add("weights")
    if said.parts and any(part["type"] not in TEXT_PARTS for part in msgspec.json.decode(said.parts)):
        lost.add("content-parts")
    return message


def _object_of(text: str) -> Any:
    value = decoded(text)
    return value if isinstance(value, dict) else text
