"""What a training takes, in words and lengths of bars. It is computed in `pipeline/training/considering.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.service.pages.train_choices import METHODS
from pipeline.trainers.job import TrainingJob
from pipeline.training.considering import Considered
from pipeline.training.estimates.result import Fits, Range
from pipeline.training.hosted_estimate import HostedEstimate
from pipeline.wording import day, sentence, span, times, usd

FITS: dict[Fits, tuple[str, str]] = {
    "yes": ("good", "Fits"),
    "tight": ("warning", "Tight"),
    "no": ("bad", "Does not fit"),
}


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
    """What a training takes, in words."""

    tone: str
    verdict: str
    memory: str
    memory_range: str
    meter: Meter | None
    """None where a provider trains on machines of its own; memory and hours are empty then."""
    hours: str
    """Empty where they are not known; cost_note then says why."""
    hours_range: str
    cost: str
    """Empty where they are not known; cost_note then says why."""
    cost_range: str
    cost_note: str
    facts: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]
    basis: tuple[str, ...]


def plan_of(considered: Considered) -> Plan:
    """A plan that can be made, in words."""
    estimate, job = considered.estimate, considered.job
    if isinstance(estimate, HostedEstimate):
        tone, verdict, memory, memory_range, meter = "good", f"{estimate.provider} trains it", "", "", None
    else:
        peak, capacity = estimate.peak_memory_gb, considered.gpu.memory_gb
        tone, fits = FITS[estimate.fits]
        verdict, memory = f"{fits} on {_gpus(job)}", f"{peak.expected:.1f} GB"
        memory_range = f"{peak.low:.1f} to {peak.high:.1f} of {capacity:.1f} GB on each GPU"
        meter = _meter(peak, capacity)
    return Plan(
        tone=tone,
        verdict=verdict,
        memory=memory,
        memory_range=memory_range,
        meter=meter,
        hours=span(estimate.hours.expected) if estimate.hours else "",
        hours_range=_between(estimate.hours, span),
        cost=usd(estimate.cost_usd.expected) if estimate.cost_usd else "",
        cost_range=_between(estimate.cost_usd, usd),
        cost_note=_cost_note(considered),
        facts=_facts(job),
        reasons=reasons_of(job),
        warnings=tuple(sentence(warning) for warning in job.warnings),
        basis=tuple(sentence(each) for each in estimate.basis),
    )


def reasons_of(job: TrainingJob) -> tuple[Reason, ...]:
    """Every value of a job with its reason."""
    return tuple(Reason(each.setting, each.value, each.because) for each in job.explanations)


def _cost_note(considered: Considered) -> str:
    """Where the price is from, or why there is no cost."""
    estimate, price = considered.estimate, considered.price
    if isinstance(estimate, HostedEstimate):
        if estimate.price is None:
            return sentence(estimate.unpriced)
        rate = f"{estimate.price.usd_per_million:,.2f} USD for a million trained tokens"
        return f"{estimate.provider}: {rate}, as of {day(estimate.price.as_of)}"
    if estimate.cost_usd and price:
        kind = "on demand" if price.kind == "on-demand" else "spot"
        rate = f"{price.per_gpu_hour:,.2f} {price.currency} for a GPU hour"
        return f"{price.provider}, {kind}: {rate}, as of {day(price.as_of)}"
    return f"No price of a {considered.gpu.name} is listed."


def _between(found: Range | None, shown: Callable[[float], str]) -> str:
    """The bounds, where they say more than the expected value."""
    low, high = (shown(found.low), shown(found.high)) if found else ("", "")
    return f"{low} to {high}" if low != high else ""


def _meter(memory: Range, capacity: float) -> Meter:
    whole = max(memory.high, capacity) / 100
    return Meter(*(round(value / whole, 2) for value in (memory.low, memory.expected, memory.high, capacity)))


def _gpus(job: TrainingJob) -> str:
    return times(job.hardware.gpu_count, job.hardware.gpu)


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
