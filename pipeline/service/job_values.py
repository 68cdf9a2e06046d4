"""Training jobs as the contract shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.values import JobCost, JobDetails, JobSummary
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job


def job_summaries(jobs: Sequence[Job], costs: Mapping[str, Sequence[CostRecord]]) -> list[JobSummary]:
    """Jobs as lists show them, in their order."""
    return [JobSummary(**_fields(job, costs[job.id])) for job in jobs]


def job_details(job: Job, costs: Sequence[CostRecord]) -> JobDetails:
    """A job with all that is known of it."""
    return JobDetails(
        **_fields(job, costs),
        content_sha256=job.content_sha256,
        split_fingerprint=job.split_fingerprint,
        code_version=job.code_version,
        costs=[JobCost(**{name: getattr(cost, name) for name in JobCost.model_fields}) for cost in costs],
        settings=job.job,
    )


def _fields(job: Job, costs: Sequence[CostRecord]) -> dict[str, Any]:
    """Of a summary: those of the job's row, and what is read of its settings and its newest estimate."""
    data, estimate = job.job["data"], newest(costs, "estimate")
    others = {
        "dataset_name": data["dataset_name"] if isinstance(data, dict) else "",
        "cost_usd": _range(estimate, "cost_usd"),
        "hours": _range(estimate, "hours"),
    }
    return {name: getattr(job, name) for name in JobSummary.model_fields if name not in others} | others


def _range(estimate: CostRecord | None, figure: str) -> EstimatedRange | None:
    low, expected, high = (getattr(estimate, f"{figure}{bound}", None) for bound in ("_low", "", "_high"))
    if low is None or expected is None or high is None:
        return None
    return EstimatedRange(low=low, expected=expected, high=high)
