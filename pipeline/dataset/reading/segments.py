"""What one segment of a shape says in many rows: how many turns in each, and of each turn the content, role and weight.

How the turns of all segments become one sequence is in `gathering.py`.
"""

from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from msgspec import Raw

from pipeline.dataset.formats.rows.decoders import SIDES
from pipeline.dataset.formats.rows.message_lists import TOO_HEAVY
from pipeline.dataset.formats.rows.shapes import EMPTY, PlainRow, Segment, Shape
from pipeline.dataset.model.bit_flags import Integers, Reals
from pipeline.dataset.model.conversation import KNOWN_ROLES

Literals: TypeAlias = "list[Raw | bytes]"

_NOTHING = (EMPTY, Raw(b"null"))
_QUOTE = ord('"')
_PAIR = [KNOWN_ROLES.index(role) for role in ("user", "assistant")]


@dataclass(frozen=True, slots=True)
class Said:
    """What one segment holds in all rows: turns in each row, and for each turn its literal, role and weights."""

    counts: Integers
    literals: Literals
    roles: list[str] | Integers
    weights: Reals | None = None


def said_in(rows: list[PlainRow], shape: Shape, number: int) -> Said:
    """What the segment of this number says in the rows.

    Raises:
        ValueError: a weight is none, or one of two texts that belong together is no text.
    """
    segment, values = shape.segments[number], list(map(shape.getter(number), rows))
    if segment.kind == "text":
        return _texts(segment, values, rows, number)
    if segment.kind == "pairs":
        counts = np.fromiter((2 * len(pairs or ()) for pairs in values), dtype=np.int64, count=len(values))
        texts = list(chain.from_iterable(chain.from_iterable(pairs for pairs in values if pairs)))
        return Said(counts, texts, np.tile(np.array(_PAIR), len(texts) // 2))
    if segment.kind == "objects":
        counts = np.fromiter((2 * len(pairs) for pairs in values), dtype=np.int64, count=len(values))
        texts = list(chain.from_iterable(map(attrgetter(*SIDES), chain.from_iterable(values))))
        return Said(counts, texts, np.tile(np.array(_PAIR), len(texts) // 2))
    if segment.kind == "texts-in-turn":
        counts = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
        in_row = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return Said(counts, list(chain.from_iterable(values)), np.array(_PAIR)[in_row % 2])
    if segment.kind == "message":
        messages, counts = values, np.ones(len(values), dtype=np.int64)
    else:
        messages = list(chain.from_iterable(values))
        counts = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    contents = list(map(attrgetter("content"), messages))
    if segment.text_part:
        contents = [parts[0].text for parts in contents]
    return Said(counts, contents, list(map(attrgetter("role"), messages)), _weights_of(segment, messages))


def _texts(segment: Segment, values: list[Any], rows: list[PlainRow], number: int) -> Said:
    counts = np.ones(len(values), dtype=np.int64)
    if segment.text_part:
        values = [EMPTY if parts is None else _text_of(parts[0].text) for parts in values]
    texts: Literals = values
    if segment.added:
        texts = list(map(_joined, values, map(attrgetter(f"added_{number}"), rows)))
    if segment.is_optional:
        says = [text is not EMPTY and text not in _NOTHING for text in values]
        counts = np.array(says, dtype=np.int64)
        texts = [text for text, is_said in zip(values, says, strict=True) if is_said]
    return Said(counts, texts, [segment.role] * len(texts))


def _text_of(text: Raw) -> Raw:
    if memoryview(text)[0] != _QUOTE:
        raise ValueError("expected a JSON string")
    return text


def _joined(text: Raw, added: Raw) -> Raw | bytes:
    """The literal of two texts with a line break between them; of one, where the other is empty."""
    if added is EMPTY or added in _NOTHING:
        return text
    if text == EMPTY:
        return added
    first, second = memoryview(text), memoryview(added)
    if first[0] != _QUOTE or second[0] != _QUOTE:
        raise ValueError("expected JSON strings")
    return b"".join((first[:-1], b"\\n", second[1:]))


def _weights_of(segment: Segment, messages: list[Any]) -> Reals | None:
    """The first weight that each message has, NaN where it has none."""
    found: Reals | None = None
    for number in range(len(segment.weights)):
        values = list(map(attrgetter(f"weight_{number}"), messages))
        if values.count(None) == len(values):
            continue
        weights = np.array(values, dtype=np.float64)
        found = weights if found is None else np.where(np.isnan(found), weights, found)
    if found is not None and ((found < 0) | (found >= TOO_HEAVY)).any():
        raise ValueError("expected weights")
    return found
