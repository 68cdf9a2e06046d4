"""What somebody wants made, and which scaffolds that leaves to combine."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.catalogues.nearest import did_you_mean
from pipeline.errors import UsageError
from pipeline.generation.cell_quotas import Axes
from pipeline.generation.model import Key, Scaffold, Scaffolds, Tier

MAX_ITEMS = 100_000
Axis = Literal["persona", "arc", "topic"]
Weight = Annotated[float, Field(gt=0, le=1_000_000)]

S = TypeVar("S", bound=Scaffold)


class Forbidden(BaseModel):
    """What is not to be combined: every cell that has all of the keys that are given, two or three."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    persona: Key | None = None
    arc: Key | None = None
    topic: Key | None = None

    @model_validator(mode="after")
    def _names_a_combination(self) -> Self:
        if (self.persona, self.arc, self.topic).count(None) > 1:
            raise ValueError("expected two or three of persona, arc, topic; leave out what is not to be made at all")
        return self

    def holds(self, persona: str, arc: str, topic: str) -> bool:
        """Whether it forbids a cell."""
        return self.persona in (None, persona) and self.arc in (None, arc) and self.topic in (None, topic)


class PlanWish(BaseModel):
    """What somebody wants made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: int = Field(ge=1, le=MAX_ITEMS)
    seed: int = Field(default=0, ge=0, lt=2**53)  # every reader of JSON keeps these exact
    personas: tuple[Key, ...] = ()
    """Only these; empty for all that are active."""
    arcs: tuple[Key, ...] = ()
    """Only these; empty for all that are active."""
    topics: tuple[Key, ...] = ()
    """Only these; empty for all that are active."""
    tiers: tuple[Tier, ...] = ()
    """Only these; empty for all that are active."""
    weights: dict[Axis, dict[Key, Weight]] = Field(default_factory=dict)
    """How much of the items a key gets, by axis; 1 for the others."""
    forbidden: tuple[Forbidden, ...] = ()
    """Beside what a persona's arcs say."""


def axes_of(wish: PlanWish, scaffolds: Scaffolds) -> Axes:
    """What there is to combine, by key.

    Raises:
        UsageError: a key is not known or not active, or has a weight and is not among those to combine.
    """
    personas = _chosen("persona", wish.personas, scaffolds.personas)
    chosen = _chosen("arc", wish.arcs, scaffolds.arcs)
    arcs = {key: arc for key, arc in chosen.items() if not wish.tiers or arc.tier in wish.tiers}
    topics = _chosen("topic", wish.topics, scaffolds.topics)
    for each in wish.forbidden:
        _chosen("persona", filter(None, [each.persona]), scaffolds.personas)
        _chosen("arc", filter(None, [each.arc]), scaffolds.arcs)
        _chosen("topic", filter(None, [each.topic]), scaffolds.topics)

    def allows(persona: str, arc: str, topic: str) -> bool:
        suits = not personas[persona].arcs or arc in personas[persona].arcs
        return suits and not any(each.holds(persona, arc, topic) for each in wish.forbidden)

    return Axes(
        _weighed("persona", personas, wish), _weighed("arc", arcs, wish), _weighed("topic", topics, wish), allows
    )


def _chosen(axis: Axis, wanted: Iterable[str], known: Mapping[str, S]) -> dict[str, S]:
    """Those wanted, or all that are active, by key in its order, so that files in another order plan the same."""
    active = {key: known[key] for key in sorted(known) if known[key].is_active}
    keys = list(wanted)
    for key in keys:
        if key not in known:
            raise UsageError(f"{axis}: expected the key of one, found {key!r}{did_you_mean(key, active)}")
        if key not in active:
            raise UsageError(f"{axis}: expected an active one, found {key!r}, which is not drawn any more")
    return {key: active[key] for key in sorted(set(keys))} if keys else active


def _weighed(axis: Axis, keys: Iterable[str], wish: PlanWish) -> dict[str, Fraction]:
    weights = wish.weights.get(axis, {})
    for key in weights:
        if key not in keys:
            raise UsageError(
                f"weight of {axis}: expected one that is to be made, found {key!r}{did_you_mean(key, keys)}"
            )
    return {key: Fraction(weights.get(key, 1)) for key in keys}
