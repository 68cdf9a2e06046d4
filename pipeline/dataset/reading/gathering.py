"""Turns of many rows at once, as parallel columns in the order of rows and turns.

Plain rows come field by field (`segments.py`), as a shape has decoded them; full conversations turn by turn, as a
format's reader made them. What is counted and derived from these columns is in `columns.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.dataset.formats.rows.message_lists import USUAL_TAGS
from pipeline.dataset.formats.rows.respelled import respelt_path
from pipeline.dataset.formats.rows.shapes import PlainRow, Segment, Shape
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers, Reals
from pipeline.dataset.model.conversation import ASSISTANT, KNOWN_ROLES, FullConversation, FullTurn
from pipeline.dataset.reading.segments import Literals, Said, said_in
from pipeline.dataset.reading.unescape import unescape

_KNOWN = {role: code for code, role in enumerate(KNOWN_ROLES)}


@dataclass(frozen=True, slots=True)
class Turns:
    """m turns of n rows."""

    turn_counts: Integers
    """N."""
    turn_starts: Integers
    roles: Integers
    """Codes into role_names."""
    role_names: list[str]
    text: Bytes
    text_starts: Integers
    """m + 1 positions in text."""
    is_supervised: Flags
    branches: npt.NDArray[np.int8]
    weights: Reals | None
    """NaN where a turn has none; None where no turn has one."""
    paths: Sequence[str]
    """Of the contents."""
    tags: list[str | None] | None = None
    """As `FullTurn` has them."""


def full_turns(conversations: list[FullConversation]) -> tuple[Turns, list[FullTurn]]:
    """The turns of conversations, as columns and as they are."""
    listed = [conversation.turns for conversation in conversations]
    turns = list(chain.from_iterable(listed))
    count = len(turns)
    counts, starts = _counted(list(map(len, listed)))
    roles, names = _coded(list(map(attrgetter("role"), turns)))
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
    said = [said_in(rows, shape, number) for number in range(len(shape.segments))]
    by_segment = np.stack([each.counts for each in said])
    counts, starts = _counted(by_segment.sum(axis=0))
    order = _order(said, starts, by_segment)
    roles, names = _coded_segments(said, shape)
    roles = _ordered(roles, order)
    text, text_starts = unescape(_ordered_objects(list(chain.from_iterable(each.literals for each in said)), order))
    weights = _weights(said, order)
    sizes = [len(each.literals) for each in said]
    branches = np.repeat(np.array([segment.branch for segment in shape.segments], dtype=np.int8), sizes)
    return Turns(
        turn_counts=counts,
        turn_starts=starts,
        roles=roles,
        role_names=names,
        text=text,
        text_starts=text_starts,
        is_supervised=_supervised(roles, weights, shape, sizes, order),
        branches=_ordered(branches, order),
        weights=weights,
        paths=_Paths(shape, starts, by_segment),
        tags=_tags(said, shape, order),
    )


def _order(said: list[Said], starts: Integers, by_segment: Integers) -> Integers | None:
    """The place among all turns of each turn, which come segment by segment; None where only one segment has any."""
    if sum(1 for each in said if each.literals) < 2:
        return None
    before = starts[:-1] + np.cumsum(by_segment, axis=0) - by_segment
    return np.concatenate([_places(at, count) for at, count in zip(before, by_segment, strict=True)])


def _places(at: Integers, counts: Integers) -> Integers:
    """Where a segment's turns come among all turns. at: of the first of each row."""
    firsts = np.cumsum(counts) - counts
    places: Integers = np.repeat(at - firsts, counts) + np.arange(int(counts.sum()))
    return places


def _tags(said: list[Said], shape: Shape, order: Integers | None) -> list[str | None] | None:
    """ShareGPT's names of roles that are not LLaMA-Factory's; None where all are."""
    named = [isinstance(each.roles, list) and segment.keys.content == "value" for segment, each in _pairs(shape, said)]
    if not any(is_named and not USUAL_TAGS.issuperset(each.roles) for is_named, each in zip(named, said, strict=True)):
        return None
    tags: list[Any] = []
    for is_named, each in zip(named, said, strict=True):
        tags += [None if tag in USUAL_TAGS else tag for tag in each.roles] if is_named else [None] * len(each.literals)
    ordered: list[Any] = _ordered_objects(tags, order)
    return ordered


def _pairs(shape: Shape, said: list[Said]) -> Iterable[tuple[Segment, Said]]:
    return zip(shape.segments, said, strict=True)


def _supervised(
    roles: Integers, weights: Reals | None, shape: Shape, sizes: list[int], order: Integers | None
) -> Flags:
    """Whether each turn is learned from: as its segment says, else by role and weight. sizes: turns by segment."""
    usual: Flags = roles == ASSISTANT if weights is None else (roles == ASSISTANT) & (weights != 0)
    learned = [segment.is_learned for segment in shape.segments]
    if all(choice is None for choice in learned):
        return usual
    asked = _ordered(np.repeat([-1 if choice is None else int(choice) for choice in learned], sizes), order)
    supervised: Flags = np.where(asked < 0, usual, asked > 0)
    return supervised


def _weights(said: list[Said], order: Integers | None) -> Reals | None:
    if all(each.weights is None for each in said):
        return None
    none = np.nan
    weights = [np.full(len(each.literals), none) if each.weights is None else each.weights for each in said]
    placed: Reals = _ordered(np.concatenate(weights), order)
    return placed


def _coded_segments(said: list[Said], shape: Shape) -> tuple[Integers, list[str]]:
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
        self._first, self._end = 0, 0  # the turns of the row that was asked for last, which is asked for again
        self._counts: list[int] = []

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, turn: Any) -> Any:
        if not 0 <= turn < len(self):
            raise IndexError(turn)
        if not self._first <= turn < self._end:
            row = int(self._starts.searchsorted(turn, side="right")) - 1
            self._first, self._end = self._starts[row : row + 2].tolist()
            self._counts = self._by_segment[:, row].tolist()
        index = int(turn) - self._first
        for segment, count in zip(self._shape.segments, self._counts, strict=True):
            if index < count:
                path = segment.path(index)
                return respelt_path(path, self._shape.spelt) if self._shape.spelt else path
            index -= count
        raise IndexError(turn)
