"""What personas have of each pair of arc and topic: those that suit it, so that all are as even as their arcs allow.

A persona that suits fewer arcs is drawn more often where it does. How often counts up to twice as much, so that an arc
never belongs to one persona alone which others suit as well.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from math import sqrt
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]
"""Keys of an arc and a topic."""
Shares: TypeAlias = Mapping[str, Fraction]
"""By persona, none of those that do not suit; their sum is 1."""

_MAX_RAISE = sqrt(2)  # up and down, so that two personas differ by a factor of 2 at most
_ROUNDS = 100  # each comes nearer by a good part
_EXACT = 10**6  # factors are rounded to so many parts: where every persona suits, they are 1


def persona_shares(
    suiting: Mapping[Pair, tuple[str, ...]], pairs: Mapping[Pair, Fraction], weights: Mapping[str, Fraction]
) -> dict[Pair, Shares]:
    """By pair. suiting: who suits it, at least one. pairs, weights: how much each pair and each persona is to have."""
    groups: dict[tuple[str, ...], float] = defaultdict(float)
    for pair, personas in suiting.items():
        groups[personas] += float(pairs[pair])
    factors = _factors(groups, {persona: float(weight) for persona, weight in weights.items()})
    raised = {persona: weight * factors[persona] for persona, weight in weights.items()}
    shares = {personas: _of_one(raised, personas) for personas in groups}
    return {pair: shares[personas] for pair, personas in suiting.items()}


def _factors(groups: Mapping[tuple[str, ...], float], weights: Mapping[str, float]) -> dict[str, Fraction]:
    """What weights are multiplied by so that each persona has its share. groups: what pairs have, by who suits."""
    factors = dict.fromkeys(weights, 1.0)
    whole, heavy = sum(groups.values()), sum(weights.values())
    for _ in range(_ROUNDS):
        has = dict.fromkeys(weights, 0.0)
        for personas, size in groups.items():
            total = sum(weights[persona] * factors[persona] for persona in personas)
            for persona in personas:
                has[persona] += size * weights[persona] * factors[persona] / total
        for persona, found in has.items():
            wanted = whole * weights[persona] / heavy
            factor = factors[persona] * wanted / found if found else 1.0
            factors[persona] = min(_MAX_RAISE, max(1 / _MAX_RAISE, factor))
    return {persona: Fraction(round(factor * _EXACT), _EXACT) for persona, factor in factors.items()}


def _of_one(weights: Mapping[str, Fraction], personas: tuple[str, ...]) -> Shares:
    total = sum((weights[persona] for persona in personas), Fraction())
    return {persona: weights[persona] / total for persona in personas}
