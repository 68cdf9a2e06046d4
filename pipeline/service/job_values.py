"""Training jobs as the contract shows them."""

from collections.abc import Sequence

from pipeline.contract.values import JobCost, JobDetails, JobSummary
from pipeline.state.catalog.job_records import CostRecord, Job


def job_summary(job: Job) -> JobSummary:
    """A job as lists show it."""
    return JobSummary(**{name: getattr(job, name) for name in JobSummary.model_fields})


def job_details(job: Job, costs: Sequence[CostRecord]) -> JobDetails:
    """A job with all that is known of it."""
    return JobDetails(
        **{name: getattr(job, name) for name in JobSummary.model_fields},
        content_sha256=job.content_sha256,
        split_fingerprint=job.split_fingerprint,
        code_version=job.code_version,
        costs=[JobCost(**{name: getattr(cost, name) for name in JobCost.model_fields}) for cost in costs],
        settings=job.job,
    )
