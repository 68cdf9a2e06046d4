"""`lora-pipeline jobs`: list, show, files; the other commands of the group are in modules of their own."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_compare import compare
from pipeline.cli.job_create import create
from pipeline.cli.job_options import AsJson, Job_
from pipeline.cli.job_reports import add_cost, report
from pipeline.cli.job_start import cancel, retry, start
from pipeline.cli.job_watch import attempts, logs, metrics, print_attempts, watch
from pipeline.cli.jobs_shown import COLUMNS, as_line, print_costs, print_fields, row
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.state.catalog.statuses import JOB_STATUSES
from pipeline.trainers.registry import are_hosted

if TYPE_CHECKING:
    from pipeline.state.catalog.job_records import Job

jobs = typer.Typer(
    cls=Group, no_args_is_help=True, help="Make, compare, list, show, start, watch and cancel training jobs."
)
for command in (create, compare, start, watch, retry, cancel, attempts, logs, metrics):
    jobs.command()(command)


@jobs.command("list")
def list_(
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Jobs of all owners.")] = False,
    dataset: Annotated[str | None, typer.Option(metavar="DATASET", help="Only the jobs of a dataset.")] = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help=f"One of {', '.join(JOB_STATUSES)}.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A piece of the name, which has dataset and base model.")
    ] = None,
    sort: Annotated[str, typer.Option(metavar="ORDER", help="created: newest first; cost: dearest.")] = "created",
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many jobs on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List training jobs with what they are expected to cost."""
    from pipeline.state.catalog.job_records import JOB_SORTS  # many records, which the help does not need

    settings = current_settings()
    if status is not None and status not in JOB_STATUSES:
        raise UsageError(f"--status: expected one of {', '.join(JOB_STATUSES)}, found {status}")
    order = next((each for each in JOB_SORTS if each == sort), None)
    if order is None:
        raise UsageError(f"--sort: expected one of {', '.join(JOB_SORTS)}, found {sort}")
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        of_dataset = catalog.find(user, dataset) if dataset else None
        dataset_id = of_dataset.id if of_dataset else None
        found = catalog.list_jobs(user, dataset_id, status, page, limit, search, order)
        costs = catalog.costs_of([job.id for job in found.items])
        why = catalog.why_no_jobs(of_dataset) if of_dataset else ""
    if as_json:
        for job in found.items:
            typer.echo(as_line(job, costs[job.id]))
    else:
        print_table(COLUMNS, [row(job, costs[job.id]) for job in found.items])
        typer.echo(how_many_of(len(found.items), found.total, "jobs", user), err=True)
    if why:
        typer.echo(shown(why), err=True)


@jobs.command()
def show(job: Job_, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show all that is known of a job: its values with their reasons, its costs, its files, its attempts."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
        costs = catalog.costs_of([found.id])[found.id]
        tries = catalog.attempts_of([found.id])[found.id]
        points, artifacts = catalog.metrics_of(found.id), catalog.artifacts_of(found.id)
    if as_json:
        typer.echo(as_line(found, costs))
        return
    where = () if are_hosted(found.targets) else ("gpu", "gpu_count")
    known = ("id", "status", "status_reason", "dataset_id", "base_model", "method", "preset", *where)
    places = ("split_fingerprint", "validation_run_id", "run_id", "code_version", "files_uri")
    values = [(name, getattr(found, name)) for name in (*known, *places)]
    print_fields([(name, value) for name, value in values if value is not None])
    print_costs(costs)
    print_fields(_explanations(found))
    for warning in _texts(found, "warnings"):
        typer.echo(f"warning: {shown(warning)}")
    lake = connect_lake(settings)
    files = lake.job_files(found.id)
    print_table(("file", "size_bytes"), list(files.items()))
    if not files:
        typer.echo(f"warning: expected its files at {lake.job_uri(found.id)}, found none; check LORA_LAKE", err=True)
    if tries:
        print_attempts(tries)
    if points:
        last = {point.name: (point.name, point.step, point.value) for point in points}
        print_table(("metric", "last step", "value"), list(last.values()))
    if artifacts:
        print_fields([(each.kind, each.storage_path) for each in artifacts])


@jobs.command()
def files(
    job: Job_,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Copy them there. Default: only list them.")
    ] = None,
    owner: Owner = None,
) -> None:
    """List a job's files, or copy them into a folder: configs and data as each trainer reads them."""
    from pipeline.state.lake import existing_job_files

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
    lake = connect_lake(settings)
    names = existing_job_files(lake, found.id)
    if output is None:
        print_table(("file", "size_bytes"), list(names.items()))
        return
    for name in names:
        place = output / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with lake.fetch_job_file(found.id, name) as path:
            shutil.copyfile(path, place)
    typer.echo(f"{len(names)} files in {output}")
    if found.status == "stale":
        typer.echo(f"warning: this job is stale: {found.status_reason}", err=True)


for later in (add_cost, report):
    jobs.command()(later)


def _explanations(job: "Job") -> list[tuple[str, object]]:
    rows = job.job.get("explanations")
    return [(each["setting"], f"{each['value']}, {each['because']}") for each in rows] if isinstance(rows, list) else []


def _texts(job: "Job", name: str) -> list[str]:
    found = job.job.get(name)
    return [str(each) for each in found] if isinstance(found, list) else []
