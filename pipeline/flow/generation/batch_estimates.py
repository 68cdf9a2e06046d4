"""What a batch takes: tokens and money of each purpose, by its prices, as a plan or after what it did take so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.dataset.tokens import Tokenizer
from pipeline.flow.generation.making import BatchWork, Making, planned_item
from pipeline.flow.generation.planning import Laid
from pipeline.generation import estimating
from pipeline.generation.estimating import PlanEstimate
from pipeline.generation.model import PlannedItem, Scaffolds
from pipeline.llm.asking import Usage
from pipeline.llm.backends import place_of
from pipeline.llm.call_prices import InferencePrice, cost_nano_usd, price_of
from pipeline.state.catalog.generation_records import Batch
from pipeline.state.catalog.statuses import PURPOSES, Purpose


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who is asked for what, as far as it costs."""

    provider: str
    models: Mapping[Purpose, str | None]
    """By purpose; None for nobody."""
    is_batched: bool

    def prices(self, making: Making) -> dict[Purpose, InferencePrice]:
        """What each model that is asked costs."""
        provider = place_of(self.provider).provider
        return {purpose: price_of(making.prices, provider, model) for purpose, model in self.models.items() if model}


def estimate_plan(making: Making, laid: Laid, tokenizer: Tokenizer) -> PlanEstimate:
    """What a plan would take.

    Raises:
        UsageError: nothing is known of what a model costs.
    """
    asking = _Asking(laid.wish.provider, laid.wish.models, laid.is_batched)
    return _estimate(making, asking, laid.plan.items, laid.scaffolds, {}, tokenizer)


def estimate_batch(making: Making, batch: Batch, tokenizer: Tokenizer) -> PlanEstimate:
    """What a batch takes in all; what it took so far is in it, and tells more the more is finished.

    Raises:
        UsageError: nothing is known of what a model costs.
    """
    items = [planned_item(item) for item in making.catalog.items_of(batch.id) if item.refill_of is None]
    asking = _Asking(batch.provider, {purpose: batch.model_for(purpose) for purpose in PURPOSES}, batch.is_batched)
    observed = {purpose: _observed(making, batch, purpose) for purpose in PURPOSES}
    return _estimate(making, asking, items, BatchWork(making, batch).scaffolds, observed, tokenizer)


def _estimate(
    making: Making,
    asking: _Asking,
    items: Sequence[PlannedItem],
    scaffolds: Scaffolds,
    observed: Mapping[Purpose, Mapping[int, Usage]],
    tokenizer: Tokenizer,
) -> PlanEstimate:
    costs = {
        purpose: partial(_cost, price=price, is_batch=asking.is_batched)
        for purpose, price in asking.prices(making).items()
    }
    return estimating.estimate_plan(items, scaffolds, costs, observed, tokenizer)


def _cost(usage: Usage, price: InferencePrice, *, is_batch: bool) -> int:
    return cost_nano_usd(usage, price, is_batch=is_batch)


def _observed(making: Making, batch: Batch, purpose: Purpose) -> dict[int, Usage]:
    return {number: Usage(*tokens) for number, tokens in making.catalog.tokens_by_item(batch.id, purpose).items()}
