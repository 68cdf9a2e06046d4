"""What a dataset's validation may take of processor time: so much, and so much more for each megabyte that is read.

The cost of a file is bounded by its bytes, whatever they say (tests/benchmarks/worst_lines.py). This is for what
nobody has thought of, so that it cannot hold a run, and all who wait for it, for hours.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch

FREE_S = 60.0  # tokenizers and language models are loaded in it, a hundred times over
_MEGABYTE = 1_000_000


class OverBudget(Exception):
    """A dataset took more than it may. finding: what is told of it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)  # as another process makes it anew
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Budget:
    """How much processor time a file may take."""

    s_per_mb: float
    """And for each megabyte that is read of its text."""
    free_s: float = FREE_S
    """Processor time that any file may take."""
    clock: Callable[[], float] = time.process_time
    """Processor seconds of this process, of the machine it is on."""

    def begin(self) -> "Meter":
        """Start counting."""
        return Meter(self)


class Meter:
    """Counts what one dataset takes."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._began_s = budget.clock()
        self._bytes = 0

    def see(self, chunk: bytes) -> None:
        """Count bytes that are read.

        Raises:
            OverBudget: what was read before took too long.
        """
        self.check()
        self._bytes += len(chunk)

    def check(self) -> None:
        """Stop what takes too long.

        Raises:
            OverBudget: it does.
        """
        budget = self._budget
        allowed_s = budget.free_s + budget.s_per_mb * self._bytes / _MEGABYTE
        if (taken_s := budget.clock() - self._began_s) > allowed_s:
            expected = f"at most {allowed_s:,.0f} s of processor time for {self._bytes:,} bytes"
            raise OverBudget(Finding(1, 0, "takes-too-long", "$", Mismatch(expected, f"{taken_s:,.0f}")))
