"""Whether a job can be made of a dataset, and what it would take: the plan, the estimate and the price, or why not.

Nothing is written here: `flow/job_making.py` does that, and `comparing.py` considers many jobs to rank them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from pipeline.catalogues.by_name import find_gpu, find_model, find_price, no_such_price
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import load_gpus, load_prices, load_token_prices
from pipeline.catalogues.token_prices import TokenPrice
from pipeline.settings import Settings
from pipeline.state.catalog.job_records import NewCost
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import HOSTED, are_hosted
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.result import Estimate
from pipeline.training.hosted_estimate import HostedEstimate, estimate_hosted
from pipeline.training.job_estimate import estimate_job
from pipeline.training.jobs.choosing import plan_job
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.job_refusals import Change, DoesNotFit, TargetRefuses
from pipeline.training.own_runs import OwnRun
from pipeline.training.presets import Preset, find_preset
from pipeline.training.setup import Setup

Obstacle = Literal["does-not-fit", "target-refuses", "nothing-to-train-on", "no-such-price", "wrong-setting"]


@dataclass(frozen=True, slots=True)
class Catalogues:
    """What an installation knows of models, GPUs, prices and presets; its own files come before ours."""

    models_file: Path
    gpus_file: Path
    presets_file: Path
    prices: tuple[Price, ...]
    today: date
    token_prices: tuple[TokenPrice, ...] = ()
    own_runs: tuple[OwnRun, ...] = ()
    """Trainings of who asks, as they were measured."""

    @classmethod
    def of_settings(cls, settings: Settings, today: date) -> "Catalogues":
        """Read them once; today: by which prices are old.

        Raises:
            UsageError: a file of the installation cannot be used.
        """
        return cls(
            settings.models_file,
            settings.gpus_file,
            settings.presets_file,
            load_prices(settings.prices_file),
            today,
            load_token_prices(settings.token_prices_file),
        )

    def named(self, setup: Setup) -> "Named":
        """What the names of a set-up stand for.

        Raises:
            UsageError: a model, GPU or preset is not known; names the nearest.
        """
        model, gpu = find_model(setup.model, self.models_file), find_gpu(setup.gpu, self.gpus_file)
        price = find_price(self.prices, gpu, setup.price_kind, setup.provider)
        return Named(model, gpu, find_preset(setup.preset, self.presets_file), price)

    def larger_gpus(self, gpu: Gpu) -> list[Gpu]:
        """GPUs of the same maker with more memory, to name when one is too small."""
        known = load_gpus(self.gpus_file).values()
        return [other for other in known if other.maker == gpu.maker and other.memory_gb > gpu.memory_gb]


@dataclass(frozen=True, slots=True)
class Named:
    """The entries of the catalogues that a set-up names."""

    model: BaseModelSpec
    gpu: Gpu
    preset: Preset
    price: Price | None
    """The lowest of what is asked for; None: none listed."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A job that can be made, and what it would take."""

    setup: Setup
    job: TrainingJob
    gpu: Gpu
    estimate: Estimate | HostedEstimate
    price: Price | None
    """Of its GPU; a provider's is in the estimate."""

    @property
    def is_hosted(self) -> bool:
        """Whether a provider trains, so that the GPU is of no matter."""
        return isinstance(self.estimate, HostedEstimate)

    def cost(self) -> NewCost:
        """The estimate as the catalog keeps it."""
        if isinstance(self.estimate, HostedEstimate):
            return _hosted_cost(self.estimate)
        hours, cost, memory = self.estimate.hours, self.estimate.cost_usd, self.estimate.peak_memory_gb
        price = self.price
        return NewCost(
            kind="estimate",
            cost_usd=cost.expected if cost else None,
            cost_usd_low=cost.low if cost else None,
            cost_usd_high=cost.high if cost else None,
            hours=hours.expected if hours else None,
            hours_low=hours.low if hours else None,
            hours_high=hours.high if hours else None,
            peak_memory_gb=memory.expected,
            peak_memory_gb_low=memory.low,
            peak_memory_gb_high=memory.high,
            fits=self.estimate.fits,
            price_per_gpu_hour=price.per_gpu_hour if price else None,
            price_currency=price.currency if price else None,
            price_kind=price.kind if price else None,
            provider=price.provider if price else None,
            price_as_of=price.as_of if price else None,
            source=price.source if price else f"no price of a {self.gpu.name} is listed",
            basis=self.estimate.basis,
        )


def _hosted_cost(found: HostedEstimate) -> NewCost:
    cost, price = found.cost_usd, found.price
    return NewCost(
        kind="estimate",
        cost_usd=cost.expected if cost else None,
        cost_usd_low=cost.low if cost else None,
        cost_usd_high=cost.high if cost else None,
        hours=None,
        provider=found.provider,
        price_currency="USD" if price else None,
        price_as_of=price.as_of if price else None,
        source=f"{price.usd_per_million:g} USD for a million tokens, {price.source}" if price else found.unpriced,
        basis=found.basis,
    )


@dataclass(frozen=True, slots=True)
class NotPossible:
    """A job that cannot be made of this dataset, and why: a fact about the data, not a mistake."""

    setup: Setup
    kind: Obstacle
    reason: str
    would_fit: tuple[Change, ...] = ()
    """What could be chosen otherwise, where it is too large."""

    def explained(self, phrase: Callable[[Change], str] = lambda change: change.in_words) -> str:
        """The reason, and what would fit; phrase: how whoever reads it makes such a change."""
        return (
            f"{self.reason}; what would fit: {'; '.join(map(phrase, self.would_fit))}"
            if self.would_fit
            else self.reason
        )

    def as_dict(self) -> dict[str, object]:
        """As the catalog keeps it."""
        return {"kind": self.kind, "setup": str(self.setup), "reason": self.explained()}


def consider(facts: DatasetFacts, setup: Setup, catalogues: Catalogues) -> Considered | NotPossible:
    """Plan a job and estimate it, or say why there can be none.

    Raises:
        UsageError: a name or a setting is not known, or out of its range.
    """
    named = catalogues.named(setup)
    if facts.train_rows < 1:
        return NotPossible(setup, "nothing-to-train-on", f"{facts.name} has no rows to train on")
    is_price_chosen = setup.provider is not None or setup.price_kind == "spot"
    if is_price_chosen and named.price is None and not are_hosted(setup.targets):
        return NotPossible(setup, "no-such-price", no_such_price(catalogues.prices, named.gpu))
    try:
        planned = plan_job(
            facts,
            named.model,
            named.gpu,
            setup.gpu_count,
            named.preset,
            setup.method,
            setup.targets,
            setup.overrides,
            estimate=estimate,
            other_gpus=catalogues.larger_gpus(named.gpu),
        )
    except TargetRefuses as refusal:
        return NotPossible(setup, "target-refuses", str(refusal))
    if isinstance(planned, DoesNotFit):
        return NotPossible(setup, "does-not-fit", f"{named.model.name} {planned.message}", planned.would_fit)
    if are_hosted(planned.targets):
        hosted = estimate_hosted(planned, facts, named.model, catalogues.token_prices, catalogues.today)
        return Considered(setup, planned, named.gpu, hosted, price=None)
    found = estimate_job(planned, facts, named.model, named.gpu, named.price, catalogues.today, catalogues.own_runs)
    if own := [target for target in planned.targets if target in HOSTED]:
        hosted = estimate_hosted(
            planned.model_copy(update={"targets": tuple(own)}),
            facts,
            named.model,
            catalogues.token_prices,
            catalogues.today,
        )
        cost = f"{hosted.cost_usd.expected:g} USD" if hosted.cost_usd else "a price that is not known"
        told = f"trained by {hosted.provider} instead it is {cost}: {'; '.join(hosted.basis)}"
        found = replace(found, rests_on=replace(found.rests_on, more=(*found.rests_on.more, told)))
    return Considered(setup, planned, named.gpu, found, named.price)
