"""One conversation as a file of its own: raw, which is its turns, and enriched, which is its training pairs."""

from typing import Any

import msgspec

from pipeline.generation.file_content import FileConversation
from pipeline.generation.v4_conversations import conversation_metadata, input_parameters, training_pairs

_encode = msgspec.json.Encoder().encode


def raw_json(chosen: FileConversation) -> bytes:
    """The least that a conversation is: its title and who said what."""
    turns = [
        {"turn_number": number, "role": turn.role, "content": turn.content}
        for number, turn in enumerate(chosen.conversation.turns, start=1)
    ]
    told = {"conversation_id": chosen.conversation_id, "version": chosen.version, "title": chosen.conversation.title}
    return _printed({**told, "turns": turns})


def enriched_json(chosen: FileConversation) -> bytes:
    """All that is known of it, as brightrun-lora-v4 has a conversation's own file."""
    return _printed(
        {
            "dataset_metadata": {
                "format_spec": "brightrun-lora-v4",
                "version": "4.0.0",
                **conversation_metadata(chosen),
            },
            "training_pairs": training_pairs(chosen),
            "input_parameters": input_parameters(chosen),
        }
    )


def _printed(value: dict[str, Any]) -> bytes:
    return msgspec.json.format(_encode(value), indent=2) + b"\n"
