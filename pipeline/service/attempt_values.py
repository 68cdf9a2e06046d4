"""Attempts at trainings as the contract shows them."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.contract.training_values import AttemptTransition, TrainingAttempt
from pipeline.flow.budgets import known_nano_usd
from pipeline.launchers.training_failures import remedy_of
from pipeline.state.catalog.attempt_records import Attempt, Transition
from pipeline.state.catalog.costs import NANO

_MADE_HERE = ("remedy", "progress", "eta_s", "cost_usd", "cost_nano_usd", "line", "transitions")


def attempt_value(
    attempt: Attempt,
    now: datetime,
    resumed_from: Attempt | None = None,
    transitions: Sequence[Transition] = (),
    line: str | None = None,
) -> TrainingAttempt:
    """An attempt as its user sees it. resumed_from: the one whose steps it goes on from. line: see the contract."""
    failure = remedy_of(attempt.failure_class) if attempt.state == "failed" else None
    nano_usd = known_nano_usd(attempt, now)
    shown = {name: getattr(attempt, name) for name in TrainingAttempt.model_fields if name not in _MADE_HERE}
    return TrainingAttempt(
        **shown,
        remedy=failure.remedy if failure else None,
        progress=progress_of(attempt),
        eta_s=eta_s(attempt, (resumed_from.step or 0) if resumed_from else 0),
        cost_usd=None if nano_usd is None else nano_usd / NANO,
        cost_nano_usd=nano_usd,
        line=line,
        transitions=[AttemptTransition(**_fields(each)) for each in transitions],
    )


def progress_of(attempt: Attempt) -> float | None:
    """How much of its steps an attempt has made, from 0 to 1; None where it has not told."""
    if attempt.state == "completed":
        return 1.0
    if attempt.step is None or not attempt.total_steps:
        return None
    return min(1.0, max(0.0, attempt.step / attempt.total_steps))


def eta_s(attempt: Attempt, first_step: int) -> float | None:
    """Seconds that are left at the pace since it began to train, from `first_step` on; None unless it trains."""
    if attempt.state != "running" or attempt.started_at is None or attempt.heartbeat_at is None:
        return None
    if attempt.step is None or not attempt.total_steps or attempt.step <= first_step:
        return None
    trained_s = (attempt.heartbeat_at - attempt.started_at).total_seconds()
    return max(0.0, trained_s / (attempt.step - first_step) * (attempt.total_steps - attempt.step))


def _fields(transition: Transition) -> dict[str, object]:
    return {name: getattr(transition, name) for name in AttemptTransition.model_fields}
