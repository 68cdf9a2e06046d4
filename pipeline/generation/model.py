"""Scaffolds, the items of a plan, and a conversation that was made of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from pipeline.state.catalog.statuses import FailureType, ScaffoldKind

Tier = Literal["template", "scenario", "edge_case"]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class Scaffold(BaseModel):
    """What every scaffold has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    name: str = Field(min_length=1)
    is_active: bool = True
    """Whether new plans draw it."""


class Feeling(BaseModel):
    """An emotion and how strong it may be, from 0 to 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    emotion: str = Field(min_length=1)
    least: float = Field(ge=0, le=1)
    most: float = Field(ge=0, le=1)


class Persona(Scaffold):
    """Who asks."""

    description: str
    background: str
    traits: tuple[str, ...]
    style: str
    questions: tuple[str, ...] = ()
    arcs: tuple[Key, ...] = ()
    """Keys of the arcs that suit; empty for all."""
    situations: tuple[str, ...] = ()
    """What may just have happened in their life."""
    openings: tuple[str, ...] = ()
    """Ways in which they begin to write. A plan gives each conversation one of both, so that two of the same scaffolds
    differ."""


class EmotionalArc(Scaffold):
    """How the feelings of the one who asks go from the first turn to the last, and what the answers do for it."""

    tier: Tier
    start: Feeling
    middle: Feeling
    end: Feeling
    phases: tuple[str, ...]
    strategy: str
    techniques: tuple[str, ...]
    avoid: tuple[str, ...]
    turns_min: int = Field(ge=2, le=40)
    turns_max: int = Field(ge=2, le=40)


class TrainingTopic(Scaffold):
    """What is talked about."""

    description: str
    complexity: Literal["simple", "moderate", "complex"]
    questions: tuple[str, ...] = ()


class PromptTemplate(Scaffold):
    """What the writing model is told."""

    tier: Tier
    arc: Key | None = None
    """The key of the arc that it is for; None for any of its tier."""
    system: str
    prompt: str
    trained_system: str = ""
    """The system prompt that its conversations are trained with; empty for one that the model writes."""


@dataclass(frozen=True, slots=True)
class Scaffolds:
    """All scaffolds that a plan may draw, by key."""

    personas: Mapping[str, Persona]
    arcs: Mapping[str, EmotionalArc]
    topics: Mapping[str, TrainingTopic]
    templates: Mapping[str, PromptTemplate]
    versions: Mapping[tuple[ScaffoldKind, str], int] = field(default_factory=dict)
    """Of each, by kind and key; 1 where nothing was edited."""


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """A conversation that is to be made: number from 1 on, keys of its scaffolds, and what they leave open."""

    number: int
    persona: str
    arc: str
    topic: str
    template: str
    tier: Tier
    seed: int
    """Of its draws; another draw of the same item has another one."""
    turns: int
    """How many, user and assistant in turn."""
    opening: str
    situation: str


class MadeTurn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A turn that a model wrote. What was not annotated is None, and `missing` says why; intensity from 0 to 1."""

    role: Literal["user", "assistant"]
    content: str
    emotion: str | None = None
    secondary_emotion: str | None = None
    intensity: float | None = None
    valence: float | None = None
    """From -1 to 1."""
    strategy: str | None = None
    phase: str | None = None
    missing: str | None = None


class MadeConversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation that a model wrote, whole by schema."""

    title: str
    system: str
    """The system prompt that it is trained with."""
    turns: tuple[MadeTurn, ...]
    session_context: str = ""
    expected_outcome: str = ""


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a judge said: scores from 1 to 5 by name of the criterion, None where it was not judged."""

    scores: dict[str, int | None]
    evidence: dict[str, str]
    """A quote for each."""
    reason: str
    """Said before the scores."""
    is_arc_reached: bool | None
    model: str
    version: str
    missing: dict[str, str] = msgspec.field(default_factory=dict)
    """By criterion, why its score is None."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why no conversation came of an answer."""

    kind: FailureType
    detail: str
    """In words, with what was expected and found."""
