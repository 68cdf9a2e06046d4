"""Training jobs and their costs as tables and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from pipeline.cli.job_options import cell
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.safe_text import shown
from pipeline.wording import times

if TYPE_CHECKING:
    from pipeline.state.catalog.job_records import CostRecord, Job

COLUMNS = ("name", "status", "method", "gpu", "trainers", "cost_usd", "hours", "peak_gb", "fits", "id")
_COST_COLUMNS = ("kind", "cost_usd", "low", "high", "hours", "peak_gb", "fits", "price", "provider", "as_of", "source")


def row(job: "Job", costs: "Sequence[CostRecord]") -> TableRow:
    """A job as a row of COLUMNS, with its newest estimate."""
    from pipeline.state.catalog.costs import newest
    from pipeline.trainers.registry import are_hosted

    estimate = newest(costs, "estimate")
    return (
        job.name,
        job.status,
        job.method,
        "" if are_hosted(job.targets) else times(job.gpu_count, job.gpu),
        ", ".join(job.targets),
        cell(estimate.cost_usd if estimate else None),
        cell(estimate.hours if estimate else None),
        cell(estimate.peak_memory_gb if estimate else None),
        (estimate.fits if estimate else None) or "",
        job.id,
    )


def print_costs(costs: "Sequence[CostRecord]") -> None:
    """Every record of a job, oldest first."""
    print_table(_COST_COLUMNS, [_cost_row(record) for record in costs])


def print_fields(fields: "Sequence[tuple[str, object]]") -> None:
    """A line each, whole: reasons and places are longer than a table's cells."""
    width = max((len(name) for name, _ in fields), default=0)
    for name, value in fields:
        typer.echo(f"{name:<{width}}  {shown(str(value))}")


def as_line(job: "Job", costs: "Sequence[CostRecord]") -> str:
    """A job with its costs as one line of JSON; times as ISO 8601."""
    return json.dumps(asdict(job) | {"costs": [asdict(record) for record in costs]}, default=str)


def _cost_row(record: "CostRecord") -> TableRow:
    price = "" if record.price_per_gpu_hour is None else f"{record.price_per_gpu_hour:g} {record.price_currency}"
    return (
        record.kind,
        cell(record.cost_usd),
        cell(record.cost_usd_low),
        cell(record.cost_usd_high),
        cell(record.hours),
        cell(record.peak_memory_gb),
        record.fits or "",
        price,
        record.provider or "",
        str(record.price_as_of or ""),
        record.source,
    )
