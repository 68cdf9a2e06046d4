"""The page that plans a training: what can be chosen, what the choice takes, what every other GPU would take.

The fields are made in `train_choices.py`, the words of a plan in `train_plan.py`; here both become one page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import quote, urlencode

from pipeline.service.pages.train_choices import METHODS, Choices
from pipeline.service.pages.train_plan import FITS, Plan, plan_of
from pipeline.trainers.workload import Method
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.jobs.job_refusals import Change
from pipeline.training.setup import Setup
from pipeline.wording import sentence

Outcome = Considered | NotPossible


@dataclass(frozen=True, slots=True)
class GpuRow:
    """A GPU with what the same training takes on it. url: the same choice with this GPU."""

    name: str
    memory: str
    tone: str
    verdict: str
    hours: str
    cost: str
    url: str
    is_chosen: bool
    is_cheapest: bool


@dataclass(frozen=True, slots=True)
class Way:
    """What would fit instead. url: the same choice with it; empty where the page has no field for it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class TrainPage:
    """Everything on the page. plan, obstacle: one of them is there. ways: around the obstacle."""

    dataset_id: str
    dataset_name: str
    choices: Choices
    plan: Plan | None
    obstacle: str
    ways: tuple[Way, ...]
    gpus: tuple[GpuRow, ...]
    said: str


def train_page(
    dataset_id: str, dataset_name: str, setup: Setup, choices: Choices, outcome: Outcome, others: Sequence[Outcome]
) -> TrainPage:
    """The page. outcome: of the choice; others: the same training on every GPU."""
    plan = plan_of(outcome) if isinstance(outcome, Considered) else None
    obstacle = "" if isinstance(outcome, Considered) else sentence(outcome.reason)
    changes = () if isinstance(outcome, Considered) else outcome.would_fit
    ways = tuple(_way(dataset_id, setup, change) for change in changes)
    takes = ", ".join(filter(None, (plan.memory, plan.hours, plan.cost))) if plan else ""
    said = f"{plan.verdict}: {takes}" if plan else obstacle
    rows = _gpu_rows(dataset_id, setup, others)
    return TrainPage(dataset_id, dataset_name, choices, plan, obstacle, ways, rows, said)


def setup_url(dataset_id: str, setup: Setup) -> str:
    """The address of the page with a choice."""
    asked = {
        "model": setup.model,
        "preset": setup.preset,
        "method": setup.method or "",
        "gpu": setup.gpu,
        "gpu_count": setup.gpu_count,
        "trainer": ",".join(setup.targets),
    }
    return f"/datasets/{quote(dataset_id)}/train?{urlencode(asked, errors='replace')}"


def _way(dataset_id: str, setup: Setup, change: Change) -> Way:
    note = f" ({change.note})" if change.note else ""
    if change.key == "gpu":
        return Way(f"{change.value}{note}", setup_url(dataset_id, replace(setup, gpu=change.value)))
    if change.key == "method":
        method = next(each for each in get_args(Method) if each == change.value)
        return Way(f"{METHODS[method]}{note}", setup_url(dataset_id, replace(setup, method=method)))
    return Way(f"Rows of at most {int(change.value):,} tokens{note}, by max_length over the API or a command", "")


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
        verdict = "Does not fit" if outcome.kind == "does-not-fit" else "Not possible"
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
