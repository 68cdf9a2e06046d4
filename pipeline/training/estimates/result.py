"""The public shape of an estimate."""

from dataclasses import dataclass
from typing import Literal

Fits = Literal["yes", "tight", "no"]


@dataclass(frozen=True, slots=True)
class Range:
    """An expected value and the bounds that most real ones lie within."""

    low: float
    expected: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """The public shape."""
        return {"low": self.low, "expected": self.expected, "high": self.high}


@dataclass(frozen=True, slots=True)
class Basis:
    """The measurements and rules that an estimate rests on, a sentence each; None where there is nothing to rest on."""

    memory: str
    step_time: str | None
    sharing: str | None = None
    """How several GPUs share the work."""
    hours: str | None = None
    price: str | None = None
    more: tuple[str, ...] = ()
    """What the objective or the provider adds."""
    extrapolated: tuple[str, ...] = ()
    """What lies beyond the measured runs, or is not known at all, a sentence each."""

    def sentences(self) -> tuple[str, ...]:
        """All of them, in order."""
        named = (self.memory, self.step_time, self.sharing, self.hours, self.price)
        return (*(sentence for sentence in named if sentence is not None), *self.more, *self.extrapolated)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a workload takes."""

    peak_memory_gb: Range
    """Of one GPU, in 2**30 bytes, which trainers and nvidia-smi call GB."""
    fits: Fits
    """"tight" when only `high` does not fit."""
    step_time_s: Range | None
    """None where no rule holds."""
    tokens_per_s_per_gpu: Range | None
    """None where no rule holds."""
    hours: Range | None
    """Of the whole training; None where that, tokens or the price are not known."""
    cost_usd: Range | None
    """Of the whole training; None where that, tokens or the price are not known."""
    rests_on: Basis

    @property
    def basis(self) -> tuple[str, ...]:
        """What it rests on, a sentence each."""
        return self.rests_on.sentences()

    def as_dict(self) -> dict[str, object]:
        """The public shape."""
        return {
            "peak_memory_gb": self.peak_memory_gb.as_dict(),
            "fits": self.fits,
            "step_time_s": self.step_time_s.as_dict() if self.step_time_s else None,
            "tokens_per_s_per_gpu": self.tokens_per_s_per_gpu.as_dict() if self.tokens_per_s_per_gpu else None,
            "hours": self.hours.as_dict() if self.hours else None,
            "cost_usd": self.cost_usd.as_dict() if self.cost_usd else None,
            "basis": list(self.basis),
            "extrapolated": list(self.rests_on.extrapolated),
        }
