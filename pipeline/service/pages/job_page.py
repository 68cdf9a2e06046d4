"""Training jobs: the list of them, and the page of one with its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.service.pages.train_choices import METHODS
from pipeline.service.pages.train_plan import Reason, reasons_of
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.catalog.statuses import JobStatus
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME, are_hosted
from pipeline.wording import sentence, size, span, times, usd

BADGES: dict[JobStatus, Badge] = {
    "configured": Badge("Ready to run", "good"),
    "stale": Badge("Out of date", "warning"),
    "cancelled": Badge("Cancelled", "info"),
    "running": Badge("Running", "info", is_moving=True),
    "succeeded": Badge("Succeeded", "good"),
    "failed": Badge("Failed", "bad"),
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list. hours, cost: as expected; empty where they are not known."""

    id: str
    url: str
    name: str
    badge: Badge
    what: str
    hours: str
    cost: str
    created: When


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file to take away."""

    name: str
    size: str
    url: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """The page of a job. note: why it is out of date or failed."""

    line: JobLine
    dataset_id: str
    note: str
    memory: str
    archive_url: str
    files: tuple[JobFile, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]


def job_lines(jobs: Sequence[Job], costs: Mapping[str, Sequence[CostRecord]], now: datetime) -> tuple[JobLine, ...]:
    """Jobs as lines, in their order."""
    return tuple(_line(job, newest(costs[job.id], "estimate"), now) for job in jobs)


def job_page(job: Job, costs: Sequence[CostRecord], files: Mapping[str, int], now: datetime) -> JobPage:
    """The page. files: sizes in bytes by name."""
    estimate = newest(costs, "estimate")
    planned = TrainingJob.model_validate(job.job)
    line = _line(job, estimate, now)
    return JobPage(
        line=line,
        dataset_id=job.dataset_id,
        note=sentence(job.status_reason or ""),
        memory=f"{estimate.peak_memory_gb:.1f} GB" if estimate and estimate.peak_memory_gb else "",
        archive_url=f"{line.url}/files.zip",
        files=tuple(JobFile(name, size(files[name]), f"/api{line.url}/files/{quote(name)}") for name in sorted(files)),
        reasons=reasons_of(planned),
        warnings=tuple(sentence(warning) for warning in planned.warnings),
    )


def _line(job: Job, estimate: CostRecord | None, now: datetime) -> JobLine:
    where = "" if are_hosted(job.targets) else f" on {times(job.gpu_count, job.gpu)}"
    trainers = ", ".join(BY_NAME[target].label for target in job.targets)
    return JobLine(
        id=job.id,
        url=f"/jobs/{quote(job.id)}",
        name=job.name,
        badge=BADGES[job.status],
        what=f"{METHODS.get(job.method, job.method)}{where} with {trainers}",
        hours=span(estimate.hours) if estimate and estimate.hours is not None else "",
        cost=usd(estimate.cost_usd) if estimate and estimate.cost_usd is not None else "",
        created=when(job.created_at, now),
    )
