"""The part of a job's page that tells of its training, and is renewed while that lives: state, figures, curves, log.

What surrounds it, as the form that starts another, is in `job_page.py` and `job_start.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from pipeline.flow.budgets import hours_of
from pipeline.launchers.commands import RESUMABLE
from pipeline.launchers.training_failures import Failure, remedy_of
from pipeline.service.pages.attempt_figures import (
    BADGES,
    Progress,
    is_changing,
    pace_said,
    place_of,
    progress_of,
    spent,
    spent_nano_usd,
    stage_of,
    steps_an_hour,
)
from pipeline.service.pages.curves import Chart, chart, figure
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.state.catalog.attempt_records import Attempt, Model, Series, Transition
from pipeline.state.catalog.costs import NANO, newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.catalog.statuses import LIVE_STATES
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME
from pipeline.wording import compact, number, sentence, span, usd

COMPARED = ("loss", "eval_loss")
"""Figures of each attempt, by their names in the catalog."""
DRAWN = (*COMPARED, "learning_rate", "grad_norm", "num_tokens", "peak_memory_gb")
"""Those of the one that is shown."""
_ENDED_BADLY = ("failed", "cancelled", "lost")


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job with all that its page shows of it, as the catalog has it."""

    job: Job
    costs: Sequence[CostRecord]
    attempts: Sequence[Attempt]
    series: Mapping[str, Sequence[Series]]
    """By attempt."""
    transitions: Mapping[str, Sequence[Transition]]
    """By attempt."""
    models: Mapping[str, Model]
    """By attempt."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    label: str
    value: str
    note: str = ""
    """What it is to be compared with."""
    is_over: bool = False
    """It is more than was expected."""


@dataclass(frozen=True, slots=True)
class Way:
    """A button that starts another try: the same, or one that goes on from a checkpoint."""

    label: str
    fields: tuple[tuple[str, str], ...]
    is_best: bool


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps after a bad end."""

    said: str
    ways: tuple[Way, ...]
    """To try again."""
    changes: tuple[str, ...] = ()
    change_url: str = ""
    """To plan it otherwise, as `changes` say."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt beside the others."""

    number: int
    url: str
    is_shown: bool
    badge: Badge
    where: str
    steps: str
    training_loss: str
    validation_loss: str
    took: str
    cost: str
    asked: When
    actor: str
    model_url: str
    history: tuple[tuple[str, When, str], ...]
    """What changed its state, and who did."""


@dataclass(frozen=True, slots=True)
class Training:
    """The part."""

    state: str
    badge: Badge
    tone: Literal["info", "warning", "good", "bad"]
    headline: str
    explanation: str
    progress: Progress | None
    line: str
    """What to paste on one's own machine, where that is waited for."""
    remedy: Remedy | None
    model_url: str
    tiles: tuple[Tile, ...]
    loss: Chart | None
    others: tuple[Chart, ...]
    log: str
    rows: tuple[AttemptRow, ...]
    shown: int
    renew_url: str

    @property
    def is_changing(self) -> bool:
        """Whether it is worth looking again."""
        return bool(self.renew_url)


def training_of(seen: JobSeen, now: datetime, number_shown: int | None, line: str, change_url: str) -> Training | None:
    """The part; None of a job that was never tried. number_shown: of the attempt, None for the newest."""
    if not seen.attempts:
        return None
    newest_attempt = seen.attempts[-1]
    attempt = next((each for each in seen.attempts if each.number == number_shown), newest_attempt)
    is_newest = attempt is newest_attempt
    planned = TrainingJob.model_validate(seen.job.job)
    by_name = {series.name: series for series in seen.series[attempt.id]}
    badge = BADGES[attempt.state]
    failure = remedy_of(attempt.failure_class) if attempt.state == "failed" else None
    asked = f"?attempt={attempt.number}" if not is_newest else ""
    return Training(
        state=attempt.state,
        badge=badge,
        tone=badge.tone,
        headline=_headline(attempt),
        explanation=sentence(stage_of(attempt)),
        progress=progress_of(attempt, seen.attempts, now) if attempt.state != "completed" else None,
        line=line if is_newest else "",
        remedy=_remedy(attempt, failure, planned, change_url) if is_newest and attempt.state in _ENDED_BADLY else None,
        model_url=_model_url(seen, attempt),
        tiles=_tiles(seen, attempt, planned, by_name, now),
        loss=_loss_chart(attempt, by_name),
        others=_other_charts(attempt, by_name),
        log=(attempt.log_tail or "").strip("\n"),
        rows=tuple(_row(seen, each, attempt, now) for each in reversed(seen.attempts)),
        shown=attempt.number,
        renew_url=f"{job_url(seen.job)}/live{asked}" if is_changing(attempt) else "",
    )


def job_url(job: Job) -> str:
    """The address of a job's page."""
    return f"/jobs/{quote(job.id)}"


def _headline(attempt: Attempt) -> str:
    if attempt.state in LIVE_STATES and attempt.cancel_requested_at is not None:
        return "Ending"
    if attempt.state == "preparing" and attempt.launcher == "own-machine":
        return "Waiting for your machine"
    return BADGES[attempt.state].label


def _remedy(attempt: Attempt, failure: Failure | None, planned: TrainingJob, change_url: str) -> Remedy | None:
    if attempt.launcher == "reported":
        return None
    same = (("launcher", attempt.launcher), ("trainer", attempt.trainer), ("budget_usd", _plain(attempt.budget_usd)))
    goes_on = attempt.trainer in RESUMABLE and attempt.launcher == "local" and bool(attempt.step)
    changes = _changes(failure, planned)
    ways = [Way("Try again", same, is_best=not goes_on and not changes)]
    if goes_on:
        ways.append(Way("Go on from the last checkpoint", (*same, ("resume", "1")), is_best=not changes))
    said = sentence(failure.remedy) if failure else ""
    return Remedy(said, tuple(ways), changes, change_url if changes else "")


def _changes(failure: Failure | None, planned: TrainingJob) -> tuple[str, ...]:
    """What would be changed, each with its value now."""
    how = planned.optimisation
    values = {
        "micro_batch": f"rows a batch, now {how.micro_batch}",
        "max_length": f"the longest row, now {planned.max_length:,} tokens",
        "gpu": f"the GPU, now {planned.hardware.gpu}",
        "learning_rate": f"the learning rate, now {how.learning_rate:g}",
    }
    changes = failure.changes if failure else ()
    return tuple(values[each] for each in changes if each != "micro_batch" or how.micro_batch > 1)


def _plain(budget_usd: float | None) -> str:
    return "" if budget_usd is None else f"{budget_usd:g}"


def _model_url(seen: JobSeen, attempt: Attempt) -> str:
    model = seen.models.get(attempt.id)
    return f"/models/{quote(model.id)}" if model else ""


def _tiles(
    seen: JobSeen, attempt: Attempt, planned: TrainingJob, by_name: Mapping[str, Series], now: datetime
) -> tuple[Tile, ...]:
    if attempt.started_at is None:
        return ()
    cost = spent(attempt, seen.costs, now)
    tiles = [
        _loss_tile("Training loss", by_name.get("loss"), "lowest"),
        _best_tile(by_name.get("eval_loss")),
        _rate_tile(by_name.get("learning_rate"), planned),
        _throughput_tile(seen, attempt, planned, by_name, now),
        _memory_tile(by_name.get("peak_memory_gb"), newest(seen.costs, "estimate")),
        Tile("Cost" if attempt.closed_at else "Cost so far", cost.amount or "–", _of(cost.expected), cost.is_over),
    ]
    return tuple(each for each in tiles if each is not None)


def _loss_tile(label: str, series: Series | None, word: str) -> Tile:
    if series is None:
        return Tile(label, "–", "no figure yet")
    return Tile(label, figure(series.last_value), f"{word} {figure(series.least_value)} at step {series.least_step:,}")


def _best_tile(series: Series | None) -> Tile:
    if series is None:
        return Tile("Validation loss", "–", "no figure yet")
    if series.last_step == series.least_step:
        return Tile("Validation loss", figure(series.last_value), f"the best, at step {series.last_step:,}")
    return _loss_tile("Validation loss", series, "best")


def _rate_tile(series: Series | None, planned: TrainingJob) -> Tile:
    peak = f"{planned.optimisation.schedule}, {planned.optimisation.learning_rate:g} at its peak"
    return Tile("Learning rate", f"{series.last_value:.3g}" if series else "–", peak)


def _throughput_tile(
    seen: JobSeen, attempt: Attempt, planned: TrainingJob, by_name: Mapping[str, Series], now: datetime
) -> Tile | None:
    """Tokens, where the trainer counts them and all of them are of this attempt; else rows."""
    pace, hours, how = steps_an_hour(attempt, seen.attempts, now), hours_of(attempt, now), planned.optimisation
    if pace is None:
        return None
    tokens = by_name.get("num_tokens")
    if tokens is not None and attempt.resumed_from is None:
        return Tile("Tokens a second", compact(round(tokens.last_value / hours / 3600)), pace_said(pace))
    rows = pace / 3600 * how.micro_batch * how.gradient_accumulation * planned.hardware.gpu_count
    return Tile("Rows a second", number(round(rows, 1)), pace_said(pace))


def _memory_tile(series: Series | None, estimate: CostRecord | None) -> Tile | None:
    if series is None:
        return None
    peak = f"{series.last_value:.1f} GB"
    if estimate is None or estimate.peak_memory_gb_low is None or estimate.peak_memory_gb_high is None:
        return Tile("Peak memory", peak)
    low, high = estimate.peak_memory_gb_low, estimate.peak_memory_gb_high
    return Tile("Peak memory", peak, f"expected {low:.1f} to {high:.1f} GB", series.last_value > high)


def _of(expected: str) -> str:
    return f"expected {expected}" if expected else ""


def _loss_chart(attempt: Attempt, by_name: Mapping[str, Series]) -> Chart | None:
    training, validation = by_name.get("loss"), by_name.get("eval_loss")
    drawn = [
        *([("training", "training", training)] if training else []),
        *([("validation", "validation", validation)] if validation else []),
    ]
    if not drawn:
        return None
    return chart("Loss", drawn, attempt.total_steps or 0, best=validation)  # type: ignore[arg-type]  # the hues


def _other_charts(attempt: Attempt, by_name: Mapping[str, Series]) -> tuple[Chart, ...]:
    named = (("Learning rate", "learning_rate"), ("Gradient norm", "grad_norm"))
    return tuple(
        chart(title, [(title.lower(), "training", by_name[name])], attempt.total_steps or 0)
        for title, name in named
        if name in by_name
    )


def _row(seen: JobSeen, attempt: Attempt, shown: Attempt, now: datetime) -> AttemptRow:
    by_name = {series.name: series for series in seen.series[attempt.id]}
    transitions = seen.transitions[attempt.id]
    nano_usd = spent_nano_usd(attempt, seen.costs, now)
    of = f" of {attempt.total_steps:,}" if attempt.total_steps else ""
    on = f", on from attempt {attempt.resumed_from.rpartition('.')[2]}" if attempt.resumed_from else ""
    return AttemptRow(
        number=attempt.number,
        url=f"{job_url(seen.job)}?attempt={attempt.number}",
        is_shown=attempt is shown,
        badge=BADGES[attempt.state],
        where=_where(attempt) + on,
        steps="–" if attempt.step is None else f"{attempt.step:,}{of}",
        training_loss=_last(by_name.get("loss")),
        validation_loss=_last(by_name.get("eval_loss")),
        took=span(hours_of(attempt, now)) if attempt.started_at else "–",
        cost="–" if nano_usd is None else usd(nano_usd / NANO),
        asked=when(attempt.created_at, now),
        actor=transitions[0].actor if transitions else "",
        model_url=_model_url(seen, attempt),
        history=tuple(_told(each, now) for each in transitions),
    )


def _where(attempt: Attempt) -> str:
    place, trainer = place_of(attempt), BY_NAME[attempt.trainer].label
    return place if attempt.launcher == "hosted" else f"{place}, {trainer}"


def _told(transition: Transition, now: datetime) -> tuple[str, When, str]:
    why = f": {transition.reason}" if transition.reason else ""
    return BADGES[transition.to_state].label, when(transition.created_at, now), f"by {transition.actor}{why}"


def _last(series: Series | None) -> str:
    return figure(series.last_value) if series else "–"
