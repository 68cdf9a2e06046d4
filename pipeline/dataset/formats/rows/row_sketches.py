"""A row at a glance: the fields by which formats go, and what each of them holds.

Rows that differ in all else are alike in that, so which formats they may be of is found out once for many
(`rows/__init__.py`); the formats' `fits` is the authority on each.
"""

from collections.abc import Mapping, Set
from typing import Literal, TypeAlias

from pipeline.dataset.model.json_text import Json

# Of a list, what its first item is: an object is told by those of its fields that mean something to a format.
Held: TypeAlias = Literal["text", "texts", "lists", ""] | frozenset[str]
Sketch: TypeAlias = tuple[tuple[str, Held], ...]
Fields: TypeAlias = Mapping[str, Held]  # a sketch by name


def sketch_of(row: dict[str, Json], names: Set[str], inner: frozenset[str]) -> Sketch:
    """What the fields of these names hold. inner: names that mean something in the first object of a list."""
    return tuple((name, held_by(value, inner)) for name, value in row.items() if name in names)


def held_by(value: Json, inner: frozenset[str]) -> Held:
    """What a field holds; "" for what no format asks for."""
    if isinstance(value, str):
        return "text"
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, dict):
        return frozenset(inner & first.keys())
    return "texts" if isinstance(first, str) else "lists" if isinstance(first, list) else ""
