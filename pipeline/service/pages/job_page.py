"""Training jobs: the lines of a list, and the page of one with its training and its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline.service.pages.attempt_figures import Progress, is_changing, progress_of, spent
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.service.pages.job_start import Start
from pipeline.service.pages.job_training import JobSeen, Training, job_url
from pipeline.service.pages.origin import Origin
from pipeline.service.pages.train_choices import METHODS
from pipeline.service.pages.train_plan import Reason, reasons_of
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.catalog.statuses import UNDER_WAY, JobStatus
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME, are_hosted
from pipeline.wording import sentence, size, span, times

BADGES: dict[JobStatus, Badge] = {
    "configured": Badge("Ready to run", "good"),
    "stale": Badge("Out of date", "warning"),
    "cancelled": Badge("Cancelled", "info"),
    "queued": Badge("Queued", "info"),
    "running": Badge("Running", "info", is_moving=True),
    "succeeded": Badge("Succeeded", "good"),
    "failed": Badge("Failed", "bad"),
    "lost": Badge("Lost", "warning"),
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list."""

    id: str
    url: str
    name: str
    badge: Badge
    what: str
    hours: str
    """As expected."""
    cost: str
    """As expected."""
    spent: str
    """By its newest attempt; empty where they are not known."""
    progress: Progress | None
    is_changing: bool
    created: When


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file to take away."""

    name: str
    size: str
    url: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """The page of a job."""

    line: JobLine
    dataset_id: str
    note: str
    """Why it is out of date, or was given up before a training."""
    training: Training | None
    """None where it was never tried."""
    start: Start | None
    """None while it is being trained."""
    can_cancel: bool
    """There is something to end."""
    change_url: str
    memory: str
    archive_url: str
    files: tuple[JobFile, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]
    origin: Origin | None
    """What its rows were made of, if they were made here."""


def job_lines(
    jobs: Sequence[Job],
    costs: Mapping[str, Sequence[CostRecord]],
    attempts: Mapping[str, Sequence[Attempt]],
    now: datetime,
) -> tuple[JobLine, ...]:
    """Jobs as lines, in their order."""
    return tuple(_line(job, costs[job.id], attempts[job.id], now) for job in jobs)


def job_page(
    seen: JobSeen,
    training: Training | None,
    start: Start | None,
    files: Mapping[str, int],
    now: datetime,
    change_url: str = "",
    *,
    is_own: bool = True,
    origin: Origin | None = None,
) -> JobPage:
    """The page. files: sizes in bytes by name; is_own: who looks may change it; origin: of its rows."""
    job, estimate = seen.job, newest(seen.costs, "estimate")
    planned = TrainingJob.model_validate(job.job)
    line = _line(job, seen.costs, seen.attempts, now)
    is_told = training is not None and job.status != "stale"
    may_end = training is not None and job.status in UNDER_WAY
    return JobPage(
        line=line,
        dataset_id=job.dataset_id,
        note="" if is_told else sentence(job.status_reason or ""),
        training=training,
        start=start if is_own else None,
        can_cancel=is_own and may_end and seen.attempts[-1].cancel_requested_at is None,
        change_url=change_url,
        memory=f"{estimate.peak_memory_gb:.1f} GB" if estimate and estimate.peak_memory_gb else "",
        archive_url=f"{line.url}/files.zip",
        files=tuple(JobFile(name, size(files[name]), f"/api{line.url}/files/{quote(name)}") for name in sorted(files)),
        reasons=reasons_of(planned),
        warnings=tuple(sentence(warning) for warning in planned.warnings),
        origin=origin,
    )


def _line(job: Job, costs: Sequence[CostRecord], attempts: Sequence[Attempt], now: datetime) -> JobLine:
    estimate, attempt = newest(costs, "estimate"), attempts[-1] if attempts else None
    cost = spent(attempt, costs, now)
    where = "" if are_hosted(job.targets) else f" on {times(job.gpu_count, job.gpu)}"
    trainers = ", ".join(BY_NAME[target].label for target in job.targets)
    return JobLine(
        id=job.id,
        url=job_url(job),
        name=job.name,
        badge=BADGES[job.status],
        what=f"{METHODS.get(job.method, job.method)}{where} with {trainers}",
        hours=span(estimate.hours) if estimate and estimate.hours is not None else "",
        cost=cost.expected,
        spent=cost.amount,
        progress=progress_of(attempt, attempts, now) if attempt else None,
        is_changing=attempt is not None and is_changing(attempt),
        created=when(job.created_at, now),
    )
