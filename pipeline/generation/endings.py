"""How an item of a plan ends: one of four states, with the reason. Their sum is the number of items, always."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.generation.model import Failed, PlannedItem
from pipeline.state.catalog.statuses import ENDED_ITEMS, EndedItem, QualityTier

Side: TypeAlias = Literal["train", "validation"]
# Least scores, from 1 to 5, as the replaced system had them; what is below all of them is rejected.
LEAST_SCORES: Mapping[QualityTier, float] = {"seed": 4.5, "production": 3.5, "experimental": 2.5}
Reason: TypeAlias = Literal[
    "finding",
    "low-score",
    "unjudged",
    "arc-missed",
    "duplicate",
    "near-duplicate",
    "common-opening",
    "common-closing",
    "cell-full",
    "person",
    "no-conversation",
    "no-answer",
]

_SHOWN_NUMBERS = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """How one item ends."""

    state: EndedItem
    code: Reason | None = None
    """Why it is not accepted; None of an accepted one."""
    reason: str | None = None
    """Why it is not accepted; None of an accepted one."""
    tier: QualityTier | None = None
    """None of an accepted one that has no score."""
    side: Side | None = None
    """Of the split, of accepted ones."""


def tier_of(score: float) -> QualityTier | None:
    """The tier of a score; None below all of them."""
    return next((tier for tier, least in LEAST_SCORES.items() if score >= least), None)


def final_states(
    items: Sequence[PlannedItem], failed: Mapping[int, Failed], decided: Mapping[int, Ending]
) -> dict[int, Ending]:
    """The end of each item, by its number: accepted + rejected + failed + needs_review = items.

    failed: why the last draw of an item came to nothing; decided: what the selection made of conversations. A later
    draw that was decided counts, whatever failed before it; an item of which nothing is known got no answer.

    Raises:
        ValueError: a number is of no item, or of two.
    """
    numbers = [item.number for item in items]
    strange = (failed.keys() | decided.keys()) - set(numbers)
    twice = {number for number, times in Counter(numbers).items() if times > 1}
    if strange or twice:
        found = ", ".join(map(str, sorted(strange | twice)[:_SHOWN_NUMBERS]))
        raise ValueError(f"expected numbers of items, each of one, found {found}")
    return {number: decided.get(number) or _unmade(failed.get(number)) for number in numbers}


def count_states(endings: Iterable[Ending]) -> dict[EndedItem, int]:
    """How many items end in each state, also in those that none does."""
    counts = dict.fromkeys(ENDED_ITEMS, 0)
    for ending in endings:
        counts[ending.state] += 1
    return counts


def _unmade(failed: Failed | None) -> Ending:
    if failed is None:
        return Ending("failed", "no-answer", "no answer came")
    return Ending("failed", "no-conversation", failed.detail)
