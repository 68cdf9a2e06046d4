"""What the steps of making conversations work with, and a batch with all that its requests are built of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pipeline.clock import utc_now
from pipeline.errors import UsageError
from pipeline.flow.generation.scaffold_sets import scaffolds_at
from pipeline.generation.model import PlannedItem, Scaffolds
from pipeline.generation.plan import Plan, make_plan, refill
from pipeline.generation.wish import PlanWish
from pipeline.llm.account_limits import Limiters
from pipeline.llm.asking import Backend
from pipeline.llm.backends import place_of
from pipeline.llm.call_prices import InferencePrice, price_of
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, Item
from pipeline.state.catalog.statuses import Purpose
from pipeline.state.lake import Lake


@dataclass(frozen=True, slots=True)
class Making:
    """What making conversations needs: places, providers, a clock."""

    catalog: Catalog
    """Where all is kept."""
    lake: Lake
    """Where all is kept."""
    prices: tuple[InferencePrice, ...]
    backend_of: Callable[[str], Backend]
    """Whoever a batch's provider names."""
    limiters: Limiters
    """Of this process."""
    now: Callable[[], datetime] = utc_now
    """The time; tests have a clock of their own."""
    month_budget_usd: float = 0.0
    """What an owner may spend in one; 0 for no limit."""
    backends: dict[str, Backend] = field(default_factory=dict)
    """Those that were made, by provider."""

    def backend(self, provider: str) -> Backend:
        """Who is asked; always the same one, with its connections."""
        if provider not in self.backends:
            self.backends[provider] = self.backend_of(provider)
        return self.backends[provider]

    def close(self) -> None:
        """Close the connections to providers."""
        for backend in self.backends.values():
            backend.close()
        self.backends.clear()


class BatchWork:
    """One batch while a step works on it: its scaffolds as they were planned, and its items as they are drawn now."""

    def __init__(self, making: Making, batch: Batch) -> None:
        self.making = making
        self.batch = batch

    @cached_property
    def backend(self) -> Backend:
        """Who is asked."""
        return self.making.backend(self.batch.provider)

    @cached_property
    def scaffolds(self) -> Scaffolds:
        """In the versions of the plan."""
        return scaffolds_at(self.making.catalog, self.batch.scaffold_versions)

    @cached_property
    def plan(self) -> Plan:
        """The plan anew: the same wish and scaffolds give the same."""
        return make_plan(PlanWish.model_validate(self.batch.plan["wish"]), self.scaffolds)

    @property
    def language(self) -> str | None:
        """That answers are to be in; None for the one that most have."""
        return self.batch.plan.get("language")

    def price(self, purpose: Purpose) -> InferencePrice:
        """What its model costs.

        Raises:
            UsageError: nobody is asked for this, or nothing is known of what it costs.
        """
        model = self.batch.model_for(purpose)
        if model is None:
            raise UsageError(f"expected a model to {purpose}, found none in {self.batch.id}")
        return price_of(self.making.prices, place_of(self.batch.provider).provider, model)

    def planned(self, items: Sequence[Item]) -> dict[str, PlannedItem]:
        """What is to be made of each item, by its id, in the draw that it has."""
        found = {item.id: planned_item(item) for item in items if not item.draw}
        by_draw: dict[int, dict[int, list[str]]] = {}
        for item in items:
            if item.draw:
                number = item.refill_of or item.number
                by_draw.setdefault(item.draw, {}).setdefault(number, []).append(item.id)
        for draw, ids in by_draw.items():
            for again in refill(self.plan, self.scaffolds, ids, draw):
                found |= dict.fromkeys(ids[again.number], again)
        return found


def planned_item(item: Item) -> PlannedItem:
    """The first draw of an item, as its row has it."""
    return PlannedItem(
        number=item.number,
        persona=item.persona,
        arc=item.arc,
        topic=item.topic,
        template=item.template,
        tier=item.tier,  # type: ignore[arg-type]  # a plan wrote it
        seed=item.seed,
        turns=item.turns,
        opening=item.opening,
        situation=item.situation,
    )
