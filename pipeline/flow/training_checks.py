"""The checks that a training passes or fails once it has ended, decided from what was kept of it."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.dataset.profiles.profile_checks import Figures
from pipeline.flow.closed import Closed
from pipeline.wording import span


@dataclass(frozen=True, slots=True)
class TrainingCheck:
    """A question about a training."""

    name: str
    description: str
    asset: str
    """On whose page it stands."""
    is_error: bool
    decide: Callable[[Closed], tuple[bool, str]]
    figures: Callable[[Closed], Figures]
    """What was counted, by name, as Dagster plots it; what is not known is left out."""


def _succeeded(closed: Closed) -> tuple[bool, str]:
    attempt = closed.attempt
    if attempt.state != "completed":
        return False, f"attempt {attempt.number} is {attempt.state}: {attempt.state_reason or 'nothing more is known'}"
    if closed.model is None:
        return False, f"attempt {attempt.number} is completed, and left no model"
    return True, f"attempt {attempt.number} is completed; its model has {len(closed.model.files)} files with checksums"


def _is_better(closed: Closed) -> tuple[bool, str]:
    losses = _losses(closed)
    if len(losses) < 2:
        return True, "not known: the trainer evaluated no rows that were kept back"
    said = f"its loss on the rows kept back is {losses['after']:.4g}; that of the base model, {losses['before']:.4g}"
    return losses["after"] < losses["before"], said


def _is_within_estimate(closed: Closed) -> tuple[bool, str]:
    cost, estimate = closed.cost, closed.estimate
    if cost is None or cost.hours is None or estimate is None or estimate.hours_high is None:
        return True, "not known: there is no estimate of its hours, or it never began"
    if closed.attempt.launcher == "local" or closed.attempt.resumed_from is not None:
        return (
            True,
            f"not known: it took {span(cost.hours)}, and the estimate is of a whole training on {closed.job.gpu}",
        )
    most = estimate.hours_high
    return cost.hours <= most, f"it took {span(cost.hours)}; at most {span(most)} were expected"


def _losses(closed: Closed) -> dict[str, float]:
    return {each.moment: each.value for each in closed.evaluations if each.name == "eval_loss"}


def _hours(closed: Closed) -> Figures:
    taken = closed.cost.hours if closed.cost else None
    most = closed.estimate.hours_high if closed.estimate else None
    return {name: hours for name, hours in (("hours", taken), ("most_hours_expected", most)) if hours is not None}


TRAINING_RUN_CHECKS = (
    TrainingCheck(
        "training_succeeded",
        "The training ended well, and its model is kept.",
        "trained_adapters",
        True,
        _succeeded,
        lambda closed: {"model_files": len(closed.model.files) if closed.model else 0},
    ),
    TrainingCheck(
        "better_than_base",
        "On the rows kept back, the model's loss is less than that of its base model.",
        "model_evaluations",
        False,
        _is_better,
        lambda closed: {f"loss_{moment}": loss for moment, loss in _losses(closed).items()},
    ),
    TrainingCheck(
        "within_estimate",
        "It took no longer than was expected at most.",
        "actual_costs",
        False,
        _is_within_estimate,
        _hours,
    ),
)
