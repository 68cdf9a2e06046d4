"""Requests as tests ask them."""

from typing import Any

from pipeline.llm.asking import Message, Request

SCHEMA = {
    "type": "object",
    "properties": {"said": {"type": "string"}, "a": {"enum": ["x", "y"]}},
    "required": ["said", "a"],
    "additionalProperties": False,
}


def request(custom_id: str = "item-1", **fields: Any) -> Request:
    """Of a model that both fakes have a price for."""
    told: dict[str, Any] = {
        "model": "claude-haiku-4-5",
        "system": "You are an advisor.",
        "messages": (Message("user", f"Write conversation {custom_id}."),),
        "max_tokens": 200,
        "schema": SCHEMA,
    }
    return Request(custom_id, **{**told, **fields})


def numbered(count: int, **fields: Any) -> list[Request]:
    return [request(f"item-{number}", **fields) for number in range(1, count + 1)]
