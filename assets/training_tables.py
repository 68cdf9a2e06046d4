"""Training jobs and their costs as tables of the UI."""

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.partition_events import table
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.trainers.registry import HOSTED
from pipeline.wording import times

_JOB_COLUMNS = ("job", "status", "cost_usd", "hours", "peak_gb", "base_model", "method", "preset", "gpu", "trainers")
_COST_COLUMNS = ("job", "kind", "low", "expected", "high", "hours", "price", "provider", "as_of")


def job_table(jobs: Sequence[Job], costs: Mapping[str, Sequence[CostRecord]]) -> dg.TableMetadataValue:
    """Jobs, a row each, with their newest estimate. costs: by job, oldest first."""
    return table([_job_row(job, costs.get(job.id, ())) for job in jobs], _JOB_COLUMNS)


def cost_table(records: Sequence[CostRecord]) -> dg.TableMetadataValue:
    """Costs, a row each."""
    return table([_cost_row(record) for record in records], _COST_COLUMNS)


def _job_row(job: Job, costs: Sequence[CostRecord]) -> dict[str, object]:
    estimate = newest(costs, "estimate")
    return {
        "job": job.id,
        "status": job.status,
        "base_model": job.base_model,
        "method": job.method,
        "preset": job.preset,
        "gpu": "" if set(job.targets) <= HOSTED else times(job.gpu_count, job.gpu),
        "trainers": ", ".join(job.targets),
        "cost_usd": _rounded(estimate.cost_usd if estimate else None),
        "hours": _rounded(estimate.hours if estimate else None),
        "peak_gb": _rounded(estimate.peak_memory_gb if estimate else None),
    }


def _cost_row(record: CostRecord) -> dict[str, object]:
    price = "" if record.price_per_gpu_hour is None else f"{record.price_per_gpu_hour:g} {record.price_currency}"
    return {
        "job": record.job_id,
        "kind": record.kind,
        "low": _rounded(record.cost_usd_low),
        "expected": _rounded(record.cost_usd),
        "high": _rounded(record.cost_usd_high),
        "hours": _rounded(record.hours),
        "price": price,
        "provider": record.provider or "",
        "as_of": str(record.price_as_of or ""),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
