"""`lora-pipeline upload`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import connect_store, current_settings, open_catalog
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.catalog.records import Dataset
    from pipeline.settings import Settings

_POLL_S = 0.5


def upload(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A dataset in JSON Lines.")],
    owner: Owner = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="File name in the store. Default: the file's own.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the verdict; exit code 1 if it is an error.")] = False,
) -> None:
    """Put a file into the store and register it; the pipeline validates it within seconds.

    Other bytes under a name that was used before are a new dataset, which takes the place of the old one.
    """
    settings = current_settings()
    dataset = _put(settings, file, owner or settings.default_owner, name or file.name)
    typer.echo(f"{dataset.id}: {dataset.status}")
    if wait:
        dataset = _wait(settings, dataset.id)
        typer.echo(f"{dataset.id}: {dataset.status}")
    else:
        typer.echo(f"watch it: lora-pipeline datasets show {dataset.id}", err=True)
    if dataset.status == "error":
        raise typer.Exit(NOT_READY)


def _put(settings: "Settings", file: Path, owner: str, name: str) -> "Dataset":
    from pipeline.intake import new_uploads
    from pipeline.store import safe_key
    from pipeline.validation import utc_now

    if not file.is_file():
        raise UsageError(f"{file}: expected a file, found {'a folder' if file.is_dir() else 'nothing'}")
    store = connect_store(settings)
    with file.open("rb") as source:
        stored = store.put(safe_key(owner, name), source, file.stat().st_size)
    [new] = new_uploads(store, [stored], settings.max_upload_bytes)
    with open_catalog(settings) as catalog:
        catalog.register_uploads([new], utc_now())
        return catalog.get(new.dataset_id)


def _wait(settings: "Settings", dataset_id: str) -> "Dataset":
    with open_catalog(settings) as catalog:
        while (dataset := catalog.get(dataset_id)).status == "validating":
            time.sleep(_POLL_S)
        return dataset
