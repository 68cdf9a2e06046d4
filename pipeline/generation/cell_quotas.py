"""How many conversations each persona, arc and topic have together: a quota, not dice.

Pairs of arc and topic share the items evenly, or by weight, and the personas that suit share those of their pair.
Shares are then rounded down or up: first those of pairs, with arcs and topics; then those of personas, with the arcs of
each; then those of cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import TypeAlias

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.generation.persona_shares import Pair, persona_shares
from pipeline.generation.rounding import MAX_CELL_COST, MAX_GAIN, round_table
from pipeline.generation.seeded import drawn

Cell: TypeAlias = tuple[str, str, str]
"""Keys of a persona, an arc and a topic."""
Shares: TypeAlias = tuple[tuple[str, Fraction], ...]
_KEPT = 16  # plans whose quotas are remembered: each look at a batch lays its plan out again
_TIE = 2**8  # what a draw may count between cells that are otherwise worth the same


@dataclass(frozen=True, slots=True)
class Axes:
    """What is combined: keys, the weight of each, and whether a cell may be."""

    personas: Mapping[str, Fraction]
    arcs: Mapping[str, Fraction]
    topics: Mapping[str, Fraction]
    allows: Callable[[str, str, str], bool]

    def suiting(self) -> dict[Pair, tuple[str, ...]]:
        """The personas of each pair that may be, in their order."""
        found = {
            (arc, topic): tuple(persona for persona in self.personas if self.allows(persona, arc, topic))
            for arc in self.arcs
            for topic in self.topics
        }
        return {pair: personas for pair, personas in found.items() if personas}


def quotas(axes: Axes, items: int, seed: int) -> dict[Cell, int]:
    """How many each cell that may be has, in all `items`; none at all where no cell may be.

    Each arc, topic and pair of them is within one of its share. Where every persona suits, so are each persona and each
    persona's arcs, and without weights each cell; and no pair is empty once there are as many items as pairs.
    """
    suiting = axes.suiting()
    if not suiting:
        return {}
    shares = (tuple(axis.items()) for axis in (axes.personas, axes.arcs, axes.topics))
    return dict(_quotas(*shares, tuple(suiting.items()), items, seed))


@lru_cache(maxsize=_KEPT)
def _quotas(
    personas: Shares,
    arcs: Shares,
    topics: Shares,
    suits: tuple[tuple[Pair, tuple[str, ...]], ...],
    items: int,
    seed: int,
) -> dict[Cell, int]:
    suiting = dict(suits)
    axes = Axes(dict(personas), dict(arcs), dict(topics), lambda persona, *pair: persona in suiting.get(pair, ()))
    weights = {(arc, topic): axes.arcs[arc] * axes.topics[topic] for arc, topic in suiting}
    shares = persona_shares(suiting, weights, axes.personas)
    counts = _pair_counts(axes, weights, items, seed)
    of_pairs = {
        pair: [counts[pair] * shares.get(pair, {}).get(persona, Fraction()) for persona in axes.personas]
        for pair in product(axes.arcs, axes.topics)
    }
    return {
        (persona, *pair): count
        for pair, of_personas in _cell_counts(axes, of_pairs, seed).items()
        for persona, count in zip(axes.personas, of_personas, strict=True)
        if persona in suiting.get(pair, ())
    }


def _pair_counts(axes: Axes, weights: Mapping[Pair, Fraction], items: int, seed: int) -> dict[Pair, int]:
    """Items of each pair of arc and topic, also of those that may not be."""
    total = sum(weights.values(), Fraction())
    shares = [[items * weights.get((arc, topic), Fraction()) / total for topic in axes.topics] for arc in axes.arcs]
    counts = round_table(shares, _ties(shares, (seed, "pairs"))).ravel().tolist()
    return dict(zip(product(axes.arcs, axes.topics), counts, strict=True))


def _cell_counts(axes: Axes, of_pairs: Mapping[Pair, list[Fraction]], seed: int) -> dict[Pair, list[int]]:
    """Items of each persona in each pair, from their shares. Topics, too, are shared out evenly among personas."""
    of_arcs = [
        [sum(column, Fraction()) for column in zip(*(of_pairs[arc, topic] for topic in axes.topics), strict=True)]
        for arc in axes.arcs
    ]
    wanted = round_table(of_arcs, _ties(of_arcs, (seed, "personas")))
    loads = np.zeros((len(axes.topics), len(axes.personas)), dtype=np.int64)
    found: dict[Pair, list[int]] = {}
    for arc, of_arc in zip(axes.arcs, wanted, strict=True):
        shares = [of_pairs[arc, topic] for topic in axes.topics]
        counts = _counts_of_arc(shares, loads, of_arc, (seed, arc))
        loads += counts
        found |= {(arc, topic): row for topic, row in zip(axes.topics, counts.tolist(), strict=True)}
    return found


def _counts_of_arc(
    shares: Sequence[Sequence[Fraction]], loads: Integers, wanted: Integers, of: tuple[int, str]
) -> Integers:
    """Items of an arc, topics × personas. loads: what they have of other arcs. wanted: of each persona in the arc."""
    floors = [int(sum(column, Fraction())) for column in zip(*shares, strict=True)]
    costs = np.minimum((loads - loads.min()) * _TIE, MAX_CELL_COST - _TIE) + _ties(shares, of)
    return round_table(shares, costs, column_gains=(wanted - floors) * MAX_GAIN)


def _ties(shares: Sequence[Sequence[Fraction]], of: tuple[int, str]) -> Integers:
    """What decides between cells that are worth the same."""
    return np.array([[drawn(*of, r, c) % _TIE for c in range(len(row))] for r, row in enumerate(shares)])
