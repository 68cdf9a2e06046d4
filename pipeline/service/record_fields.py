"""How a record becomes a value of the contract: field by field, by its name."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def fields_of(kind: type[BaseModel], of: object, others: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The fields that a value has of its own; others: those that no record has, or has otherwise."""
    others = others or {}
    return {name: getattr(of, name) for name in kind.model_fields if name not in others} | dict(others)
