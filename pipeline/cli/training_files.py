"""`lora-pipeline training-files`: list, show, send on and copy them; building them is in `training_file_builds.py`."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog
from pipeline.cli.job_options import AsJson
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import print_table
from pipeline.cli.training_file_builds import build, preview, rebuild
from pipeline.cli.training_files_shown import COLUMNS, File_, fields_of, print_files, row
from pipeline.errors import LakeError, UsageError
from pipeline.state.checksums import sha256_of
from pipeline.wording import count_of

training_files = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Preview, build, list, copy and send on training files of accepted conversations.",
)
for command in (preview, build):
    training_files.command()(command)


@training_files.command("list")
def list_(
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Files of all owners.")] = False,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List training files, newest first."""
    settings = current_settings()
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found, total = catalog.list_training_files(user, page, limit), catalog.count_training_files(user)
    if as_json:
        for file in found:
            typer.echo(json.dumps(asdict(file), default=str))
    else:
        print_table(COLUMNS, [row(file) for file in found], whole=1, least=10)
        typer.echo(how_many_of(len(found), total, "training files", user), err=True)


@training_files.command()
def show(file: File_, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show all that is known of a training file: what it was chosen by, its forms with checksums, its conversations."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_training_file(owner or settings.default_owner, file)
        members = catalog.conversations_of_file(found.id)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"members": [asdict(each) for each in members]}, default=str))
        return
    print_fields(list(fields_of(found)))
    print_files(found)
    rows = [
        (each.conversation_id, each.version, each.told.get("quality_tier"), each.told.get("split")) for each in members
    ]
    print_table(("conversation", "version", "quality", "split"), rows, max_rows=100, whole=1)


@training_files.command()
def send(file: File_, owner: Owner = None) -> None:
    """Put a training file where uploads land: it becomes a dataset, and is validated like any other, once."""
    from pipeline.clock import utc_now
    from pipeline.flow.generation.training_file_building import send_to_datasets

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_training_file(owner or settings.default_owner, file)
        places = (connect_lake(settings), connect_store(settings), settings)
        dataset = send_to_datasets(catalog, *places, found, utc_now())
    typer.echo(f"{dataset.id}: {dataset.status}")
    typer.echo(f"how it is: lora-pipeline datasets show {dataset.id}", err=True)


training_files.command()(rebuild)


@training_files.command()
def download(
    file: File_,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A folder for them.")],
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME", help="One of its forms, as native.jsonl. Default: all.")
    ] = None,
    owner: Owner = None,
) -> None:
    """Copy the forms of a training file into a folder, and compare their checksums."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_training_file(owner or settings.default_owner, file)
    if only is not None and only not in found.files:
        raise UsageError(f"--only: expected one of {', '.join(sorted(found.files))}, found {only!r}")
    lake = connect_lake(settings)
    names = sorted(found.files) if only is None else [only]
    output.mkdir(parents=True, exist_ok=True)
    for name in names:
        place = output / name
        with lake.fetch_made("training_files", found.id, name) as path:
            shutil.copyfile(path, place)
        if (is_now := sha256_of(place)) != (expected := found.files[name]["sha256"]):
            raise LakeError(f"{place}: expected the checksum {expected}, found {is_now}: the lake's copy is damaged")
    typer.echo(f"{count_of(len(names), 'file')} in {output}")
