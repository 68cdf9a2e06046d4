"""What a benchmark is, and what it gives."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure. is_met: whether it is as good as wanted; None where nothing is asked of it."""

    what: str
    wanted: str
    measured: str
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A question about speed or memory.

    measure: called with whether a try of a few seconds will do, and an empty folder for its files.
    """

    name: str
    what: str
    measure: Callable[[bool, Path], list[Measurement]]

    def command(self, is_small: bool) -> str:
        """What to type to measure again."""
        return shlex.join(["python", "-m", "tests.benchmarks", self.name, *(["--small"] if is_small else [])])


def at_most(what: str, limit: float, value: float, unit: str = "", detail: str = "") -> Measurement:
    """A figure that should be small."""
    return Measurement(what, f"≤ {_number(limit)}{unit}", f"{_number(value)}{unit}{detail}", value <= limit)


def at_least(what: str, limit: float, value: float, unit: str = "", detail: str = "") -> Measurement:
    """A figure that should be large."""
    return Measurement(what, f"≥ {_number(limit)}{unit}", f"{_number(value)}{unit}{detail}", value >= limit)


def noted(what: str, value: float, unit: str = "", detail: str = "") -> Measurement:
    """A figure to know."""
    return Measurement(what, "–", f"{_number(value)}{unit}{detail}")


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
