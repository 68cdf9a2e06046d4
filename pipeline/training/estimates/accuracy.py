"""How far estimates lie from measurements that they were not fitted to: fits without a model, GPU or trainer, and asks.

Estimates are asked for as jobs do: with the trainer named. What comes of it is `docs/accuracy.md`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.estimate import estimate_with
from pipeline.training.estimates.fit import fit
from pipeline.training.estimates.measurements import Measurement
from pipeline.training.estimates.result import Estimate

WITHIN = 0.35


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measured run and what was estimated of it."""

    measured: Measurement
    estimated: Estimate

    @property
    def memory_error(self) -> float | None:
        """Of the expected memory, as a share of the measured; None where none was measured."""
        peak = self.measured.peak_memory_gb
        return self.estimated.peak_memory_gb.expected / peak - 1 if peak else None

    @property
    def time_error(self) -> float | None:
        """Of the expected step time, likewise."""
        seconds = self.measured.step_time_s
        estimated = self.estimated.step_time_s
        return estimated.expected / seconds - 1 if seconds and estimated else None


@dataclass(frozen=True, slots=True)
class Errors:
    """Of some comparisons."""

    rows: int
    error: float
    """Mean absolute, as a share."""
    bias: float
    """Mean."""
    within: float
    """Share of rows within ±35 %."""
    below_high: float
    """Share of rows whose `high` is at or above what was measured."""
    inside: float
    """Whose range holds it."""


def leaving_out(
    rows: Sequence[Measurement],
    asked: Sequence[Measurement],
    group_of: Callable[[Measurement], str],
    start: Constants,
) -> list[Comparison]:
    """Each asked row with its estimate from a fit without the rows of its group. start: where fits begin."""
    compared = []
    for group in dict.fromkeys(map(group_of, asked)):
        others = [row for row in rows if group_of(row) != group]
        constants = fit(others, start)
        compared += [compare(row, constants, others) for row in asked if group_of(row) == group]
    return compared


def compare(row: Measurement, constants: Constants, others: Sequence[Measurement]) -> Comparison:
    """One row and its estimate."""
    return Comparison(row, estimate_with(constants, others, row.workload))


def memory_errors(compared: Sequence[Comparison]) -> Errors | None:
    """How far memory is off; None where none was measured."""
    pairs = [(c.memory_error, c.estimated.peak_memory_gb, c.measured.peak_memory_gb) for c in compared]
    return _errors([(error, r.low, r.high, value) for error, r, value in pairs if error is not None and value])


def time_errors(compared: Sequence[Comparison]) -> Errors | None:
    """How far step times are off; None where none was measured."""
    pairs = [(c.time_error, c.estimated.step_time_s, c.measured.step_time_s) for c in compared]
    return _errors([(error, r.low, r.high, value) for error, r, value in pairs if error is not None and r and value])


def _errors(found: Sequence[tuple[float, float, float, float]]) -> Errors | None:
    if not found:
        return None
    count = len(found)
    return Errors(
        rows=count,
        error=sum(abs(error) for error, *_ in found) / count,
        bias=sum(error for error, *_ in found) / count,
        within=sum(abs(error) <= WITHIN for error, *_ in found) / count,
        below_high=sum(high >= value for _, _, high, value in found) / count,
        inside=sum(low <= value <= high for _, low, high, value in found) / count,
    )
