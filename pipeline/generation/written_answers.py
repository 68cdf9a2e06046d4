"""What a writing model answers: one conversation as JSON, as it is asked for and as it is read.

The schema has neither bounds of numbers nor lengths, and every field is required and may be null: more, the structured
outputs of some providers refuse. What is out of bounds is seen when it is read (`parsing.py`, `annotating.py`).
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from pipeline.generation.model import EmotionalArc
from pipeline.generation.vocabulary import vocabulary_of

Schema = dict[str, Any]  # a JSON Schema


class WrittenTurn(msgspec.Struct, forbid_unknown_fields=True):
    """A turn as it was written, unchecked."""

    role: Literal["user", "assistant"]
    content: str
    emotion: str | None = None
    secondary_emotion: str | None = None
    intensity: float | None = None
    valence: float | None = None
    strategy: str | None = None
    phase: str | None = None


class WrittenConversation(msgspec.Struct, forbid_unknown_fields=True):
    """A conversation as it was written."""

    title: str
    session_context: str
    expected_outcome: str
    turns: list[WrittenTurn]
    system: str | None = None
    """None where the one who asks has the system prompt."""


def answer_schema(arc: EmotionalArc, *, with_system: bool = False) -> Schema:
    """The JSON Schema of a conversation of this arc. with_system: whether the model writes the system prompt, too."""
    turn = closed_object({"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}, **turn_fields(arc)})
    names = ("title", "session_context", "expected_outcome", *(["system"] if with_system else []))
    texts = {name: {"type": "string"} for name in names}
    return closed_object({**texts, "turns": {"type": "array", "items": turn}})


def turn_fields(arc: EmotionalArc) -> Schema:
    """The schemas of what a turn is annotated with, by field."""
    words, number = vocabulary_of(arc), {"type": "number"}
    return {
        "emotion": or_null(one_of(words.emotions.values())),
        "secondary_emotion": or_null(one_of(words.emotions.values())),
        "intensity": or_null({**number, "description": "from 0 to 1"}),
        "valence": or_null({**number, "description": "from -1 to 1"}),
        "strategy": or_null(one_of(words.strategies.values())),
        "phase": or_null(one_of(words.phases.values())),
    }


def closed_object(properties: Schema) -> Schema:
    """An object of these properties, each required, and no others. They are answered in their order."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def one_of(texts: Iterable[str]) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(texts)}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}
