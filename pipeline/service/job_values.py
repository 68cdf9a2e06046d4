"""Training jobs as the contract shows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.contract.training_values import JobRemedy, SettingChange
from pipeline.contract.values import JobCost, JobDetails, JobSummary
from pipeline.flow.remedies import Changed, remedy_for
from pipeline.flow.spending import estimated
from pipeline.service.attempt_values import attempt_value, progress_of
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.trainers.job import TrainingJob


def job_summaries(
    jobs: Sequence[Job], costs: Mapping[str, Sequence[CostRecord]], newest_attempts: Mapping[str, Attempt]
) -> list[JobSummary]:
    """Jobs as lists show them, in their order. newest_attempts: by job, of those that have one."""
    return [JobSummary(**_fields(job, costs[job.id], newest_attempts.get(job.id))) for job in jobs]


def job_details(job: Job, costs: Sequence[CostRecord], attempt: Attempt | None, now: datetime) -> JobDetails:
    """A job with all that is known of it. attempt: its newest."""
    return JobDetails(
        **_fields(job, costs, attempt),
        attempt=attempt_value(attempt, now) if attempt else None,
        remedy=_remedy(job, attempt) if attempt else None,
        content_sha256=job.content_sha256,
        split_fingerprint=job.split_fingerprint,
        code_version=job.code_version,
        costs=[JobCost(**{name: getattr(cost, name) for name in JobCost.model_fields}) for cost in costs],
        settings=job.job,
    )


def _remedy(job: Job, attempt: Attempt) -> JobRemedy | None:
    failure = attempt.failure_class if attempt.state == "failed" else None
    found = remedy_for(TrainingJob.model_validate(job.job), failure)
    if found is None:
        return None
    return JobRemedy(sentence=found.sentence, changes=changes_of(found.changes), overrides=found.overrides)


def changes_of(changes: Sequence[Changed]) -> list[SettingChange]:
    """What another job has otherwise."""
    return [SettingChange(setting=each.setting, before=each.before, after=each.after) for each in changes]


def _fields(job: Job, costs: Sequence[CostRecord], attempt: Attempt | None) -> dict[str, Any]:
    """Of a summary: those of the job's row, and what is read of its settings, newest estimate and newest attempt."""
    data, estimate = job.job["data"], newest(costs, "estimate")
    others = {
        "dataset_name": data["dataset_name"] if isinstance(data, dict) else "",
        "cost_usd": estimated(estimate, "cost_usd"),
        "hours": estimated(estimate, "hours"),
        "progress": progress_of(attempt) if attempt else None,
    }
    return {name: getattr(job, name) for name in JobSummary.model_fields if name not in others} | others
