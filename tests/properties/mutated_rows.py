"""Rows of every format with something wrong or unusual in them: a value of another kind, a field gone, a field more."""

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.properties.formats_rows import KINDS, Kind

_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_VALUES: tuple[Any, ...] = (
    "", " ", "\n", "\0", "\ud83d", "x" * 300, "<think>", "</think>", "<image>", "{}", "[]", "null",
    None, True, 0, -1, 2**70, 1e400, 1e-400, [], {}, [None], [[]], {"a": None},
    [{"type": "text", "text": ""}], [{"type": "image_url"}],
)  # fmt: skip
_FIELDS: dict[str, tuple[Any, ...]] = {
    "reasoning_content": ("", "thought", None, 5),
    "tool_calls": ([], [_CALL], [{"function": {"name": "f", "arguments": {"a": 1}}}], [None], "x"),
    "tools": ([], [{"type": "function", "function": {"name": "f"}}], [{"name": "f"}], "[]"),
    "tool_call_id": ("c", "", None),
    "weight": (0, 1, 0.5, -1, None, "1"),
    "images": (["a.png"], [], "x"),
    "name": ("ana", ""),
    "label": (True, None, "x"),
    "system": ("", "Be kind."),
    "annotations": ([{"a": 1}], [], None),
}


def file_of(random: Random) -> tuple[Kind, bytes]:
    """A file of a few rows of one format, most of them changed; the format, and the bytes."""
    kind = random.choice(KINDS)
    rows = [json.loads(line) for line in kind.lines(random, random.choice((1, 2, 5)))]
    changed = [_changed(random, row) if random.random() < 0.7 else row for row in rows]
    return kind, b"".join(json.dumps(row).encode() + b"\n" for row in changed)


def _changed(random: Random, row: Any) -> Any:
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(_places(row))
        if not places:
            break
        owner, key = random.choice(places)
        chance = random.random()
        if chance < 0.5:
            owner[key] = deepcopy(random.choice(_VALUES))  # which a later change may go into
        elif chance < 0.65:
            del owner[key]
        elif isinstance(owner, dict):
            name = random.choice(list(_FIELDS))
            owner[name] = deepcopy(random.choice(_FIELDS[name]))
    return row


def _places(value: Any) -> Any:
    """Every object or array inside, with every key of it."""
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in held:
        yield value, key
        yield from _places(inner)
