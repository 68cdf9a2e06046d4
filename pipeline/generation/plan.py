"""A plan: which conversations are to be made, from which scaffolds, and what these leave open. Same wish, same plan.

How many of each is in `cell_quotas.py`. What a plan becomes when it is kept, paid for and made good is elsewhere:
`state/catalog` and `flow`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import msgspec

from pipeline.errors import UsageError
from pipeline.generation.cell_quotas import Cell, quotas
from pipeline.generation.model import EmotionalArc, PlannedItem, PromptTemplate, Scaffolds
from pipeline.generation.seeded import combination, drawn
from pipeline.generation.wish import PlanWish, axes_of

# Ways to begin, for a persona that has none of its own.
_OPENINGS = (
    "asks in one short sentence, without a greeting",
    "greets, then tells what happened before asking anything",
    "asks for something small that is not yet what weighs on them",
    "starts in the middle, as if the other knew the story",
    "begins with a figure that they cannot make sense of",
    "says first what they have tried, and that it did not work",
)
_SEEDS = 2**31  # every provider that takes a seed takes these


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made."""

    wish: PlanWish
    quotas: Mapping[Cell, int]
    """Items of each cell that may be, also where that is 0."""
    items: tuple[PlannedItem, ...]
    """By number, from 1 on."""

    def matrix(self) -> dict[str, dict[str, int]]:
        """Items by arc and persona, each arc with all personas."""
        personas = sorted({persona for persona, _, _ in self.quotas})
        counts: dict[str, dict[str, int]] = {}
        for (persona, arc, _), count in self.quotas.items():
            counts.setdefault(arc, dict.fromkeys(personas, 0))[persona] += count
        return counts

    def fingerprint(self) -> str:
        """SHA-256 of the items: plans that have the same one ask for the same."""
        return hashlib.sha256(msgspec.json.encode([asdict(item) for item in self.items])).hexdigest()


def make_plan(wish: PlanWish, scaffolds: Scaffolds) -> Plan:
    """Lay out what is wished for, in an order in which every beginning is a sample of the whole.

    Raises:
        UsageError: a key is not known or not active, nothing is left to combine, or an arc has no active template or no
            even number of turns.
    """
    counts = quotas(axes_of(wish, scaffolds), wish.items, wish.seed)
    if not counts:
        raise UsageError(
            "expected a persona, an arc and a topic that go together, found none: choose more of them, or forbid less"
        )
    every = [(drawn(wish.seed, "order", *cell, each), cell) for cell, count in counts.items() for each in range(count)]
    draws = _Draws(wish.seed, counts, scaffolds)
    placed = _placed(cell for _, cell in sorted(every))
    items = (draws.item(number, cell, place, 0) for number, (cell, place) in enumerate(placed, start=1))
    return Plan(wish, counts, tuple(items))


def refill(plan: Plan, scaffolds: Scaffolds, numbers: Iterable[int], draw: int) -> tuple[PlannedItem, ...]:
    """The same items by number, with what is left open drawn anew. draw: from 1 on, another one for each time.

    What an item gets does not depend on which others are missing.

    Raises:
        UsageError: the plan has no such number, or an arc has no active template any more.
    """
    missing = sorted(set(numbers))
    if wrong := [number for number in missing if not 1 <= number <= len(plan.items)]:
        raise UsageError(f"items: expected numbers from 1 to {len(plan.items):,}, found {wrong[0]:,}")
    placed = list(_placed((item.persona, item.arc, item.topic) for item in plan.items))
    draws = _Draws(plan.wish.seed, plan.quotas, scaffolds)
    return tuple(draws.item(number, *placed[number - 1], draw) for number in missing)


def turn_counts(arc: EmotionalArc) -> range:
    """How many turns a conversation may have: even numbers, for the user begins and the assistant ends."""
    return range(arc.turns_min + arc.turns_min % 2, arc.turns_max + 1, 2)


def templates_for(arc: EmotionalArc, scaffolds: Scaffolds) -> tuple[PromptTemplate, ...]:
    """The active templates of an arc, by key; those for any of its tier where it has none of its own."""
    active = [scaffolds.templates[key] for key in sorted(scaffolds.templates) if scaffolds.templates[key].is_active]
    own = tuple(each for each in active if each.arc == arc.key)
    return own or tuple(each for each in active if each.arc is None and each.tier == arc.tier)


def _placed(cells: Iterable[Cell]) -> Iterator[tuple[Cell, int]]:
    """Each with its place among those of the same cell, from 0 on."""
    seen: Counter[Cell] = Counter()
    for cell in cells:
        yield cell, seen[cell]
        seen[cell] += 1


@dataclass(frozen=True, slots=True)
class _Draws:
    """Draws what scaffolds leave open."""

    seed: int
    counts: Mapping[Cell, int]
    """Items of each cell, in one draw of all."""
    scaffolds: Scaffolds

    def item(self, number: int, cell: Cell, place: int, draw: int) -> PlannedItem:
        """The item of that number, which is at that place of its cell."""
        persona, arc = self.scaffolds.personas[cell[0]], self.scaffolds.arcs[cell[1]]
        templates, turns = templates_for(arc, self.scaffolds), turn_counts(arc)
        if not templates or not turns:
            raise UsageError(
                f"arc {arc.key}: expected an active template and an even number of turns, found none; "
                "`lora-pipeline scaffolds check` says more"
            )
        openings, situations = persona.openings or _OPENINGS, persona.situations or ("",)
        # Two items of a cell, and two draws of an item, share no combination before all had their turn.
        places = combination(place + draw * self.counts[cell], (len(turns), len(openings), len(situations)))
        turns_at, opening_at, situation_at = (at + drawn(self.seed, axis, *cell) for axis, at in enumerate(places))
        seed = drawn(self.seed, number, draw) % _SEEDS
        return PlannedItem(
            number=number,
            persona=persona.key,
            arc=arc.key,
            topic=cell[2],
            template=templates[drawn(seed, "template") % len(templates)].key,
            tier=arc.tier,
            seed=seed,
            turns=turns[turns_at % len(turns)],
            opening=openings[opening_at % len(openings)],
            situation=situations[situation_at % len(situations)],
        )
