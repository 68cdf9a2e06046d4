"""The piece of a line that a finding speaks of, as pages, API and Dagster have it."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A piece of a line of an upload in three parts; what cannot be printed is escaped."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

    before: str
    """What stands before the mark; begins with … where more of the line does."""
    marked: str
    """What is marked; empty where the mark is for a place in between, or there is none."""
    after: str
    """What stands behind it; ends with … where the line goes on."""
    column: int | None
    """Where the mark begins in the line, in characters from 1; null without a mark."""
