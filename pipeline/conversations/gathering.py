"""Turns of many rows at once, as parallel columns in the order of rows and turns.

Plain rows come field by field, as a shape has decoded them; full conversations turn by turn, as a format's reader made
them. What is counted and derived from these columns is in `columns.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Raw

from pipeline.conversations.flags import Bytes, Flags, Integers
from pipeline.conversations.formats.shapes import EMPTY, PlainRow, Segment, Shape
from pipeline.conversations.model import ASSISTANT, KNOWN_ROLES, FullConversation, FullTurn
from pipeline.conversations.unescape import unescape

Reals: TypeAlias = npt.NDArray[np.float64]
Literals: TypeAlias = "list[Raw | bytes]"

_NOTHING = (EMPTY, Raw(b"null"))
_QUOTE, _TOO_HEAVY = ord('"'), 1e6
_KNOWN = {role: code for code, role in enumerate(KNOWN_ROLES)}
_PAIR = [_KNOWN["user"], _KNOWN["assistant"]]
_role_of, _content_of = attrgetter("role"), attrgetter("content")


@dataclass(frozen=True, slots=True)
class Turns:
    """m turns of n rows. turn_counts: n. text_starts: m + 1 positions in text. roles: codes into role_names.

    weights: NaN where a turn has none; None where no turn has one. paths: of the contents.
    """

    turn_counts: Integers
    turn_starts: Integers
    roles: Integers
    role_names: list[str]
    text: Bytes
    text_starts: Integers
    is_supervised: Flags
    branches: npt.NDArray[np.int8]
    weights: Reals | None
    paths: Sequence[str]


def full_turns(conversations: list[FullConversation]) -> tuple[Turns, list[FullTurn]]:
    """The turns of conversations, as columns and as they are."""
    listed = [conversation.turns for conversation in conversations]
    turns = list(chain.from_iterable(listed))
    count = len(turns)
    counts, starts = _counted(list(map(len, listed)))
    roles, names = _coded(list(map(_role_of, turns)))
    text, text_starts = _encoded(turns)
    weights = np.array(list(map(attrgetter("weight"), turns)), dtype=np.float64)
    columns = Turns(
        turn_counts=counts,
        turn_starts=starts,
        roles=roles,
        role_names=names,
        text=text,
        text_starts=text_starts,
        is_supervised=np.fromiter(map(attrgetter("is_supervised"), turns), dtype=np.bool_, count=count),
        branches=np.fromiter(map(attrgetter("branch"), turns), dtype=np.int8, count=count),
        weights=None if np.isnan(weights).all() else weights,
        paths=list(map(attrgetter("path"), turns)),
    )
    return columns, turns


def plain_turns(rows: list[PlainRow], shape: Shape) -> Turns:
    """The turns of plain rows.

    Raises:
        ValueError: a content is no string, or a weight is none.
    """
    said = [_said(segment, list(map(shape.getter(number), rows)), rows, number) for number, segment in _of(shape)]
    by_segment = np.stack([each.counts for each in said])
    counts, starts = _counted(by_segment.sum(axis=0))
    roles, names = _coded_segments(said, shape)
    heard = [each for each in said if each.literals]
    order = None
    if len(heard) > 1:
        before = starts[:-1] + np.cumsum(by_segment, axis=0) - by_segment
        order = np.concatenate([_places(at, count) for at, count in zip(before, by_segment, strict=True)])
    literals = _ordered_objects(list(chain.from_iterable(each.literals for each in said)), order)
    text, text_starts = unescape(literals)
    roles = _ordered(roles, order)
    weights = _weights(said, order)
    is_supervised = roles == ASSISTANT if weights is None else (roles == ASSISTANT) & (weights != 0)
    sizes = [len(each.literals) for each in said]
    learned = [each.is_learned for each in shape.segments]
    if any(choice is not None for choice in learned):
        asked = np.repeat([-1 if choice is None else int(choice) for choice in learned], sizes)
        asked = _ordered(asked, order)
        is_supervised = np.where(asked < 0, is_supervised, asked > 0)
    branches = np.repeat(np.array([segment.branch for segment in shape.segments], dtype=np.int8), sizes)
    return Turns(
        turn_counts=counts,
        turn_starts=starts,
        roles=roles,
        role_names=names,
        text=text,
        text_starts=text_starts,
        is_supervised=is_supervised,
        branches=_ordered(branches, order),
        weights=weights,
        paths=_Paths(shape, starts, by_segment),
    )


def _of(shape: Shape) -> Iterator[tuple[int, Segment]]:
    return enumerate(shape.segments)


@dataclass(frozen=True, slots=True)
class _Said:
    """What one segment holds in all rows: turns in each row, and for each turn its literal, role and weights."""

    counts: Integers
    literals: Literals
    roles: list[str] | Integers
    weights: Reals | None = None


def _said(segment: Segment, values: list[Any], rows: list[PlainRow], number: int) -> _Said:
    if segment.kind == "text":
        return _texts(segment, values, rows, number)
    if segment.kind == "pairs":
        counts = np.fromiter((2 * len(pairs or ()) for pairs in values), dtype=np.int64, count=len(values))
        texts = list(chain.from_iterable(chain.from_iterable(pairs for pairs in values if pairs)))
        return _Said(counts, texts, np.tile(np.array(_PAIR), len(texts) // 2))
    if segment.kind == "message":
        messages, counts = values, np.ones(len(values), dtype=np.int64)
    else:
        messages = list(chain.from_iterable(values))
        counts = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    contents = list(map(_content_of, messages))
    if segment.has_parts:
        contents = [parts[0].value for parts in contents]
    return _Said(counts, contents, list(map(_role_of, messages)), _weights_of(segment, messages))


def _texts(segment: Segment, values: list[Any], rows: list[PlainRow], number: int) -> _Said:
    counts = np.ones(len(values), dtype=np.int64)
    texts: Literals = values
    if segment.added:
        texts = list(map(_joined, values, map(attrgetter(f"added_{number}"), rows)))
    if segment.is_optional:
        says = [text is not EMPTY and text not in _NOTHING for text in values]
        counts = np.array(says, dtype=np.int64)
        texts = [text for text, is_said in zip(values, says, strict=True) if is_said]
    return _Said(counts, texts, [segment.role] * len(texts))


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
    if found is not None and ((found < 0) | (found >= _TOO_HEAVY)).any():
        raise ValueError("expected weights")
    return found


def _weights(said: list[_Said], order: Integers | None) -> Reals | None:
    if all(each.weights is None for each in said):
        return None
    none = np.nan
    weights = [np.full(len(each.literals), none) if each.weights is None else each.weights for each in said]
    placed: Reals = _ordered(np.concatenate(weights), order)
    return placed


def _coded_segments(said: list[_Said], shape: Shape) -> tuple[Integers, list[str]]:
    """Codes of all segments' roles, and what they stand for. An alias has its role's code."""
    codes = _Codes()
    coded = []
    for segment, each in zip(shape.segments, said, strict=True):
        if isinstance(each.roles, list):
            known = {**_KNOWN, **{alias: _KNOWN[role] for alias, role in segment.keys.aliases}}
            of_role = known.__getitem__ if segment.keys.aliases else codes.__getitem__
            coded.append(np.fromiter(map(of_role, each.roles), dtype=np.int64, count=len(each.roles)))
        else:
            coded.append(each.roles)
    return np.concatenate(coded), codes.names


def _coded(roles: list[str]) -> tuple[Integers, list[str]]:
    codes = _Codes()
    return np.fromiter(map(codes.__getitem__, roles), dtype=np.int64, count=len(roles)), codes.names


class _Codes(dict[str, int]):
    """Numbers roles in the order they are first seen, the known ones first."""

    def __init__(self) -> None:
        super().__init__(_KNOWN)
        self.names = list(KNOWN_ROLES)

    def __missing__(self, role: str) -> int:
        self[role] = len(self.names)
        self.names.append(role)
        return self[role]


def _counted(counts: "Integers | list[int]") -> tuple[Integers, Integers]:
    numbers = np.asarray(counts, dtype=np.int64)
    return numbers, np.concatenate([[0], np.cumsum(numbers)])


def _places(at: Integers, counts: Integers) -> Integers:
    """Where a segment's turns come among all turns. at: of the first of each row."""
    firsts = np.cumsum(counts) - counts
    places: Integers = np.repeat(at - firsts, counts) + np.arange(int(counts.sum()))
    return places


def _ordered(values: Any, order: Integers | None) -> Any:
    """The values, each in its place."""
    if order is None:
        return values
    placed = np.empty_like(values)
    placed[order] = values
    return placed


def _ordered_objects(values: Literals, order: Integers | None) -> Literals:
    if order is None:
        return values
    objects = np.fromiter(values, dtype=object, count=len(values))
    return list(_ordered(objects, order))


def _encoded(turns: list[FullTurn]) -> tuple[Bytes, Integers]:
    """UTF-8 of all contents, end to end, and their positions."""
    encoded = [turn.content.encode() for turn in turns]
    starts = np.zeros(len(turns) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(turns)), out=starts[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), starts


class _Paths(Sequence[str]):
    """Paths of plain turns, made when one is asked for."""

    def __init__(self, shape: Shape, starts: Integers, by_segment: Integers) -> None:
        self._shape = shape
        self._starts = starts
        self._by_segment = by_segment

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, turn: Any) -> Any:
        row = int(np.searchsorted(self._starts, turn, side="right")) - 1
        index = int(turn - self._starts[row])
        for segment, count in zip(self._shape.segments, self._by_segment[:, row].tolist(), strict=True):
            if index < count:
                return segment.path(index)
            index -= count
        raise IndexError(turn)
