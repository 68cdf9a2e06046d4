"""The estimate of a workload: ranges of memory, step time, hours and cost, and what they rest on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pipeline.catalogues.by_name import STALE_AFTER_DAYS, is_stale
from pipeline.catalogues.prices import Price
from pipeline.errors import UsageError
from pipeline.trainers.workload import Workload
from pipeline.training.estimates.calibration import Calibration, calibrate
from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.extrapolating import MACHINE, extrapolations
from pipeline.training.estimates.fitted import fitted
from pipeline.training.estimates.measurements import Measurement, load_measurements
from pipeline.training.estimates.memory import MemoryParts, memory_parts
from pipeline.training.estimates.result import Basis, Estimate, Fits, Range
from pipeline.training.estimates.sharing import GIB, is_fused, is_sharded, shares_of, widened_bytes
from pipeline.training.estimates.step_time import step_time_s

_HOUR_S = 3600
# How much less and more each part was in runs of models never seen (docs/accuracy.md): weights are known best.
_LESS = MemoryParts(weights=0.97, widened=0.0, trained=0.7, activations=0.6, logits=0.6, context=0.3)
_MORE = MemoryParts(weights=1.08, widened=1.0, trained=1.3, activations=1.7, logits=1.7, context=2.0)
_PURE_BF16 = 0.38  # of mixed precision's bytes: what full fine-tuning takes with everything in BF16


def estimate(
    workload: Workload,
    *,
    tokens: int | None = None,
    epochs: float | None = None,
    price: Price | None = None,
    today: date | None = None,
) -> Estimate:
    """Memory, time and cost of a workload. tokens: of all training rows; epochs: 1 unless given.

    price: of its GPU; without one, or without tokens, there is no cost. today: lets an old price be marked.

    Raises:
        UsageError: the workload is none: a rank, length, batch or count below 1; a price of another GPU.
    """
    return estimate_with(fitted(), load_measurements(), workload, tokens, epochs, price, today)


def estimate_with(
    constants: Constants,
    measurements: Sequence[Measurement],
    workload: Workload,
    tokens: int | None = None,
    epochs: float | None = None,
    price: Price | None = None,
    today: date | None = None,
) -> Estimate:
    """The estimate that other constants and measurements give; see `estimate`."""
    _check(workload, price)
    memory = peak_memory(workload, constants)
    calibration = calibrate(workload, constants, measurements)
    step = _step(workload, constants, calibration)
    step_tokens = workload.sequence_length * workload.micro_batch * workload.gradient_accumulation
    hours = _hours(step, step_tokens * workload.gpu_count, tokens, epochs) if step else None
    basis = _basis(workload, memory_parts(workload, constants), calibration.basis, tokens, epochs, price, today)
    return Estimate(
        peak_memory_gb=memory,
        fits=_fits(memory, workload.gpu.memory_gb),
        step_time_s=step,
        tokens_per_s_per_gpu=_rounded(*(step_tokens / seconds for seconds in (step.high, step.expected, step.low)))
        if step
        else None,
        hours=hours,
        cost_usd=_cost(hours, workload.gpu_count, price),
        rests_on=replace(basis, extrapolated=tuple(extrapolations(workload, calibration))),
    )


def _step(workload: Workload, constants: Constants, calibration: Calibration) -> Range | None:
    """None for more than one machine: the published runs there are 0.02 to 0.4 of what rules for one machine say."""
    if workload.gpu_count > MACHINE:
        return None
    return _spread(calibration.factor * step_time_s(workload, constants), calibration.spread)


def peak_memory(workload: Workload, constants: Constants) -> Range:
    """The peak memory of one GPU, in 2**30 bytes."""
    parts = memory_parts(workload, constants)
    less = _times(parts, _LESS)
    if workload.method == "full" and not is_fused(workload):
        less -= parts.trained * (_LESS.trained - _PURE_BF16)
    shares = shares_of(workload)
    more = _times(parts, _MORE) - parts.widened + widened_bytes(workload) / shares / GIB
    return _rounded(less, parts.total, more)


def _times(parts: MemoryParts, factors: MemoryParts) -> float:
    return float(sum(getattr(parts, name) * getattr(factors, name) for name in MemoryParts.__slots__))


def _spread(expected: float, spread: float) -> Range:
    return _rounded(expected / spread, expected, expected * spread)


def _hours(step: Range, step_tokens: int, tokens: int | None, epochs: float | None) -> Range | None:
    if tokens is None:
        return None
    steps = tokens * (1 if epochs is None else epochs) / step_tokens
    return _rounded(*(steps * seconds / _HOUR_S for seconds in (step.low, step.expected, step.high)))


def _cost(hours: Range | None, gpu_count: int, price: Price | None) -> Range | None:
    if hours is None or price is None or price.currency != "USD":
        return None
    each = gpu_count * price.per_gpu_hour
    return _rounded(hours.low * each, hours.expected * each, hours.high * each)


def _fits(memory: Range, memory_gb: float) -> Fits:
    if memory.expected > memory_gb:
        return "no"
    return "yes" if memory.high <= memory_gb else "tight"


def _basis(
    workload: Workload,
    parts: MemoryParts,
    step_time: str,
    tokens: int | None,
    epochs: float | None,
    price: Price | None,
    today: date | None,
) -> Basis:
    rows = sum(1 for row in load_measurements() if row.peak_memory_gb and row.set != "check")
    names = [name for name in MemoryParts.__slots__ if name != "widened" or parts.widened]
    named = ", ".join(f"{name} {getattr(parts, name):.1f}" for name in names)
    how = "weights shared out (FSDP, ZeRO-3)" if is_sharded(workload) else "a replica on each (DDP)"
    passes = f"{1 if epochs is None else epochs:g} epochs"
    is_known = workload.gpu_count <= MACHINE
    hours = f"hours: {tokens:,} tokens, {passes}, rows packed to the full length" if tokens is not None else None
    return Basis(
        memory=f"memory: rules fitted to {rows} published rows; in GB of 2**30 bytes: {named}",
        step_time=step_time if is_known else None,
        sharing=f"{workload.gpu_count} GPUs: {how}" if workload.gpu_count > 1 else None,
        hours=hours if is_known else None,
        price=_price_sentence(price, today) if price is not None and is_known else None,
    )


def _price_sentence(price: Price, today: date | None) -> str:
    age = f"; older than {STALE_AFTER_DAYS} days" if today and is_stale(price, today) else ""
    unused = "" if price.currency == "USD" else "; no cost, as it is not in USD"
    return (
        f"price: {price.per_gpu_hour:g} {price.currency} for an hour of {price.name}, {price.provider}, {price.kind}, "
        f"as of {price.as_of} ({price.source}){age}{unused}"
    )


def _rounded(low: float, expected: float, high: float) -> Range:
    """Four digits: more would look like knowledge."""
    return Range(*(float(f"{value:.4g}") for value in (low, expected, high)))


def _check(workload: Workload, price: Price | None) -> None:
    least = {
        "sequence length": workload.sequence_length,
        "micro batch": workload.micro_batch,
        "gradient accumulation": workload.gradient_accumulation,
        "number of GPUs": workload.gpu_count,
        "rank": 1 if workload.method == "full" else workload.rank,
    }
    if wrong := [f"{what}: expected 1 or more, found {value}" for what, value in least.items() if value < 1]:
        raise UsageError("; ".join(wrong))
    if price and price.name.casefold() not in {name.casefold() for name in workload.gpu.names()}:
        raise UsageError(f"expected a price of {workload.gpu.name}, found one of {price.name}")
