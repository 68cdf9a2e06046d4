"""`lora-pipeline models`: list, show, take away, rename and delete the models that trainings left."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_options import AsJson, cell
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.errors import LakeError, UsageError
from pipeline.state.checksums import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.state.catalog.attempt_records import Evaluation, Model
    from pipeline.state.lake import Lake

models = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, show, copy, rename and delete the models that trainings left."
)
COLUMNS = ("name", "version", "kind", "base model", "loss before", "loss", "MB", "id", "hosted as")
Model_ = Annotated[str, typer.Argument(metavar="MODEL", help="An id, the beginning of one, or a name.")]


@models.command("list")
def list_(
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Models of all owners.")] = False,
    job: Annotated[str | None, typer.Option(metavar="JOB", help="Only the models of a job.")] = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many models on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List models, newest first, with how good each is on the rows kept back."""
    settings = current_settings()
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        job_id = catalog.find_job(user, job).id if job else None
        found = catalog.list_models(user, job_id, page, limit)
        evaluations = catalog.evaluations_of([model.attempt_id for model in found.items])
    if as_json:
        for model in found.items:
            typer.echo(_as_line(model, evaluations[model.attempt_id]))
    else:
        print_table(COLUMNS, [_row(model, evaluations[model.attempt_id]) for model in found.items])
        typer.echo(how_many_of(len(found.items), found.total, "models", user), err=True)


@models.command()
def show(model: Model_, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show all that is known of a model: where it comes from, how good it is, what it did cost, its files."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_model(owner or settings.default_owner, model)
        evaluations = catalog.evaluations_of([found.attempt_id])[found.attempt_id]
        costs = [each for each in catalog.costs_of([found.job_id])[found.job_id] if each.attempt_id == found.attempt_id]
    if as_json:
        typer.echo(_as_line(found, evaluations))
        return
    known = ("id", "name", "version", "description", "kind", "base_model", "dataset_id", "job_id", "attempt_id")
    places = ("hosted_as", "files_uri", "manifest_sha256", "created_at")
    values = [(name, getattr(found, name)) for name in (*known, *places)]
    print_fields([(name, value) for name, value in values if value is not None])
    if evaluations:
        print_table(("moment", "figure", "value"), [(each.moment, each.name, each.value) for each in evaluations])
    if costs:
        print_fields([("cost_usd", costs[-1].cost_usd), ("source", costs[-1].source)])
    _print_files(found)


@models.command()
def files(
    model: Model_,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Copy them there. Default: only list them.")
    ] = None,
    owner: Owner = None,
) -> None:
    """List a model's files with their checksums, or copy them into a folder and compare these."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_model(owner or settings.default_owner, model)
    if output is None:
        _print_files(found)
        return
    lake = connect_lake(settings)
    for name in found.files:
        _copy(lake, found, name, output / name)
    typer.echo(f"{len(found.files)} files in {output}")


@models.command()
def rename(
    model: Model_,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Its new name.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is, in words.")] = None,
    owner: Owner = None,
) -> None:
    """Give a model another name, or a description."""
    from pipeline.contract.model_values import MAX_MODEL_DESCRIPTION_CHARACTERS, MAX_MODEL_NAME_CHARACTERS

    if name is None and description is None:
        raise UsageError("expected a name or --description, found neither; give what it is to be called")
    for said, most in ((name, MAX_MODEL_NAME_CHARACTERS), (description, MAX_MODEL_DESCRIPTION_CHARACTERS)):
        if said is not None and len(said) > most:
            raise UsageError(f"expected at most {most:,} characters, found {len(said):,}: shorten it")
    if name is not None and not name.strip():
        raise UsageError("NAME: expected something to see, found blanks; give what it is to be called")
    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.describe_model(catalog.find_model(user, model).id, user, name, description)
    typer.echo(f"{found.id}: {found.name}")


@models.command()
def delete(model: Model_, owner: Owner = None) -> None:
    """Take a model out of the lists; its files stay in the lake."""
    from pipeline.clock import utc_now

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.find_model(user, model)
        catalog.delete_model(found.id, user, utc_now())
    typer.echo(f"{found.id}: deleted; its files stay at {found.files_uri}")


def _row(model: "Model", evaluations: "Sequence[Evaluation]") -> TableRow:
    losses = {each.moment: each.value for each in evaluations if each.name == "eval_loss"}
    quality = (cell(losses.get("before")), cell(losses.get("after")))
    what = (model.name, model.version, model.kind, model.base_model)
    return (*what, *quality, cell(model.size_bytes / 1e6), model.id, model.hosted_as or "")


def _as_line(model: "Model", evaluations: "Sequence[Evaluation]") -> str:
    hosted = {"hosted_as": model.hosted_as}
    return json.dumps(asdict(model) | hosted | {"evaluations": [asdict(each) for each in evaluations]}, default=str)


def _print_files(model: "Model") -> None:
    rows = [(name, each["size_bytes"], each["sha256"]) for name, each in sorted(model.files.items())]
    print_table(("file", "size_bytes", "sha256"), rows)


def _copy(lake: "Lake", model: "Model", name: str, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with lake.fetch_model_file(model.attempt_id, name) as path:
        shutil.copyfile(path, place)
    if (found := sha256_of(place)) != (expected := model.files[name]["sha256"]):
        raise LakeError(f"{place}: expected the checksum {expected}, found {found}: the lake's copy is damaged")
