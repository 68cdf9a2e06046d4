"""`lora-pipeline datasets`: list, show, delete, restore, validate again; and what lies in the store and is none."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import connect_store, current_settings, open_catalog
from pipeline.cli.dataset_files import compare, download, mend
from pipeline.cli.dataset_options import AsJson, Dataset_
from pipeline.cli.dataset_rows import rows
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import TableRow, place_columns, print_table
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.row_places import place_of
from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import STATUSES
from pipeline.wording import count_of, moment, plural_of

if TYPE_CHECKING:
    from pipeline.state.catalog.dataset_records import Dataset
    from pipeline.state.store.ignored_files import IgnoredFile

datasets = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, show, delete, restore and retry datasets; list files that became none."
)

COLUMNS = ("name", "status", "conversations", "answers_to_learn", "tokens", "rejected_lines", "first_finding", "id")
SHOWN_JOBS = 20


@datasets.command("list")
def list_(
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Datasets of all owners.")] = False,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help=f"One of {', '.join(STATUSES)}.")] = None,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="Part of the name.")] = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many datasets on a page.")] = 20,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List datasets, newest first."""
    settings = current_settings()
    if status is not None and status not in STATUSES:
        raise UsageError(f"--status: expected one of {', '.join(STATUSES)}, found {status}")
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.list_datasets(user, status, search, page, limit, deleted)
    if as_json:
        for dataset in found.items:
            typer.echo(as_line(dataset))
    else:
        print_table(COLUMNS, [row(dataset) for dataset in found.items])
        typer.echo(how_many_of(len(found.items), found.total, "datasets", user), err=True)


@datasets.command()
def ignored(
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="USER", help="Only what lies in this user's folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List files in the store that become no dataset: why, and what to do."""
    from pipeline.flow.ignored_now import ignored_now
    from pipeline.state.store import safe_owner
    from pipeline.state.store.ignored_files import what_to_do

    settings = current_settings()
    shown = 0
    rows = []
    with open_catalog(settings) as catalog:
        for file in ignored_now(connect_store(settings), catalog):
            if owner is not None and file.folder != safe_owner(owner):
                continue
            shown += 1
            remedy = what_to_do(file.reason, file.key)
            if as_json:
                typer.echo(_ignored_line(file, remedy))
            else:
                rows.append((file.key, file.reason.sentence, remedy))
    if not as_json:
        print_table(("file", "why", "what to do"), rows)
        typer.echo(f"{shown:,} ignored{f' of {owner}' if owner else ''}", err=True)


@datasets.command()
def show(dataset: Dataset_, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show all that is known of a dataset: verdict, figures, first errors, first conversations."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find(owner or settings.default_owner, dataset)
        no_jobs = catalog.why_no_jobs(found)
    if as_json:
        typer.echo(as_line(found, no_jobs=no_jobs or None))
        return
    values = {name: value for name, value in asdict(found).items() if value is not None}
    values |= {"no_jobs": no_jobs} if no_jobs else {}
    errors = [FindingRecord.of(each) for each in values.pop("validation_errors", [])]
    samples = values.pop("sample_data", [])
    print_table(("field", "value"), [(name, _plain(value)) for name, value in values.items()])
    if errors:
        columns = (*place_columns(errors), "code", "path", "message")
        print_table(columns, [tuple(getattr(error, name) for name in columns) for error in errors])
    for sample in samples:
        turns = [_pick(turn, "role", "content") for turn in sample["turns"]]
        print_table(("role", f"conversation {sample['conversation_id']}"), turns)


@datasets.command()
def delete(dataset: Dataset_, owner: Owner = None) -> None:
    """Delete a dataset; its files and training jobs stay, and `restore` brings it back."""
    from pipeline.clock import utc_now
    from pipeline.flow.kept_deletions import keep_deletions

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.soft_delete(catalog.find(user, dataset).id, user, utc_now())
        keep_deletions(connect_store(settings), catalog, found)
        hanging = catalog.list_jobs(user, found.id, limit=SHOWN_JOBS)
    typer.echo(f"{found.id}: deleted; to undo: lora-pipeline datasets restore {found.id}")
    if hanging.total:
        jobs, stay = count_of(hanging.total, "training job"), plural_of("stays", hanging.total, "stay")
        typer.echo(f"{jobs} of it {stay}:")
        for job in hanging.items:
            typer.echo(f"  {job.id}  {job.status}")
        if hanging.total > SHOWN_JOBS:
            typer.echo(f"  … lora-pipeline jobs list --dataset {found.id}")


@datasets.command()
def restore(dataset: Dataset_, owner: Owner = None) -> None:
    """Bring a deleted dataset back."""
    from pipeline.clock import utc_now
    from pipeline.flow.kept_deletions import keep_deletions

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.restore(catalog.find(user, dataset).id, user, utc_now(), settings.quota_bytes)
        keep_deletions(connect_store(settings), catalog, found)
    typer.echo(f"{found.id}: restored, {found.status}")


@datasets.command()
def retry(dataset: Dataset_, owner: Owner = None) -> None:
    """Validate a dataset again: one that has a verdict, or one that failed, without waiting for its next try."""
    from pipeline.clock import utc_now

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.retry(catalog.find(user, dataset).id, user, utc_now())
    typer.echo(f"{found.id}: is validated again as soon as the daemon looks")


for later in (rows, download, mend, compare):
    datasets.command()(later)


def row(dataset: "Dataset") -> TableRow:
    """A dataset as a row of COLUMNS."""
    first = FindingRecord.first_of(dataset.validation_errors)
    finding = f"{place_of(first)}: {first.code}" if first else dataset.failure or ""
    return (
        dataset.name,
        "deleted" if dataset.deleted_at else dataset.status,
        dataset.conversation_count,
        dataset.answers_to_learn,
        dataset.total_tokens,
        dataset.rejected_line_count,
        finding,
        dataset.id,
    )


def as_line(dataset: "Dataset", **more: object) -> str:
    """A dataset as one line of JSON; times as ISO 8601. more: what else is said of it."""
    return json.dumps(asdict(dataset) | more, default=str)


def _ignored_line(file: "IgnoredFile", remedy: str) -> str:
    """An ignored file as one line of JSON."""
    values = {
        "key": file.key,
        "owner": file.folder or None,
        "reason": file.reason.code,
        "why": file.reason.sentence,
        "what_to_do": remedy,
        "size_bytes": file.size_bytes,
        "modified_at": file.modified_at,
    }
    return json.dumps(values, default=str)


def _plain(value: object) -> str:
    return moment(value, seconds=True) if isinstance(value, datetime) else str(value)


def _pick(values: object, *names: str) -> TableRow:
    return tuple(values[name] for name in names) if isinstance(values, dict) else ()
