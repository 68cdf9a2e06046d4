"""What an owner's own trainings say of the next estimate: how much slower they were than was expected of them.

The nearest runs count: of the same model, GPU, number of GPUs and method; else of the GPU and method alone.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.trainers.job import TrainingJob
from pipeline.training.estimates.result import Estimate, Range
from pipeline.wording import count_of

_DOUBTED_RUNS = 1  # so many runs in favour of the estimate are added to those measured
_ENOUGH = 3  # runs of the same kind, whose own spread counts then
# As far as 90 % of runs of a normal spread lie from the mean, in standard deviations; and never nearer than this:
# the same job on the same GPU differs by some percent from day to day.
_NINETY_PERCENT, _LEAST_SPREAD = 1.645, 1.1


@dataclass(frozen=True, slots=True)
class OwnRun:
    """A training that was measured."""

    base_model: str
    gpu: str
    gpu_count: int
    method: str
    trainer: str
    step_time_s: float
    """Median of its steps."""
    expected_step_time_s: float
    """Without own runs."""

    @property
    def slowness(self) -> float:
        """1 for as long as expected, 2 for twice."""
        return self.step_time_s / self.expected_step_time_s


def calibrated(found: Estimate, job: TrainingJob, runs: Sequence[OwnRun]) -> Estimate:
    """An estimate as the owner's runs correct it, which says so; without any it stays."""
    kind_of = (job.hardware.gpu, job.method)
    near = [run for run in runs if (run.gpu, run.method) == kind_of and run.trainer in job.targets]
    same = [run for run in near if (run.base_model, run.gpu_count) == (job.base_model, job.hardware.gpu_count)]
    chosen = same or near
    if not chosen or found.step_time_s is None:
        return found
    logs = [math.log(run.slowness) for run in chosen]
    factor = math.exp(sum(logs) / (len(logs) + _DOUBTED_RUNS))
    spread = None
    if len(same) >= _ENOUGH:
        spread = max(_LEAST_SPREAD, math.exp(_NINETY_PERCENT * statistics.stdev(logs)))
    kind = f"{job.base_model} on {job.hardware.gpu}" if same else f"other models on {job.hardware.gpu}"
    told = f"step time times {factor:.2f}, from {count_of(len(chosen), 'run')} of yours of {kind}"
    step = found.step_time_s
    return replace(
        found,
        step_time_s=_times(step, factor, spread),
        tokens_per_s_per_gpu=_slower(found.tokens_per_s_per_gpu, factor, spread),
        hours=found.hours and _times(found.hours, factor, spread),
        cost_usd=found.cost_usd and _times(found.cost_usd, factor, spread),
        rests_on=replace(found.rests_on, more=(*found.rests_on.more, told)),
    )


def _times(value: Range, factor: float, spread: float | None) -> Range:
    expected = value.expected * factor
    low, high = (expected / spread, expected * spread) if spread else (value.low * factor, value.high * factor)
    return Range(*(float(f"{each:.4g}") for each in (low, expected, high)))


def _slower(value: Range | None, factor: float, spread: float | None) -> Range | None:
    return value and _times(value, 1 / factor, spread)
