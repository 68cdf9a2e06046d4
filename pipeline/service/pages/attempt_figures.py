"""What is said of one attempt at a training: its state, how far it is, how long that takes, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.flow.budgets import hours_of, known_nano_usd
from pipeline.service.pages.dataset_card import Badge
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import NANO, newest
from pipeline.state.catalog.job_records import CostRecord
from pipeline.state.catalog.statuses import LIVE_STATES, AttemptState, LauncherName
from pipeline.trainers.registry import BY_NAME
from pipeline.wording import count_of, number, span, usd

BADGES: dict[AttemptState, Badge] = {
    "queued": Badge("Queued", "info"),
    "preparing": Badge("Preparing", "info"),
    "running": Badge("Running", "info", is_moving=True),
    "completed": Badge("Completed", "good"),
    "failed": Badge("Failed", "bad"),
    "cancelled": Badge("Cancelled", "info"),
    "lost": Badge("Lost", "warning"),
}
PLACES: dict[LauncherName, str] = {
    "local": "This machine",
    "own-machine": "Your own machine",
    "hosted": "Its provider",
    "sagemaker": "Amazon SageMaker",
    "kubernetes": "Your cluster",
    "reported": "Told by hand",
}


_STAGES: dict[AttemptState, dict[str, str]] = {
    "queued": {
        "local": "It starts as soon as there is room on this machine",
        "own-machine": "It is being made ready for you",
        "elsewhere": "It is being sent there",
    },
    "preparing": {
        "local": "Its files are laid out, and its trainer is started",
        "own-machine": "Run the line below on your machine",
        "elsewhere": "It waits there for its turn",
    },
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    step: int
    total: int
    """Steps in all."""
    said: str
    epoch: str
    left: str
    """How much longer, empty where nobody knows."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a training costs, in words; empty where it is not known."""

    amount: str
    expected: str
    is_over: bool = False
    """It is more than expected."""


def is_changing(attempt: Attempt) -> bool:
    """Whether it changes by itself: it lives, may be heard of again, or is being closed."""
    return attempt.state in (*LIVE_STATES, "lost") or attempt.closed_at is None


def progress_of(attempt: Attempt, earlier: Sequence[Attempt], now: datetime) -> Progress | None:
    """How far it is; None before its first step. earlier: the attempts that it may go on from."""
    if not attempt.step or not attempt.total_steps:
        return None
    step, total = min(attempt.step, attempt.total_steps), attempt.total_steps
    pace = steps_an_hour(attempt, earlier, now) if attempt.state == "running" else None
    left = f"about {span((total - step) / pace)} left" if pace and step < total else ""
    epoch = "" if attempt.epoch is None else f"epoch {number(round(attempt.epoch, 1))}"
    return Progress(step, total, f"step {step:,} of {total:,}", epoch, left)


def steps_an_hour(attempt: Attempt, earlier: Sequence[Attempt], now: datetime) -> float | None:
    """How fast it is since it began; None where that is not known yet."""
    before = next((each.step or 0 for each in earlier if each.id == attempt.resumed_from), 0)
    steps, hours = (attempt.step or 0) - before, hours_of(attempt, now)
    return steps / hours if steps > 0 and hours > 0 else None


def stage_of(attempt: Attempt) -> str:
    """What happens just now, as a sentence without its end."""
    if attempt.state in LIVE_STATES and attempt.cancel_requested_at is not None:
        return "It was asked to end, and leaves a checkpoint first where its trainer can"
    if attempt.state in _STAGES:
        if attempt.state_reason and attempt.launcher != "own-machine":
            return f"It waits: {attempt.state_reason}"
        return _STAGES[attempt.state].get(attempt.launcher, _STAGES[attempt.state]["elsewhere"])
    if attempt.state == "running":
        return _stage_of_running(attempt)
    if attempt.state == "completed":
        return "Its model is being kept" if attempt.closed_at is None else "All that it left is kept"
    return attempt.state_reason or ""


def place_of(attempt: Attempt) -> str:
    """Where it trains, for people: a provider by its name."""
    return BY_NAME[attempt.trainer].title if attempt.launcher == "hosted" else PLACES[attempt.launcher]


def spent_nano_usd(attempt: Attempt, costs: Sequence[CostRecord], now: datetime) -> int | None:
    """What it did cost by its bill, else by its meter so far; None where nobody knows."""
    whose = (attempt.id, None) if attempt.launcher == "reported" else (attempt.id,)
    bill = newest([each for each in costs if each.attempt_id in whose], "actual")
    if bill is not None and bill.billed_nano_usd is not None:
        return bill.billed_nano_usd
    return None if attempt.started_at is None else known_nano_usd(attempt, now)


def spent(attempt: Attempt | None, costs: Sequence[CostRecord], now: datetime) -> Spent:
    """What the newest attempt costs beside what was expected of it; of a job without one only that."""
    nano_usd = None if attempt is None else spent_nano_usd(attempt, costs, now)
    low, _, high = expected_usd(attempt, newest(costs, "estimate")) or (0.0, 0.0, 0.0)
    expected = usd(high) if usd(low) == usd(high) else f"{usd(low)} to {usd(high)}"
    is_over = nano_usd is not None and nano_usd > high * NANO > 0
    return Spent("" if nano_usd is None else usd(nano_usd / NANO), expected if high else "", is_over)


def expected_usd(attempt: Attempt | None, estimate: CostRecord | None) -> tuple[float, float, float] | None:
    """The least, what is expected and the most, at the price of the attempt, which need not be that of the plan."""
    if estimate is None:
        return None
    if attempt is None or attempt.price_per_gpu_hour is None or estimate.hours is None:
        figures, rate = (estimate.cost_usd_low, estimate.cost_usd, estimate.cost_usd_high), 1.0
    else:
        figures, rate = (estimate.hours_low, estimate.hours, estimate.hours_high), attempt.price_per_gpu_hour
        rate *= attempt.gpu_count
    low, middle, high = figures
    return None if low is None or middle is None or high is None else (low * rate, middle * rate, high * rate)


def _stage_of_running(attempt: Attempt) -> str:
    if not attempt.step:
        return "It loads the base model and the rows"
    if attempt.total_steps and attempt.step >= attempt.total_steps:
        return "It evaluates what it learned, and writes it down"
    return "" if attempt.total_steps else f"Step {attempt.step:,}"  # else the progress says it


def pace_said(steps_per_hour: float) -> str:
    """How fast, in steps that can be pictured."""
    minute = steps_per_hour / 60
    if minute >= 1:
        return f"{number(round(minute, 1))} steps a minute"
    return f"{count_of(round(steps_per_hour), 'step')} an hour"
