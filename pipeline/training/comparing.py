"""Ranks the ways to train one model on one dataset: every GPU, method and preset, by cost or by time.

Presets make different trainings, so an option is best among those of its own preset: nothing there is both cheaper and
quicker; and the order is by what a pass over the rows costs or takes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from typing import Literal

from pipeline.trainers.registry import are_hosted
from pipeline.trainers.workload import Method
from pipeline.training.considering import Catalogues, Considered, NotPossible, consider
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.setup import Setup

METHODS: tuple[Method, ...] = ("lora", "qlora")
Order = Literal["cost", "time"]


@dataclass(frozen=True, slots=True)
class Option:
    """A way to train."""

    considered: Considered
    is_best: bool
    """No option of the same preset is at least as cheap and as quick, and one of them more."""

    @property
    def cost_usd(self) -> float:
        """Expected; infinite where no price is known."""
        cost = self.considered.estimate.cost_usd
        return cost.expected if cost else inf

    @property
    def passes(self) -> int:
        """Over the rows, which presets differ in."""
        return self.considered.job.optimisation.epochs

    @property
    def hours(self) -> float:
        """Expected; infinite where a provider trains."""
        hours = self.considered.estimate.hours
        return hours.expected if hours else inf


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ways to train, and what was not possible."""

    options: tuple[Option, ...]
    """In the order asked for."""
    not_possible: tuple[NotPossible, ...]
    """With reasons, by GPU."""


def compare(
    facts: DatasetFacts, wanted: Setup, gpus: Iterable[str], presets: Iterable[str], catalogues: Catalogues, by: Order
) -> Comparison:
    """Consider every combination. wanted: model, trainers, GPU count and settings that all of them share.

    Raises:
        UsageError: a name or a setting is not known, or out of its range.
    """
    methods = (wanted.method,) if wanted.method else METHODS
    if are_hosted(wanted.targets):  # the provider's GPUs and LoRA are the same whatever is named here
        gpus, methods = (wanted.gpu,), (wanted.method or "lora",)
    setups = [
        replace(wanted, gpu=gpu, preset=preset, method=method)
        for gpu, method, preset in product(gpus, methods, presets)
    ]
    outcomes = [consider(facts, setup, catalogues) for setup in setups]
    found = [Option(each, is_best=False) for each in outcomes if isinstance(each, Considered)]
    marked = [replace(option, is_best=_is_best(option, found)) for option in found]
    return Comparison(
        tuple(sorted(marked, key=lambda option: _rank(option, by))),
        tuple(each for each in outcomes if isinstance(each, NotPossible)),
    )


def _is_best(option: Option, others: Sequence[Option]) -> bool:
    preset = option.considered.setup.preset
    return not any(
        other.cost_usd <= option.cost_usd
        and other.hours <= option.hours
        and (other.cost_usd, other.hours) != (option.cost_usd, option.hours)
        for other in others
        if other.considered.setup.preset == preset
    )


def _rank(option: Option, by: Order) -> tuple[float, float, str]:
    """A pass counts, not the whole: a preset that makes fewer is no bargain."""
    cost, hours = option.cost_usd / option.passes, option.hours / option.passes
    figures = (cost, hours) if by == "cost" else (hours, cost)
    return (*figures, str(option.considered.setup))
