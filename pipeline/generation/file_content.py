"""What a training file is made of: conversations as they were chosen, in order, with all that is known of each.

Frozen: who builds the same content again gets the same bytes, in whichever order a catalog gives back what has none.
Which conversations are chosen is asked of the catalog.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.generation.endings import Side
from pipeline.generation.judging import score_of
from pipeline.generation.model import (
    EmotionalArc,
    Judgement,
    MadeConversation,
    Persona,
    PlannedItem,
    Scaffolds,
    TrainingTopic,
)
from pipeline.generation.rubric import CRITERIA
from pipeline.state.catalog.statuses import QualityTier, ScaffoldKind

_DIGITS = 3  # of means


@dataclass(frozen=True, slots=True)
class Origin:
    """The scaffolds that a conversation was made of, as they were then."""

    persona: Persona
    arc: EmotionalArc
    topic: TrainingTopic
    template: str
    versions: Mapping[ScaffoldKind, int]
    """Of each, by kind."""

    @property
    def keys(self) -> dict[ScaffoldKind, str]:
        """The key of each, by kind."""
        return {
            "persona": self.persona.key,
            "emotional_arc": self.arc.key,
            "training_topic": self.topic.key,
            "prompt_template": self.template,
        }

    def in_order(self) -> dict[str, int | None]:
        """The version of each, in the order of the keys; None of one that is not told."""
        return {kind: self.versions.get(kind) for kind in self.keys}


@dataclass(frozen=True, slots=True)
class FileConversation:
    """A conversation of a file, in one of its versions."""

    conversation_id: str
    version: int
    conversation: MadeConversation
    origin: Origin
    judgement: Judgement | None = None
    """Of this version; None where it was not judged."""
    quality_tier: QualityTier | None = None
    side: Side | None = None
    is_reviewed: bool = False
    """Whether a person read it."""
    reviewer_notes: str | None = None
    """What they wrote."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A training file."""

    name: str
    version: int
    """Which build of it, from 1 on."""
    conversations: Sequence[FileConversation]
    consultant_profile: Mapping[str, Any] = field(default_factory=dict)
    """Who answers, as far as it is told."""


def origin_of(item: PlannedItem, scaffolds: Scaffolds) -> Origin:
    """What an item was made of. scaffolds: of the versions that its plan was made with.

    Raises:
        KeyError: a scaffold of the item is not among them.
    """
    keys: dict[ScaffoldKind, str] = {
        "persona": item.persona,
        "emotional_arc": item.arc,
        "training_topic": item.topic,
        "prompt_template": item.template,
    }
    versions = {kind: scaffolds.versions.get((kind, key), 1) for kind, key in keys.items()}
    found = scaffolds.personas[item.persona], scaffolds.arcs[item.arc], scaffolds.topics[item.topic]
    return Origin(*found, item.template, versions)


def judged_in_order(judgement: Judgement | None) -> dict[str, Any] | None:
    """A judgement with its criteria in the order of the rubric."""
    if judgement is None:
        return None
    told = {
        name: {each: values[each] for each in CRITERIA if each in values}
        for name, values in (
            ("scores", judgement.scores),
            ("evidence", judgement.evidence),
            ("missing", judgement.missing),
        )
    }
    rest = {"reason": judgement.reason, "is_arc_reached": judgement.is_arc_reached}
    return {**rest, **told, "model": judgement.model, "version": judgement.version}


def quality_summary(conversations: Iterable[FileConversation]) -> dict[str, Any]:
    """Scores over those that have one; how many have none; tiers, and how many a person read."""
    listed = list(conversations)
    scores = [score for each in listed if (score := score_of(each.judgement)) is not None]
    judged = [each.judgement.scores for each in listed if each.judgement]
    of_criteria = {name: [score for each in judged if (score := each.get(name)) is not None] for name in CRITERIA}
    return {
        "judged_conversations": len(scores),
        "unjudged_conversations": len(listed) - len(scores),
        "average_quality_score": _mean(scores),
        "average_by_criterion": {name: _mean(given) for name, given in of_criteria.items()},
        "quality_tiers": _counted(each.quality_tier or "none" for each in listed),
        "human_reviewed_conversations": sum(each.is_reviewed for each in listed),
    }


def scaffolding_distribution(conversations: Iterable[FileConversation]) -> dict[str, dict[str, int]]:
    """How many conversations each scaffold has, by key."""
    origins = [each.origin for each in conversations]
    return {
        "personas": _counted(each.persona.key for each in origins),
        "emotional_arcs": _counted(each.arc.key for each in origins),
        "training_topics": _counted(each.topic.key for each in origins),
        "tiers": _counted(each.arc.tier for each in origins),
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), _DIGITS) if values else None
