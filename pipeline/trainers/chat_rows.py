"""Rows of messages for trainers that render a model's own chat template."""

from typing import Any

import msgspec

from pipeline.dataset.convert.call_ids import with_call_ids
from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.convert.converted_calls import openai_calls, openai_tools
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.json_text import decoded
from pipeline.trainers.learning import has_fraction
from pipeline.trainers.survey import Survey

Message = dict[str, Any]


def messages_of(talk: Talk, survey: Survey, lost: set[str], *, has_argument_objects: bool) -> list[Message]:
    """Role, content, reasoning and what belongs to tools, calls and results by their ids. Contents are texts.

    has_argument_objects: arguments of calls as JSON objects, which templates write out, not as their text.
    """
    turns = with_call_ids(talk, are_nine=survey.are_ids_nine).turns
    return [_message(said, lost, has_argument_objects=has_argument_objects) for said in turns]


def rejected_of(talk: Talk, survey: Survey, lost: set[str], *, has_argument_objects: bool) -> Message:
    """The other one of two answers, as `messages_of` has the first."""
    rejected = with_call_ids(talk, are_nine=survey.are_ids_nine).rejected
    return _message(rejected[0], lost, has_argument_objects=has_argument_objects)


def tools_of(talk: Talk) -> list[Any]:
    """The tools in OpenAI's shape; none is an empty list."""
    return openai_tools(talk.tools) if talk.tools else []


def _message(said: Said, lost: set[str], *, has_argument_objects: bool) -> Message:
    """A picture is lost."""
    message: Message = {"role": said.role, "content": said.content}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.tool_calls:
        calls = openai_calls(said.tool_calls)
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
