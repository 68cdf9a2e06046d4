"""Follows the JSON path of a turn's content to the value that holds it, so that it can be changed there."""

import re
from dataclasses import dataclass

from pipeline.dataset.model.json_text import Json

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn stands in its row.

    owner[key]: its content (the key may be absent).
    """

    owner: dict[str, Json] | list[Json]
    key: str | int
    message: dict[str, Json] | None = None
    """The object that is the turn, None where the turn is a field of the row."""
    messages: list[Json] | None = None
    """The list that the message is an item of, None where it is in none."""
    index: int = 0
    """Its place."""

    @property
    def content(self) -> Json:
        """The content as it stands in the row; None where there is none."""
        if isinstance(self.owner, dict):
            return self.owner.get(str(self.key))
        return self.owner[int(self.key)]

    def put(self, content: Json) -> None:
        """Write the content."""
        self.owner[self.key] = content  # type: ignore[index]  # a list's key is an index


def place_of(row: Json, path: str) -> Place | None:
    """The place of the content at a path that a format's reader made; None when the path cannot be followed."""
    steps: list[str | int] = [name or int(index) for name, index in _STEP.findall(path)]
    if not steps or "$" + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps) != path:
        return None
    passed = [row]
    try:
        for step in steps[:-1]:
            passed.append(passed[-1][step])  # type: ignore[index]  # the reader came this way
    except (KeyError, IndexError, TypeError):  # but for names that the file spells in two ways
        return None
    owner, key = passed[-1], steps[-1]
    if not isinstance(owner, dict | list):
        return None
    if not isinstance(owner, dict) or len(passed) == 1:
        return Place(owner, key)
    listed, index = passed[-2], steps[-2]
    if isinstance(listed, list) and isinstance(index, int):
        return Place(owner, key, owner, listed, index)
    return Place(owner, key, owner)
