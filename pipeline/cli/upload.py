"""`lora-pipeline upload`."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.chosen_files import UploadMappingOption
from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import connect_store, current_settings, open_catalog
from pipeline.cli.owner import Owner
from pipeline.errors import ServiceError, StoreError, UsageError

if TYPE_CHECKING:
    from pipeline.cli.upload_shards import ShardsThere, ShardsToPut
    from pipeline.settings import Settings
    from pipeline.state.catalog.dataset_records import Dataset
    from pipeline.state.store import Store, StoredObject

_POLL_S = 0.5


def upload(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A dataset: JSON Lines, JSON, CSV, TSV or Parquet, also packed (gzip, Zstandard, zip, tar). With "
            "--as-one a folder, or a pattern in quotes, also of objects that are in the store: s3://…/*.jsonl.gz.",
        ),
    ],
    owner: Owner = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="File name in the store. Default: the file's own.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send it to the service there, such as http://127.0.0.1:8000."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="LORA_TOKEN", metavar="TOKEN", help="Opens the service; better in LORA_TOKEN.")
    ] = None,
    mapping: UploadMappingOption = None,
    as_one: Annotated[
        bool,
        typer.Option(
            "--as-one",
            help="Put the files of a folder into the store as shards, which a manifest makes one dataset; of objects "
            "that are there, the manifest alone.",
        ),
    ] = False,
    replaces: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET", help="With --server: the dataset whose next version this is; it leaves the lists."
        ),
    ] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --server: what people read beside its name.")
    ] = None,
    expected_format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="With --server: the format you expect, shown until there is a verdict."
        ),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="DATASET", help="Go on with an upload to a service that broke off.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the verdict; exit code 1 if it is an error, 3 if there is none.")
    ] = False,
) -> None:
    """Put a file into the store and register it; the pipeline, where it runs, validates it within seconds.

    Other bytes under a name that was used before are a new dataset, which takes the place of the old one.
    """
    kept = _stored(mapping)
    if server is not None:
        if as_one:
            raise UsageError(f"--as-one: expected no --server, found one; {_instead(file)}")
        said = {"mapping": kept, "replaces": replaces, "description": description, "format": expected_format}
        _send(server, token, Path(file), name, resume, wait, said)
        return
    if replaces is not None:
        raise UsageError("--replaces: expected --server as well, found none; here the same --name replaces a file")
    for option, given in (("--resume", resume), ("--description", description), ("--format", expected_format)):
        if given is not None:
            raise UsageError(f"{option}: expected --server as well, found none; give the service's address")
    settings = current_settings()
    owner = owner or settings.default_owner
    dataset = _put(settings, _to_put(file, owner, name, as_one=as_one), owner, kept)
    typer.echo(f"{dataset.id}: {dataset.status}")
    if dataset.user_id != owner:
        typer.echo(f"the owner's name cannot be a folder's: find it with --owner {dataset.user_id}", err=True)
    if wait:
        if dataset.status == "validating":
            typer.echo("waiting for the pipeline, which lora-pipeline dev runs; Ctrl-C ends only the waiting", err=True)
        dataset = _wait(settings, dataset.id)
        typer.echo(f"{dataset.id}: {dataset.status}")
    else:
        typer.echo(f"watch it, while lora-pipeline dev runs: lora-pipeline datasets show {dataset.id}", err=True)
    _exit(dataset.status, dataset.failure)


def _instead(file: str) -> str:
    """What a service takes of a dataset of several files."""
    from pipeline.cli.upload_shards import is_address
    from pipeline.state.store.upload_identity import MANIFEST_SUFFIX

    if is_address(file):
        return f"send a file NAME{MANIFEST_SUFFIX} that holds {json.dumps({'shards': [file]})}"
    return f"send the files packed: tar -czf {Path(file).name or 'data'}.tar.gz {file}"


def _stored(mapping: str | None) -> str | None:
    """What is kept with the dataset: the mapping itself, as its file may be anywhere."""
    if mapping is None:
        return None
    from pipeline.dataset.formats.mapping import stored_mapping
    from pipeline.state.catalog.dataset_records import NO_MAPPING

    return NO_MAPPING if mapping.strip() == NO_MAPPING else stored_mapping(mapping)


def _send(
    server: str,
    token: str | None,
    file: Path,
    name: str | None,
    resume_id: str | None,
    wait: bool,
    said: dict[str, str | None],
) -> None:
    """Send it to a service. said: what the API takes with an upload."""
    from pipeline.cli.progress import progress_bar
    from pipeline.client import Client
    from pipeline.client.stored_checksums import check_content
    from pipeline.state.store.upload_identity import MANIFEST_SUFFIX

    if not token:
        raise UsageError("--token: expected the service's token, found none; set LORA_TOKEN")
    size_bytes = file.stat().st_size if file.is_file() else None
    with Client(server, token) as client:
        with progress_bar(file.name, size_bytes, "comparing checksums") as tell:
            dataset = client.upload(file, name=name, resume_id=resume_id, tell=tell, **said)
        typer.echo(f"{dataset.id}: {dataset.status}")
        if wait:
            dataset = client.wait(dataset.id)
            typer.echo(f"{dataset.id}: {dataset.status}")
            is_of_file = dataset.content_sha256 and not file.name.endswith(MANIFEST_SUFFIX)  # else of the shards' text
            check_content(file, f"sha256:{dataset.content_sha256}" if is_of_file else "", [])
    _exit(dataset.status, dataset.failure)


def _exit(status: str, failure: str | None) -> None:
    if status == "failed":
        raise ServiceError(f"the service could not validate it and goes on trying: {failure or 'no reason is known'}")
    if status == "error":
        raise typer.Exit(NOT_READY)


@dataclass(frozen=True, slots=True)
class _FileToPut:
    """A file of the disk that becomes an upload."""

    file: Path
    key: str
    """Where."""

    def size_in(self, _store: "Store") -> int:
        return self.file.stat().st_size

    def put(self, store: "Store") -> "StoredObject":
        with self.file.open("rb") as source:
            return store.put(self.key, source, self.size_in(store))


def _to_put(named: str, owner: str, name: str | None, *, as_one: bool) -> "_FileToPut | ShardsToPut | ShardsThere":
    from pipeline.cli.upload_shards import is_address, shards_there, shards_to_put
    from pipeline.state.store import safe_key

    file = Path(named)
    if as_one and is_address(named):
        return shards_there(named, owner, name)
    if as_one:
        return shards_to_put(str(file), owner, name or file.resolve().name.partition("*")[0] or "data")
    if is_address(named):
        raise UsageError(
            f"{named}: expected a file, found an address; objects of the store become a dataset with --as-one"
        )
    if not file.is_file():
        pack = f"a folder; upload its files as one dataset: --as-one {file}" if file.is_dir() else "nothing"
        raise UsageError(f"{file}: expected a file, found {pack}")
    return _FileToPut(file, safe_key(owner, name or file.name))


def _put(
    settings: "Settings", upload: "_FileToPut | ShardsToPut | ShardsThere", owner: str, mapping: str | None
) -> "Dataset":
    from pipeline.clock import utc_now
    from pipeline.flow.intake import new_uploads
    from pipeline.flow.kept_mappings import keep_mappings
    from pipeline.flow.marks import insist_on_store
    from pipeline.state.catalog.dataset_records import NO_MAPPING
    from pipeline.state.store import safe_owner

    store = connect_store(settings)
    with open_catalog(settings, make=True) as catalog:
        insist_on_store(store, catalog)
        if settings.quota_bytes:
            catalog.check_quota(safe_owner(owner), upload.key, upload.size_in(store), settings.quota_bytes)
        [new] = new_uploads(store, [upload.put(store)], settings.max_upload_bytes, _cannot_be_read)
        catalog.register_uploads([new], utc_now())
        dataset = catalog.get(new.dataset_id)
        if mapping is not None:
            said = None if mapping == NO_MAPPING else mapping
            dataset = catalog.set_mapping(dataset.id, dataset.user_id, said, utc_now())
        elif dataset.mapping:
            typer.echo(f"read by the mapping of the file before: {dataset.mapping}", err=True)
        if dataset.mapping or mapping is not None:
            keep_mappings(store, catalog, dataset.storage_path)
        return dataset


def _cannot_be_read(_stored: "StoredObject", told: str) -> None:
    raise StoreError(told)


def _wait(settings: "Settings", dataset_id: str) -> "Dataset":
    with open_catalog(settings) as catalog:
        while (dataset := catalog.get(dataset_id)).status == "validating":
            time.sleep(_POLL_S)
        return dataset
