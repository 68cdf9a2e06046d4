"""`lora-pipeline jobs create`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.dataset_options import Dataset_
from pipeline.cli.job_options import AsJson, Gpus, Method_, Provider, Settings_, Spot, Targets, in_options, read_setup
from pipeline.cli.jobs_shown import as_line, print_costs
from pipeline.cli.owner import Owner
from pipeline.safe_text import shown

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.job_records import CostRecord, Job
    from pipeline.training.setup import Setup


def create(
    dataset: Dataset_,
    model: Annotated[
        str,
        typer.Option("--model", metavar="MODEL", help="Of the catalogue, or the path of a config.json."),
    ],
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

    The same again gives the same job. Exit code 1: it does not fit, a trainer refuses the dataset, or it is not ready.
    """
    settings = current_settings()
    setup = read_setup(model, preset, gpu, gpus, method, target, set_, provider, spot)
    with open_catalog(settings) as catalog:
        job = make_job(settings, catalog, owner or settings.default_owner, dataset, setup)
        costs = catalog.costs_of([job.id])[job.id]
    if as_json:
        typer.echo(as_line(job, costs))
    else:
        _tell(job, costs)


def make_job(settings: "Settings", catalog: "Catalog", owner: str, dataset: str, setup: "Setup") -> "Job":
    """Make the job of a set-up, or say why there can be none, and leave.

    Raises:
        DatasetNotFound: the owner has no such dataset.
        DatasetNotReady: it cannot be trained on.
    """
    from pipeline.clock import utc_now
    from pipeline.dataset.tokens import load_tokenizer
    from pipeline.flow.job_making import JobMaker, prepare
    from pipeline.flow.own_measurements import with_own_runs
    from pipeline.training.considering import Catalogues, NotPossible, consider

    lake, now = connect_lake(settings), utc_now()
    prepared = prepare(lake, catalog.find(owner, dataset))
    catalogues = with_own_runs(Catalogues.of_settings(settings, now.date()), catalog, owner)
    considered = consider(prepared.facts, setup, catalogues)
    if isinstance(considered, NotPossible):
        complain(considered.explained(in_options))
        raise typer.Exit(NOT_READY)
    maker = JobMaker(catalog, lake, load_tokenizer(settings.tokenizer), run_id=None)
    return maker.make(prepared, considered, "person", now)


def _tell(job: "Job", costs: "list[CostRecord]") -> None:
    typer.echo(f"{job.id}: {job.status}")
    print_costs(costs)
    warnings = job.job.get("warnings")
    for warning in warnings if isinstance(warnings, list) else ():
        typer.echo(f"warning: {shown(str(warning))}", err=True)
    typer.echo(f"its files: lora-pipeline jobs files {job.id} -o FOLDER", err=True)
