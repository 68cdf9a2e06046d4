"""The page that plans a training: what can be chosen, what the choice takes, what every other GPU would take.

The fields are made in `train_choices.py` and `train_settings.py`, the words of a plan in `train_plan.py`; here they
become one page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import quote, urlencode

from pipeline.service.pages.train_choices import METHODS, Choices
from pipeline.service.pages.train_plan import FITS, Plan, plan_of
from pipeline.service.pages.train_settings import SettingField
from pipeline.trainers.workload import Method
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.jobs.job_refusals import Change
from pipeline.training.setup import Setup
from pipeline.wording import sentence

Outcome = Considered | NotPossible
_VERDICTS = {"does-not-fit": "Does not fit", "no-such-price": "No such price"}


@dataclass(frozen=True, slots=True)
class GpuRow:
    """A GPU with what the same training takes on it."""

    name: str
    memory: str
    tone: str
    verdict: str
    hours: str
    cost: str
    url: str
    """The same choice with this GPU."""
    is_chosen: bool
    is_cheapest: bool


@dataclass(frozen=True, slots=True)
class Way:
    """What would do instead."""

    label: str
    url: str
    """The same choice with it."""


@dataclass(frozen=True, slots=True)
class TrainPage:
    """Everything on the page."""

    dataset_id: str
    dataset_name: str
    choices: Choices
    fields: tuple[SettingField, ...]
    asked: tuple[tuple[str, str], ...]
    """All that is chosen."""
    plan: Plan | None
    """One of them is there."""
    obstacle: str
    """One of them is there."""
    ways: tuple[Way, ...]
    """Around it."""
    gpus: tuple[GpuRow, ...]
    said: str

    @property
    def set_count(self) -> int:
        """How many values are set by hand."""
        return sum(bool(field.value) for field in self.fields)


def train_page(
    dataset_id: str,
    dataset_name: str,
    setup: Setup,
    choices: Choices,
    fields: tuple[SettingField, ...],
    outcome: Outcome,
    others: Sequence[Outcome],
) -> TrainPage:
    """The page. fields: for what may be set by hand; outcome: of the choice; others: the same on every GPU."""
    plan = plan_of(outcome) if isinstance(outcome, Considered) else None
    obstacle = "" if isinstance(outcome, Considered) else sentence(outcome.reason)
    ways = () if isinstance(outcome, Considered) else _ways(dataset_id, setup, outcome)
    takes = ", ".join(filter(None, (plan.memory, plan.hours, plan.cost))) if plan else ""
    said = f"{plan.verdict}: {takes}" if plan else obstacle
    rows = _gpu_rows(dataset_id, setup, others)
    return TrainPage(dataset_id, dataset_name, choices, fields, asked(setup), plan, obstacle, ways, rows, said)


def setup_url(dataset_id: str, setup: Setup) -> str:
    """The address of the page with a choice."""
    return f"/datasets/{quote(dataset_id)}/train?{urlencode(asked(setup), errors='replace')}"


def asked(setup: Setup) -> tuple[tuple[str, str], ...]:
    """A choice as the page's form sends it; what is left to its rule is not in it."""
    price = {"provider": setup.provider or "", "price_kind": "spot" if setup.price_kind == "spot" else ""}
    chosen = {
        "model": setup.model,
        "preset": setup.preset,
        "method": setup.method or "",
        "gpu": setup.gpu,
        "gpu_count": str(setup.gpu_count),
        "trainer": ",".join(setup.targets),
    }
    return (*chosen.items(), *((name, value) for name, value in (price | dict(setup.overrides)).items() if value))


def _ways(dataset_id: str, setup: Setup, outcome: NotPossible) -> tuple[Way, ...]:
    if outcome.kind == "no-such-price":
        lowest = replace(setup, provider=None, price_kind="on-demand")
        return (Way("The lowest price on demand", setup_url(dataset_id, lowest)),)
    return tuple(_way(dataset_id, setup, change) for change in outcome.would_fit)


def _way(dataset_id: str, setup: Setup, change: Change) -> Way:
    note = f" ({change.note})" if change.note else ""
    if change.key == "gpu":
        return Way(f"{change.value}{note}", setup_url(dataset_id, replace(setup, gpu=change.value)))
    if change.key == "method":
        method = next(each for each in get_args(Method) if each == change.value)
        return Way(f"{METHODS[method]}{note}", setup_url(dataset_id, replace(setup, method=method)))
    shorter = replace(setup, overrides={**setup.overrides, "max_length": change.value})
    return Way(f"Rows of at most {int(change.value):,} tokens{note}", setup_url(dataset_id, shorter))


def _gpu_rows(dataset_id: str, setup: Setup, others: Sequence[Outcome]) -> tuple[GpuRow, ...]:
    costs = [
        each.estimate.cost_usd.expected for each in others if isinstance(each, Considered) and each.estimate.cost_usd
    ]
    cheapest = min(costs, default=None)
    if costs.count(cheapest or 0) > 1:
        cheapest = None
    return tuple(_gpu_row(dataset_id, setup, each, cheapest) for each in others)


def _gpu_row(dataset_id: str, setup: Setup, outcome: Outcome, cheapest: float | None) -> GpuRow:
    gpu = outcome.setup.gpu
    url, is_chosen = setup_url(dataset_id, replace(setup, gpu=gpu)), gpu == setup.gpu
    if isinstance(outcome, NotPossible):
        verdict = _VERDICTS.get(outcome.kind, "Not possible")
        return GpuRow(gpu, "", "bad", verdict, "", "", url, is_chosen, is_cheapest=False)
    plan, estimate = plan_of(outcome), outcome.estimate
    cost, memory = estimate.cost_usd, estimate.peak_memory_gb
    return GpuRow(
        name=gpu,
        memory=f"{memory.expected:.1f} of {outcome.gpu.memory_gb:.0f}" if memory else "",
        tone=plan.tone,
        verdict=FITS[estimate.fits][1] if estimate.fits else "",
        hours=plan.hours,
        cost=plan.cost,
        url=url,
        is_chosen=is_chosen,
        is_cheapest=cost is not None and cost.expected == cheapest,
    )
