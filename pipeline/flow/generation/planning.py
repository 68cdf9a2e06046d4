"""From a wish to a batch that a person may start: planned, estimated, kept with the versions of its scaffolds."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.errors import Conflicting, UsageError
from pipeline.flow.budgets import month_of
from pipeline.flow.generation.making import Making
from pipeline.flow.generation.scaffold_sets import scaffolds_for
from pipeline.generation.judging import check_judge
from pipeline.generation.model import Scaffolds
from pipeline.generation.plan import Plan, make_plan
from pipeline.generation.wish import PlanWish
from pipeline.llm.backends import place_of
from pipeline.llm.call_prices import price_of
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.generation_records import Batch, NewBatch, NewItem
from pipeline.state.catalog.statuses import PURPOSES, Purpose
from pipeline.wording import nano_usd, usd

_SMALLER = "give it a smaller budget, or have LORA_BUDGET_PER_MONTH_USD raised"


@dataclass(frozen=True, slots=True)
class BatchWish:
    """What a person asks for."""

    plan: PlanWish
    provider: str
    """Who writes."""
    model: str
    """Who writes."""
    name: str = ""
    annotating_model: str | None = None
    judging_model: str | None = None
    """None for nobody."""
    is_batched: bool | None = None
    """None for the provider's batches where it has some."""
    budget_nano_usd: int = 0
    """That it may cost in all."""
    language: str | None = None
    """That answers are to be in, by its ISO 639-1 code; None for the one that most have."""

    @property
    def models(self) -> dict[Purpose, str | None]:
        """Who is asked for what; None for nobody."""
        return {"generate": self.model, "annotate": self.annotating_model, "judge": self.judging_model}


@dataclass(frozen=True, slots=True)
class Laid:
    """A plan that is not kept yet, with its scaffolds in their versions."""

    wish: BatchWish
    plan: Plan
    scaffolds: Scaffolds
    versions: Mapping[str, int]
    is_batched: bool


def lay_out(making: Making, user_id: str, wish: BatchWish) -> Laid:
    """Plan what is wished for; nothing is kept and nothing is paid.

    Raises:
        UsageError: there can be no such plan, a model has no price, or would judge itself.
    """
    place = place_of(wish.provider)
    for model in filter(None, wish.models.values()):
        price_of(making.prices, place.provider, model)
    if wish.judging_model is not None:
        check_judge(wish.judging_model, wish.model)
    is_batched = place.has_batches if wish.is_batched is None else wish.is_batched
    if is_batched and not place.has_batches:
        raise UsageError(f"expected a provider that takes batches, found {wish.provider}: ask it one by one")
    scaffolds, versions = scaffolds_for(making.catalog, user_id)
    return Laid(wish, make_plan(wish.plan, scaffolds), scaffolds, versions, is_batched)


def keep(making: Making, user_id: str, laid: Laid, now: datetime) -> Batch:
    """Make a batch of a plan; it is started by a person."""
    wish = laid.wish
    plan: dict[str, Any] = {
        "wish": wish.plan.model_dump(mode="json"),
        "fingerprint": laid.plan.fingerprint(),
        "language": wish.language,
    }
    items = [
        NewItem(
            number=each.number,
            persona=each.persona,
            arc=each.arc,
            topic=each.topic,
            template=each.template,
            tier=each.tier,
            seed=each.seed,
            turns=each.turns,
            opening=each.opening,
            situation=each.situation,
        )
        for each in laid.plan.items
    ]
    batch_id = f"b{uuid.uuid4().hex[:12]}"
    new = NewBatch(
        batch_id=batch_id,
        user_id=user_id,
        name=wish.name or f"{len(items):,} conversations",
        plan=plan,
        scaffold_versions=dict(laid.versions),
        provider=wish.provider,
        model=wish.model,
        annotating_model=wish.annotating_model,
        judging_model=wish.judging_model,
        is_batched=laid.is_batched,
        budget_nano_usd=wish.budget_nano_usd,
        items=items,
    )
    return making.catalog.create_batch(new, now)


def start(making: Making, batch_id: str, user_id: str | None, budget_nano_usd: int | None, now: datetime) -> Batch:
    """Start a batch, or let it go on; the sensor has it worked on. budget_nano_usd: another one; None for that it has.

    Raises:
        BatchNotFound: there is no such batch of this user.
        Conflicting: it has ended, or its owner's budget of the month does not bear it.
        UsageError: it costs money, and no budget bounds it.
    """
    batch = making.catalog.get_batch(batch_id, user_id)
    budget = batch.budget_nano_usd if budget_nano_usd is None else budget_nano_usd
    if budget <= 0 and is_paid(making, batch.provider, map(batch.model_for, PURPOSES)):
        raise UsageError("expected a budget for what is paid, found none: give one in US dollars")
    _check_month(making, batch, budget, now)
    started = making.catalog.move_batch(batch_id, "running", now, None, user_id, budget_nano_usd)
    _insist_on_month(making, batch, now)
    return started


def _check_month(making: Making, batch: Batch, budget_nano_usd: int, now: datetime) -> None:
    """Insist that the rest of a batch's budget is within its owner's of the month.

    Raises:
        Conflicting: it is not.
    """
    if not making.month_budget_usd:
        return
    so_far = making.catalog.spending_of(batch.id)
    kept = so_far.spent_nano_usd + so_far.reserved_nano_usd
    counted = max(batch.budget_nano_usd, kept) if batch.status == "running" else kept
    more = max(0, budget_nano_usd - counted)
    committed = making.catalog.committed_nano_usd(batch.user_id, month_of(now))
    if committed + more > making.month_budget_usd * NANO:
        raise Conflicting(
            f"expected at most {usd(making.month_budget_usd)} a month, found {nano_usd(committed)} spent or under way, "
            f"and {nano_usd(more)} that this batch may cost: {_SMALLER}"
        )


def _insist_on_month(making: Making, before: Batch, now: datetime) -> None:
    """Leave a batch as it was where others started at the same moment: each alone was within the month's budget.

    Raises:
        Conflicting: together they are not.
    """
    month = making.month_budget_usd
    if not month or making.catalog.committed_nano_usd(before.user_id, month_of(now)) <= month * NANO:
        return
    reason = f"others were started at the same moment, and {usd(month)} a month do not bear all of them: {_SMALLER}"
    if before.status == "running":  # it was under way, and asked for more
        making.catalog.move_batch(before.id, "running", now, None, before.user_id, before.budget_nano_usd)
    else:
        making.catalog.move_batch(before.id, "paused", now, reason, before.user_id)
    raise Conflicting(f"{before.id} is not started: {reason}")


def is_paid(making: Making, provider: str, models: Iterable[str | None]) -> bool:
    """Whether asking these models costs money; None for nobody.

    Raises:
        UsageError: nothing is known of what one costs.
    """
    place = place_of(provider)
    prices = [price_of(making.prices, place.provider, model) for model in models if model is not None]
    return any(price.input_usd or price.output_usd for price in prices)
