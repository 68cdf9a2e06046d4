"""Gives files of lines to mistral-common's check: `python check_mistral.py FOLDER`, in an environment of Mistral's.

Prints one JSON object: by file, what the check of a fine-tuning says of the first row that it refuses, as
mistral-finetune makes messages of it; "" is no objection.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from mistral_common.protocol.instruct.messages import FinetuningAssistantMessage, ToolMessage, UserMessage
from mistral_common.protocol.instruct.tool_calls import Function, FunctionCall, Tool, ToolCall
from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode

CHECK = MistralRequestValidatorV3(ValidationMode.finetuning)


def called(calls):
    if not calls:
        return None
    for call in calls:
        if not isinstance(call["function"]["arguments"], str):
            raise TypeError("arguments are no text")
    return [ToolCall(id=call["id"], function=FunctionCall(**call["function"])) for call in calls]


def messages_of(row):
    """What mistral-finetune makes of a row: the system's message apart, at most one."""
    made, has_system = [], False
    for message in row.get("messages") or row["interactions"]:
        role, content = message["role"], message.get("content")
        if content is None and message.get("tool_calls") is None:
            raise ValueError("no content")
        if role == "system":
            if has_system:
                raise ValueError("several messages by the system")
            has_system = True
        elif role == "user":
            made.append(UserMessage(content=content))
        elif role == "tool":
            made.append(ToolMessage(content=content, tool_call_id=message["tool_call_id"], name=message.get("name")))
        elif role == "assistant":
            calls, weight = called(message.get("tool_calls")), message.get("weight")
            made.append(FinetuningAssistantMessage(content=content, tool_calls=calls, weight=weight))
        else:
            raise ValueError(f"a message by {role}")
    return made


def check(line):
    row = json.loads(line)
    if isinstance(row, dict) and isinstance(row.get("text"), str):
        return
    CHECK.validate_messages(messages_of(row))
    tools = row.get("tools") or row.get("available_tools") or []
    CHECK._validate_tools([Tool(function=Function(**tool["function"])) for tool in tools])


def objection(path):
    try:
        for line in path.read_text("utf-8").splitlines():
            check(line)
    except Exception as error:  # whatever it raises is its objection
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def main(folder):
    files = {path.name: objection(path) for path in sorted(Path(folder).iterdir())}
    print(json.dumps({"version": version("mistral-common"), "files": files}))


main(sys.argv[1])
