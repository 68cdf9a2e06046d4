"""What a plan counts by: how many conversations each cell is to have, which are too many, and what is lacking."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.generation.model import MadeConversation, PlannedItem
from pipeline.generation.variety import openings

Cell: TypeAlias = tuple[str, str, str]
"""Keys of a persona, an arc and a topic."""
_AVOIDED_OPENINGS = 10  # named to the writer of a refill


@dataclass(frozen=True, slots=True)
class Refill:
    """How many conversations a cell lacks, and openings that they are not to have, the commonest of its own first."""

    cell: Cell
    count: int
    avoided_openings: tuple[str, ...]


def cell_of(item: PlannedItem) -> Cell:
    """Where an item counts."""
    return item.persona, item.arc, item.topic


def quotas_of(items: Iterable[PlannedItem]) -> dict[Cell, int]:
    """How many of each cell a plan has."""
    return dict(Counter(map(cell_of, items)))


def surplus(cells: Iterable[tuple[int, Cell]], quotas: Mapping[Cell, int]) -> dict[int, int]:
    """Which conversations are more than their cells are to have, by their place, with that number.

    cells: place and cell of each conversation, the best first.
    """
    taken: Counter[Cell] = Counter()
    gone = {}
    for place, cell in cells:
        taken[cell] += 1
        if taken[cell] > quotas.get(cell, 0):
            gone[place] = quotas.get(cell, 0)
    return gone


def refills(
    made: Sequence[tuple[PlannedItem, MadeConversation]], is_there: Sequence[bool], quotas: Mapping[Cell, int]
) -> tuple[Refill, ...]:
    """What cells lack, in the order of the quotas. is_there: of each conversation, whether it counts."""
    there: Counter[Cell] = Counter()
    said: dict[Cell, Counter[str]] = {}
    everywhere: Counter[str] = Counter()
    for (item, conversation), counts in zip(made, is_there, strict=True):
        cell, lines = cell_of(item), openings(conversation)
        there[cell] += counts
        said.setdefault(cell, Counter()).update(lines)
        everywhere.update(lines)
    common = [line for line, times in everywhere.most_common(_AVOIDED_OPENINGS) if times > 1]
    return tuple(
        Refill(cell, quota - there[cell], _avoided(said.get(cell, Counter()), common))
        for cell, quota in quotas.items()
        if quota > there[cell]
    )


def _avoided(own: Counter[str], common: Sequence[str]) -> tuple[str, ...]:
    lines = dict.fromkeys([*(line for line, _ in own.most_common(_AVOIDED_OPENINGS)), *common])
    return tuple(line.partition(": ")[2] for line in lines)[:_AVOIDED_OPENINGS]
