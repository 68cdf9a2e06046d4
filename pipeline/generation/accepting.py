"""Stage 5: which conversations of a batch are accepted, which are not and why, and what is to be drawn once more.

Each is first judged by itself: findings, score, arc, and what a person said. Then what is too much beside the others is
rejected (`thinning.py`). Of several the best stays: accepted before, approved by a person, well by itself, with the
higher score, with fewer findings, earlier in the plan.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.dataset.profiles.splits import SplitRules
from pipeline.generation.cells import Cell, Refill, refills
from pipeline.generation.endings import LEAST_SCORES, Ending, Side, tier_of
from pipeline.generation.judging import score_of
from pipeline.generation.likeness import Likeness
from pipeline.generation.made_findings import MadeFinding, state_by, worst_of
from pipeline.generation.model import Judgement, MadeConversation, PlannedItem
from pipeline.generation.thinning import Thinning
from pipeline.generation.variety import MOST_SHARE, Variety, measure_variety


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that was made of an item."""

    item: PlannedItem
    conversation: MadeConversation
    findings: tuple[MadeFinding, ...] = ()
    judgement: Judgement | None = None
    """None where it was not judged."""
    verdict: Literal["approve", "reject"] | None = None
    """Of who read it."""
    is_settled: bool = False
    """Whether it was accepted by a selection before, of fewer conversations; it stays so, whatever came since."""


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """What is asked of conversations, and how they are split."""

    unjudged: Literal["needs_review", "accepted"] = "needs_review"
    """What becomes of one without a score; accepted, it has no tier."""
    arc_missed: Literal["needs_review", "accepted"] = "needs_review"
    """Of one whose arc was not reached, as its judge says."""
    most_share: float = MOST_SHARE
    """Of conversations that may have one opening or closing line."""
    seed: int = 0
    """Of the split."""
    split: SplitRules = field(default_factory=SplitRules)


@dataclass(frozen=True, slots=True)
class Selection:
    """A conversation that waits for a person fills its cell: it may well be accepted."""

    endings: dict[int, Ending]
    """By the item's number."""
    variety: Variety
    """Of what is accepted."""
    refills: tuple[Refill, ...]
    """Cells below quota, in the quotas' order."""


def select(
    candidates: Sequence[Candidate], quotas: Mapping[Cell, int] | None = None, rules: SelectionRules | None = None
) -> Selection:
    """Decide on all conversations of a batch at once; the same ones give the same selection.

    candidates: screened, one an item, in the plan's order, which is that of the file. quotas: how many each cell is to
    have; None for as many as there are.
    """
    rules = rules or SelectionRules()
    endings = [_by_itself(candidate, rules) for candidate in candidates]
    _thin_out(candidates, endings, quotas, rules.most_share)
    accepted = _accepted(endings)
    for place, side in _sides(candidates, accepted, rules).items():
        endings[place] = replace(endings[place], side=side)
    variety = measure_variety([candidates[place].conversation for place in accepted])
    by_number = {each.item.number: ending for each, ending in zip(candidates, endings, strict=True)}
    is_there = [ending.state in ("accepted", "needs_review") for ending in endings]
    lacking = refills([(each.item, each.conversation) for each in candidates], is_there, quotas or {})
    return Selection(by_number, variety, lacking)


def _by_itself(candidate: Candidate, rules: SelectionRules) -> Ending:
    """What a conversation is without a look at the others."""
    worst = worst_of(candidate.findings)
    state = state_by(candidate.findings)
    if state == "failed" and worst:
        return Ending("failed", "finding", f"{worst.code}: {worst.sentence}")
    if candidate.verdict == "reject":
        return Ending("rejected", "person", "a person who read it rejected it")
    score = score_of(candidate.judgement)
    tier = None if score is None else tier_of(score)
    if candidate.verdict == "approve" or candidate.is_settled:
        return Ending("accepted", tier=tier or (None if score is None else "experimental"))
    if score is not None and tier is None:
        return Ending(
            "rejected", "low-score", f"expected a score of {min(LEAST_SCORES.values())} or more, found {score}"
        )
    if state == "needs_review" and worst:
        return Ending("needs_review", "finding", f"{worst.code}: {worst.sentence}")
    if candidate.judgement and candidate.judgement.is_arc_reached is False and rules.arc_missed == "needs_review":
        return Ending("needs_review", "arc-missed", "the judge says that it does not end as its arc does")
    if score is None and rules.unjudged == "needs_review":
        return Ending("needs_review", "unjudged", _why_unjudged(candidate.judgement))
    return Ending("accepted", tier=tier)


def _why_unjudged(judgement: Judgement | None) -> str:
    if judgement is None:
        return "it was not judged"
    return "; ".join(f"no score for {name}: {why}" for name, why in judgement.missing.items())


def _thin_out(
    candidates: Sequence[Candidate], endings: list[Ending], quotas: Mapping[Cell, int] | None, most_share: float
) -> None:
    """Reject what is too much beside the others."""
    made = {
        place: (candidates[place].item, candidates[place].conversation)
        for place, ending in enumerate(endings)
        if ending.state in ("accepted", "needs_review")
    }
    settled = {place for place in made if candidates[place].is_settled}
    likeness = Likeness(conversation for _, conversation in made.values())
    thinning = Thinning(made, likeness, _ranking(candidates, endings), quotas, settled)
    gone = thinning.repeats(list(made))
    while gone or (gone := thinning.too_many(_accepted(endings), most_share)):
        for place, ending in gone.items():
            endings[place] = ending
        gone = {}


def _accepted(endings: Sequence[Ending]) -> list[int]:
    return [place for place, ending in enumerate(endings) if ending.state == "accepted"]


def _ranking(candidates: Sequence[Candidate], endings: Sequence[Ending]) -> Callable[[int], tuple[object, ...]]:
    """The best first; what has no score comes after all that have one."""
    ranks = []
    for place, (candidate, ending) in enumerate(zip(candidates, endings, strict=True)):
        score = score_of(candidate.judgement)
        by_score = (1, 0.0) if score is None else (0, -score)
        is_worse = (not candidate.is_settled, candidate.verdict != "approve", ending.state != "accepted")
        ranks.append((*is_worse, *by_score, len(candidate.findings), place))
    return ranks.__getitem__


def _sides(candidates: Sequence[Candidate], accepted: Sequence[int], rules: SelectionRules) -> dict[int, Side]:
    """The side of each accepted conversation: those of the smallest digests are for validation.

    More conversations of a batch change no digest, so only as many change their side as the share moves by.
    """

    def digest(place: int) -> bytes:
        return hashlib.sha256(f"{rules.seed}\0{candidates[place].item.number}".encode()).digest()

    ranked = sorted(accepted, key=digest)
    count = rules.split.target(len(accepted))
    return {place: "validation" if number < count else "train" for number, place in enumerate(ranked)}
