"""`lora-pipeline jobs create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_options import AsJson, Gpus, Method_, Provider, Settings_, Spot, Targets, in_options, read_setup
from pipeline.cli.jobs_shown import as_line, print_costs
from pipeline.cli.owner import Owner
from pipeline.cli.typer_internals import typed_options
from pipeline.errors import DatasetNotFound, UsageError
from pipeline.safe_text import shown

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.dataset_records import Dataset
    from pipeline.state.catalog.job_records import CostRecord, Job
    from pipeline.trainers.job import TrainingJob
    from pipeline.training.setup import Setup

_OF_THE_JOB = ("model", "preset", "gpu", "gpus", "method", "target", "set_")


def create(
    ctx: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="DATASET", help="An id, the beginning of one, or a name. Default: that of --from."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Of the catalogue, or the path of a config.json."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="JOB.JSON", help="Make this job, which `lora-pipeline plan` or a job has."),
    ] = None,
    preset: Annotated[str, typer.Option(metavar="PRESET", help="conservative, balanced or aggressive.")] = "balanced",
    gpu: Annotated[str, typer.Option(metavar="GPU", help="As the catalogue names it.")] = "A100-80GB-SXM",
    gpus: Gpus = 1,
    method: Method_ = None,
    target: Targets = "trl",
    set_: Settings_ = None,
    provider: Provider = None,
    spot: Spot = False,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Make a training job of a ready dataset: configs and data for each trainer, and what it will cost.

    The same again gives the same job. With `--from` it is the job of a file, its values and reasons; the dataset must
    have the same content. Exit code 1: it does not fit, a trainer refuses the dataset, or it is not ready.
    """
    settings, written = current_settings(), None
    if from_ is not None:
        setup, written = _of_file(ctx, from_, provider, spot)
    elif dataset is None or model is None:
        raise UsageError("expected DATASET and --model, or --from JOB.JSON; see lora-pipeline jobs create --help")
    else:
        setup = read_setup(model, preset, gpu, gpus, method, target, set_, provider, spot)
    with open_catalog(settings) as catalog:
        found = _find(catalog, owner or settings.default_owner, dataset, written)
        job = make_job(settings, catalog, found, setup, written)
        costs = catalog.costs_of([job.id])[job.id]
    if as_json:
        typer.echo(as_line(job, costs))
    else:
        _tell(job, costs)


def make_job(
    settings: "Settings", catalog: "Catalog", dataset: "Dataset", setup: "Setup", written: "TrainingJob | None" = None
) -> "Job":
    """Make the job of a set-up, or say why there can be none, and leave. written: the job that it has to be.

    Raises:
        DatasetNotReady: the dataset cannot be trained on.
        UsageError: another job than the written one would be made.
    """
    from dataclasses import replace

    from pipeline.clock import utc_now
    from pipeline.dataset.tokens import load_tokenizer
    from pipeline.flow.job_making import JobMaker, prepare
    from pipeline.flow.own_measurements import with_own_runs
    from pipeline.training.considering import Catalogues, NotPossible, consider
    from pipeline.training.jobs.job_file import as_written

    lake, now = connect_lake(settings), utc_now()
    prepared = prepare(lake, dataset)
    catalogues = with_own_runs(Catalogues.of_settings(settings, now.date()), catalog, dataset.user_id)
    considered = consider(prepared.facts, setup, catalogues)
    if isinstance(considered, NotPossible):
        complain(considered.explained(in_options))
        raise typer.Exit(NOT_READY)
    if written is not None:
        considered = replace(considered, job=as_written(considered.job, written))
    maker = JobMaker(catalog, lake, load_tokenizer(settings.tokenizer), run_id=None)
    return maker.make(prepared, considered, "person", now)


def _of_file(ctx: typer.Context, path: Path, provider: str | None, is_spot: bool) -> "tuple[Setup, TrainingJob]":
    """The set-up of a written job; at whose price is not of it."""
    from dataclasses import replace

    from pipeline.training.jobs.job_file import read_job, setup_of

    if given := typed_options(ctx, _OF_THE_JOB):
        raise UsageError(f"--from: expected no {given[0]} beside it, which the file decides, found one; leave out one")
    written = read_job(path)
    setup = setup_of(written)
    return replace(setup, provider=provider, price_kind="spot" if is_spot else "on-demand"), written


def _find(catalog: "Catalog", owner: str, dataset: str | None, written: "TrainingJob | None") -> "Dataset":
    """The dataset that is named, else that of the written job: by its id, or the name of what was uploaded."""
    if written is None or dataset is not None:
        found = catalog.find(owner, dataset or "")
    else:
        try:
            found = catalog.get(written.data.dataset_id, owner)
        except DatasetNotFound:
            found = catalog.find(owner, written.data.dataset_name)
    if written is not None and found.content_sha256 != written.data.content_sha256:
        raise UsageError(
            f"--from: expected a dataset with the content sha256 {written.data.content_sha256}, found {found.name} "
            f"(id {found.id}) with {found.content_sha256}; upload the file that the job was planned of"
        )
    return found


def _tell(job: "Job", costs: "list[CostRecord]") -> None:
    typer.echo(f"{job.id}: {job.status}")
    print_costs(costs)
    warnings = job.job.get("warnings")
    for warning in warnings if isinstance(warnings, list) else ():
        typer.echo(f"warning: {shown(str(warning))}", err=True)
    typer.echo(f"its files: lora-pipeline jobs files {job.id} -o FOLDER", err=True)
