"""The page that plans a training: what can be chosen, what the choice takes, what every other GPU would take.

A plan comes from `pipeline/training/considering.py`; here it becomes words and lengths of bars.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import quote, urlencode

from pipeline.card.sentences import number
from pipeline.service.pages.words import sentence, span
from pipeline.training.catalogues.gpus import Gpu
from pipeline.training.catalogues.models import BaseModelSpec
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.estimates.result import Fits, Range
from pipeline.training.jobs.job import TrainingJob
from pipeline.training.jobs.refusals import Change
from pipeline.training.presets import Preset
from pipeline.training.setup import Setup
from pipeline.training.workload import Method

Outcome = Considered | NotPossible
METHODS = {"": "Auto", "lora": "LoRA", "qlora": "QLoRA", "full": "Full"}
TRAINERS = {
    "trl": "TRL",
    "axolotl": "Axolotl",
    "llama-factory": "LLaMA-Factory",
    "unsloth": "Unsloth",
    "openai": "OpenAI (hosted)",
    "together": "Together (hosted)",
}
_FITS: dict[Fits, tuple[str, str]] = {
    "yes": ("good", "Fits"),
    "tight": ("warning", "Tight"),
    "no": ("bad", "Does not fit"),
}
MOST_GPUS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a field."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The fields of the form."""

    models: tuple[Choice, ...]
    presets: tuple[Choice, ...]
    methods: tuple[Choice, ...]
    gpus: tuple[Choice, ...]
    gpu_counts: tuple[Choice, ...]
    trainers: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """Memory of one GPU as a bar; lengths in percent of the wider of what there is and what it may take."""

    low: float
    expected: float
    high: float
    capacity: float


@dataclass(frozen=True, slots=True)
class Reason:
    """A value of the plan, and why it is what it is."""

    setting: str
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training takes, in words. hours, cost: empty where they are not known; cost_note then says why."""

    tone: str
    verdict: str
    memory: str
    memory_range: str
    meter: Meter
    hours: str
    hours_range: str
    cost: str
    cost_range: str
    cost_note: str
    facts: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]
    basis: tuple[str, ...]


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
    said = f"{plan.verdict}: {plan.memory}, {plan.hours}, {plan.cost}" if plan else obstacle
    rows = _gpu_rows(dataset_id, setup, others)
    return TrainPage(dataset_id, dataset_name, choices, plan, obstacle, ways, rows, said)


def choices_of(
    setup: Setup,
    models: Mapping[str, BaseModelSpec],
    gpus: Mapping[str, Gpu],
    presets: Iterable[Preset],
    trainers: Iterable[str],
) -> Choices:
    """The fields with what is chosen; the smallest GPU first."""
    sizes = {name: f"{name} · {number(round(model.parameters / 1e9, 1))}B" for name, model in sorted(models.items())}
    memories = {
        gpu.name: f"{gpu.name} · {gpu.memory_gb:.0f} GB"
        for gpu in sorted(gpus.values(), key=lambda gpu: (gpu.memory_gb, gpu.name))
    }
    counts = {str(count): f"{count} GPU{'s' if count > 1 else ''}" for count in (1, 2, 4, MOST_GPUS)}
    chosen_trainer = setup.targets[0] if setup.targets else ""
    return Choices(
        models=_field(sizes, setup.model),
        presets=_field({preset.name: preset.name.capitalize() for preset in presets}, setup.preset),
        methods=_field(METHODS, setup.method or ""),
        gpus=_field(memories, setup.gpu),
        gpu_counts=_field(counts, str(setup.gpu_count)),
        trainers=_field({name: TRAINERS.get(name, name) for name in trainers}, chosen_trainer),
    )


def plan_of(considered: Considered) -> Plan:
    """A plan that can be made, in words."""
    estimate, job, price = considered.estimate, considered.job, considered.price
    tone, verdict = _FITS[estimate.fits]
    memory, capacity = estimate.peak_memory_gb, considered.gpu.memory_gb
    if estimate.cost_usd and price:
        kind = "on demand" if price.kind == "on-demand" else "spot"
        rate = f"{price.per_gpu_hour:,.2f} {price.currency} for a GPU hour"
        note = f"{price.provider}, {kind}: {rate}, as of {price.as_of.day} {price.as_of:%b %Y}"
    else:
        note = (
            "The provider bills tokens."
            if estimate.hours is None
            else f"No price of a {considered.gpu.name} is listed."
        )
    return Plan(
        tone=tone,
        verdict=f"{verdict} on {_gpus(job)}",
        memory=f"{memory.expected:.1f} GB",
        memory_range=f"{memory.low:.1f} to {memory.high:.1f} of {capacity:.1f} GB on each GPU",
        meter=_meter(memory, capacity),
        hours=span(estimate.hours.expected) if estimate.hours else "",
        hours_range=_between(estimate.hours, span),
        cost=usd(estimate.cost_usd.expected) if estimate.cost_usd else "",
        cost_range=_between(estimate.cost_usd, usd),
        cost_note=note,
        facts=_facts(job),
        reasons=reasons_of(job),
        warnings=tuple(sentence(warning) for warning in job.warnings),
        basis=tuple(sentence(each) for each in estimate.basis),
    )


def reasons_of(job: TrainingJob) -> tuple[Reason, ...]:
    """Every value of a job with its reason."""
    return tuple(Reason(each.setting, each.value, each.because) for each in job.explanations)


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


def usd(amount: float) -> str:
    """An amount of US dollars."""
    return f"${amount:,.2f}" if amount >= 0.005 else "under 1 cent"


def _field(labels: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, value == chosen) for value, label in labels.items())


def _between(found: Range | None, shown: Callable[[float], str]) -> str:
    """The bounds, where they say more than the expected value."""
    low, high = (shown(found.low), shown(found.high)) if found else ("", "")
    return f"{low} to {high}" if low != high else ""


def _meter(memory: Range, capacity: float) -> Meter:
    whole = max(memory.high, capacity) / 100
    return Meter(*(round(value / whole, 2) for value in (memory.low, memory.expected, memory.high, capacity)))


def _way(dataset_id: str, setup: Setup, change: Change) -> Way:
    note = f" ({change.note})" if change.note else ""
    if change.key == "gpu":
        return Way(f"{change.value}{note}", setup_url(dataset_id, replace(setup, gpu=change.value)))
    if change.key == "method":
        method = next(each for each in get_args(Method) if each == change.value)
        return Way(f"{METHODS[method]}{note}", setup_url(dataset_id, replace(setup, method=method)))
    return Way(f"Rows of at most {int(change.value):,} tokens{note}, by max_length over the API or a command", "")


def _gpus(job: TrainingJob) -> str:
    hardware = job.hardware
    return f"{hardware.gpu_count} × {hardware.gpu}" if hardware.gpu_count > 1 else hardware.gpu


def _facts(job: TrainingJob) -> tuple[Reason, ...]:
    """What decides most, in short."""
    learning = job.optimisation
    return (
        Reason("Method", METHODS[job.method], f"rank {job.adapter.rank}" if job.adapter else "all weights"),
        Reason("Rows", f"{job.data.train_rows:,}", f"{job.data.validation_rows:,} for validation"),
        Reason("Length", f"{job.max_length:,} tokens", f"{job.data.rows_truncated:,} rows cut"),
        Reason("Passes", f"{learning.epochs}", f"{learning.steps:,} steps"),
        Reason("Learning rate", f"{learning.learning_rate:g}", learning.schedule),
    )


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
        return GpuRow(gpu, "", "bad", "Does not fit", "", "", url, is_chosen, is_cheapest=False)
    plan = plan_of(outcome)
    cost = outcome.estimate.cost_usd
    return GpuRow(
        name=gpu,
        memory=f"{outcome.estimate.peak_memory_gb.expected:.1f} of {outcome.gpu.memory_gb:.0f}",
        tone=plan.tone,
        verdict=_FITS[outcome.estimate.fits][1],
        hours=plan.hours,
        cost=plan.cost,
        url=url,
        is_chosen=is_chosen,
        is_cheapest=cost is not None and cost.expected == cheapest,
    )
