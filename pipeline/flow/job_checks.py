"""The checks that the training jobs of a dataset pass or fail, decided from what the catalog knows of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.catalogues.by_name import STALE_AFTER_DAYS
from pipeline.dataset.profiles.profile_checks import Figures
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.training.jobs.preset_rules import WARN_STEPS

NO_JOBS = "no jobs"
MAX_JOBS = 1_000  # of a dataset, as its page shows them


@dataclass(frozen=True, slots=True)
class JobsReport:
    """What is judged."""

    jobs: Sequence[Job]
    costs: Mapping[str, Sequence[CostRecord]]
    """By job."""
    not_possible: Sequence[Mapping[str, object]]
    """As plans keep it."""
    today: date
    """By which prices are old."""

    @property
    def current(self) -> list[Job]:
        """Jobs that may be started, or were."""
        return [job for job in self.jobs if job.status not in {"stale", "cancelled"}]

    @property
    def estimates(self) -> list[CostRecord]:
        """The newest estimate of each of them."""
        found = [newest(self.costs.get(job.id, ()), "estimate") for job in self.current]
        return [estimate for estimate in found if estimate is not None]


def report_of(catalog: Catalog, dataset_id: str, today: date) -> JobsReport:
    """What the catalog knows of a dataset's jobs."""
    jobs, plan = catalog.list_jobs(None, dataset_id, limit=MAX_JOBS).items, catalog.plan_of(dataset_id)
    costs = catalog.costs_of([job.id for job in jobs])
    return JobsReport(jobs, costs, (plan.not_possible if plan else None) or (), today)


@dataclass(frozen=True, slots=True)
class JobCheck:
    """A question about the jobs of a dataset."""

    name: str
    description: str
    asset: str
    """On whose page it stands."""
    is_error: bool
    decide: Callable[[JobsReport], tuple[bool, str]]
    figures: Callable[[JobsReport], Figures]
    """What was counted, by name, as Dagster plots it; what is not known is left out."""


def _fits(report: JobsReport) -> tuple[bool, str]:
    misfits = [str(each["reason"]) for each in report.not_possible if each["kind"] == "does-not-fit"]
    if misfits:
        return False, "; ".join(misfits)
    if not report.current:
        return True, NO_JOBS
    peaks = _peaks(report)
    if report.estimates and not peaks:
        return True, "providers train on machines of their own"
    tight = sum(estimate.fits == "tight" for estimate in report.estimates)
    may = f"; {tight} may not" if tight else ""
    return True, f"{len(report.current)} jobs fit, {max(peaks, default=0):.1f} GB at most are expected{may}"


def _steps(report: JobsReport) -> tuple[bool, str]:
    steps = _all_steps(report)
    if not steps:
        return True, NO_JOBS
    return min(steps) >= WARN_STEPS, f"{min(steps):,} optimiser steps or more; at least {WARN_STEPS} are wanted"


def _supervised(report: JobsReport) -> tuple[bool, str]:
    rows = _unsupervised(report)
    if not rows:
        return True, NO_JOBS
    return max(rows) == 0, f"{max(rows):,} rows have no answer within the length of a job, and are left out"


def _current(report: JobsReport) -> tuple[bool, str]:
    stale = [job for job in report.jobs if job.status == "stale"]
    if stale and not report.current:
        return False, f"{len(stale)} jobs are out of date, none is current: {stale[0].status_reason}"
    return True, f"{len(report.current)} current jobs, {len(stale)} out of date"


def _price(report: JobsReport) -> tuple[bool, str]:
    if not report.current:
        return True, NO_JOBS
    days = _ages(report)
    if len(days) < len(report.estimates):
        return False, f"{len(report.estimates) - len(days)} jobs have no price"
    oldest = max(days, default=0)
    return oldest <= STALE_AFTER_DAYS, f"prices are {oldest} days old; up to {STALE_AFTER_DAYS} are fresh"


def _peaks(report: JobsReport) -> list[float]:
    return [each.peak_memory_gb for each in report.estimates if each.peak_memory_gb is not None]


def _all_steps(report: JobsReport) -> list[int]:
    return [_number(job, "optimisation", "steps") for job in report.current]


def _unsupervised(report: JobsReport) -> list[int]:
    return [_number(job, "data", "rows_without_supervised_tokens") for job in report.current]


def _ages(report: JobsReport) -> list[int]:
    return [(report.today - each.price_as_of).days for each in report.estimates if each.price_as_of is not None]


def _known(**found: Sequence[float]) -> Figures:
    """The one that counts of each, where there is any."""
    return {name: values[0] for name, values in found.items() if values}


def _number(job: Job, part: str, name: str) -> int:
    section: Any = job.job[part]
    return int(section[name])


_CONFIGS, _COSTS = "training_job_configs", "cost_records"
JOB_CHECKS: tuple[JobCheck, ...] = (
    JobCheck(
        "fits_in_memory",
        "Every planned job fits into its GPU.",
        _CONFIGS,
        True,
        _fits,
        lambda report: {
            "jobs": len(report.current),
            "not_possible": len(report.not_possible),
            **_known(most_peak_memory_gb=sorted(_peaks(report), reverse=True)),
        },
    ),
    JobCheck(
        "enough_optimiser_steps",
        f"Every job makes at least {WARN_STEPS} steps.",
        _CONFIGS,
        False,
        _steps,
        lambda report: _known(least_steps=sorted(_all_steps(report))),
    ),
    JobCheck(
        "no_row_without_supervised_tokens",
        "Every row has something to learn within the length of the job.",
        _CONFIGS,
        False,
        _supervised,
        lambda report: _known(rows_left_out=sorted(_unsupervised(report), reverse=True)),
    ),
    JobCheck(
        "jobs_are_current",
        "There is a job that is true to the dataset as it is now.",
        _CONFIGS,
        False,
        _current,
        lambda report: {"current": len(report.current), "stale": sum(job.status == "stale" for job in report.jobs)},
    ),
    JobCheck(
        "price_fresh",
        f"Prices are at most {STALE_AFTER_DAYS} days old.",
        _COSTS,
        False,
        _price,
        lambda report: _known(oldest_price_days=sorted(_ages(report), reverse=True)),
    ),
)
