"""`lora-pipeline jobs add-cost` and `jobs report`: what is known only once a job was trained."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.job_options import Job_
from pipeline.cli.job_watch import Attempt_, chosen_attempt
from pipeline.cli.jobs_shown import print_costs
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import REPORTED_STATUSES

if TYPE_CHECKING:
    from pipeline.state.catalog.job_records import Artifact, MetricsPoint

_NO_METRICS = {"step", "epoch", "total_flos"}  # of TRL's log: places and sums, no figures at a step


def add_cost(
    job: Job_,
    cost: Annotated[float, typer.Option("--cost", metavar="USD", min=0, help="US dollars that it did cost.")],
    source: Annotated[str, typer.Option(metavar="TEXT", help="Where that stands: an invoice, a bill.")],
    hours: Annotated[float | None, typer.Option(metavar="N", min=0, help="Hours that it took.")] = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Who was paid.")] = None,
    attempt: Attempt_ = None,
    owner: Owner = None,
) -> None:
    """Add what an attempt at a job did cost, beside its estimate, which stays; the last one told counts."""
    from pipeline.clock import utc_now
    from pipeline.state.catalog.job_records import NewCost

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.find_job(user, job)
        was_started = attempt is not None or catalog.attempts_of([found.id])[found.id]
        of = chosen_attempt(catalog, found.id, attempt).id if was_started else None
        actual = NewCost("actual", cost, hours, source, provider=provider, attempt_id=of)
        catalog.add_cost(found.id, user, actual, utc_now())
        print_costs(catalog.costs_of([found.id])[found.id])


def report(
    job: Job_,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help=f"One of {', '.join(REPORTED_STATUSES)}.")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why it failed.")] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TRL's trainer_state.json, or JSON Lines with a step and figures."),
    ] = None,
    artifact: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="A file or folder that it left; may be given again.")
    ] = None,
    owner: Owner = None,
) -> None:
    """Note how a training goes: its status, its figures, the adapter that it left. The same again changes nothing."""
    from pipeline.clock import utc_now

    if status is not None and status not in REPORTED_STATUSES:
        raise UsageError(f"--status: expected one of {', '.join(REPORTED_STATUSES)}, found {status!r}")
    settings = current_settings()
    user = owner or settings.default_owner
    points = list(_read_metrics(metrics)) if metrics else []
    artifacts = [_describe(path) for path in artifact or ()]
    with open_catalog(settings) as catalog:
        found = catalog.find_job(user, job)
        told = catalog.report_job(found.id, user, utc_now(), status, reason, points, artifacts)
    typer.echo(f"{told.id}: {told.status}, {len(points)} figures, {len(artifacts)} artifacts")


def _read_metrics(path: Path) -> "Iterator[MetricsPoint]":
    from pipeline.state.catalog.job_records import MetricsPoint

    text = path.read_text("utf-8")
    try:
        rows = _log_of(text)
    except ValueError as error:
        raise UsageError(f"--metrics: {path}: expected JSON, found {error}") from None
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("step"), int):
            raise UsageError(f"--metrics: {path}: expected rows with a step, found {json.dumps(row)[:80]}")
        for name, value in row.items():
            is_figure = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if is_figure and name not in _NO_METRICS:
                yield MetricsPoint(name, row["step"], float(value))


def _log_of(text: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict) and isinstance(whole.get("log_history"), list):
        return list(whole["log_history"])
    return whole if isinstance(whole, list) else [whole]


def _describe(path: Path) -> "Artifact":
    """A file with its hash, or a folder with its size."""
    from pipeline.state.catalog.job_records import Artifact
    from pipeline.state.checksums import sha256_of

    if path.is_dir():
        size_bytes = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        kind = "adapter" if (path / "adapter_config.json").is_file() else "folder"
        return Artifact(kind, str(path.resolve()), size_bytes)
    return Artifact("file", str(path.resolve()), path.stat().st_size, sha256_of(path))
