"""How many conversations each persona, arc and topic have together: a quota, not dice.

Pairs of arc and topic share the items evenly, or by weight; the personas that suit share those of their pair. Each is
then rounded down or up: first the pairs, with arcs and topics; then personas, with the arcs of each; then cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.generation.rounding import MAX_CELL_COST, MAX_GAIN, round_table
from pipeline.generation.seeded import drawn

Cell: TypeAlias = tuple[str, str, str]
"""Keys of a persona, an arc and a topic."""
Suiting: TypeAlias = Mapping[tuple[str, str], Mapping[str, Fraction]]
"""By arc and topic: the personas that suit, each with its share of the pair."""
_TIE = 2**8  # what a draw may count between cells that are otherwise worth the same


@dataclass(frozen=True, slots=True)
class Axes:
    """What is combined: keys, the weight of each, and whether a cell may be."""

    personas: Mapping[str, Fraction]
    arcs: Mapping[str, Fraction]
    topics: Mapping[str, Fraction]
    allows: Callable[[str, str, str], bool]

    def suiting(self, arc: str, topic: str) -> dict[str, Fraction]:
        """The personas of a pair, each with its share of it; none for a pair that is not made."""
        weights = {key: weight for key, weight in self.personas.items() if self.allows(key, arc, topic)}
        total = sum(weights.values(), Fraction())
        return {key: weight / total for key, weight in weights.items()}


def quotas(axes: Axes, items: int, seed: int) -> dict[Cell, int]:
    """How many each cell that may be has, in all `items`; none at all where no cell may be.

    Each arc, topic and pair of them is within one of its share. Without weights, and where every persona suits, so are
    each persona, each persona's arcs and each cell; and no pair is empty once there are as many items as pairs.
    """
    suiting = {(arc, topic): axes.suiting(arc, topic) for arc in axes.arcs for topic in axes.topics}
    if not any(suiting.values()):
        return {}
    pairs = _pairs(axes, suiting, items, seed)
    of_arcs = _personas_of_arcs(axes, suiting, pairs, seed)
    loads = np.zeros((len(axes.topics), len(axes.personas)), dtype=np.int64)
    found: dict[Cell, int] = {}
    for arc, wanted in zip(axes.arcs, of_arcs, strict=True):
        shares = [_shares(axes, pairs[arc, topic], suiting[arc, topic]) for topic in axes.topics]
        counts = _cells(shares, loads, wanted, (seed, arc))
        loads += counts
        for topic, row in zip(axes.topics, counts.tolist(), strict=True):
            named = zip(axes.personas, row, strict=True)
            found |= {(persona, arc, topic): count for persona, count in named if persona in suiting[arc, topic]}
    return found


def _pairs(axes: Axes, suiting: Suiting, items: int, seed: int) -> dict[tuple[str, str], int]:
    """Items of each pair of arc and topic."""
    weights = [
        [axes.arcs[arc] * axes.topics[topic] * bool(suiting[arc, topic]) for topic in axes.topics] for arc in axes.arcs
    ]
    total = sum(map(sum, weights), Fraction())
    shares = [[items * weight / total for weight in row] for row in weights]
    counts = round_table(shares, _ties(shares, (seed, "pairs"))).tolist()
    return {
        (arc, topic): count
        for arc, row in zip(axes.arcs, counts, strict=True)
        for topic, count in zip(axes.topics, row, strict=True)
    }


def _personas_of_arcs(axes: Axes, suiting: Suiting, pairs: Mapping[tuple[str, str], int], seed: int) -> Integers:
    """Items of each arc, a row, that each persona has."""
    shares = []
    for arc in axes.arcs:
        of_topics = (_shares(axes, pairs[arc, topic], suiting[arc, topic]) for topic in axes.topics)
        shares.append([sum(column, Fraction()) for column in zip(*of_topics, strict=True)])
    return round_table(shares, _ties(shares, (seed, "personas")))


def _shares(axes: Axes, items: int, suiting: Mapping[str, Fraction]) -> list[Fraction]:
    """What each persona has of the items of a pair."""
    return [items * suiting.get(persona, Fraction()) for persona in axes.personas]


def _cells(shares: Sequence[Sequence[Fraction]], loads: Integers, wanted: Integers, of: tuple[int, str]) -> Integers:
    """Items of an arc, topics × personas. loads: what they have of other arcs. wanted: of each persona in the arc."""
    floors = [int(sum(column, Fraction())) for column in zip(*shares, strict=True)]
    costs = np.minimum((loads - loads.min()) * _TIE, MAX_CELL_COST - _TIE) + _ties(shares, of)
    return round_table(shares, costs, column_gains=(wanted - floors) * MAX_GAIN)


def _ties(shares: Sequence[Sequence[Fraction]], of: tuple[int, str]) -> Integers:
    """What decides between cells that are worth the same."""
    return np.array([[drawn(*of, r, c) % _TIE for c in range(len(row))] for r, row in enumerate(shares)])
