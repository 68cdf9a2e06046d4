"""`lora-pipeline generate status`: how batches of conversations are. What it looks like is in `batch_shown.py`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.batch_shown import COLUMNS, Shown, as_json_of, print_batch, row
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_options import AsJson
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import BATCH_STATUSES

if TYPE_CHECKING:
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import Batch
    from pipeline.state.catalog.statuses import BatchStatus


def status(
    batch: Annotated[
        str | None, typer.Argument(metavar="BATCH", help="An id, the beginning of one, or a name; else a list.")
    ] = None,
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Batches of all owners.")] = False,
    only: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help=f"Of a list: {', '.join(BATCH_STATUSES)}.")
    ] = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of a list.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how a batch is: items, personas and arcs, money, failures, what is at a provider. Without one, list them."""
    from pipeline.flow.generation.batch_report import report_of_batch

    settings = current_settings()
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        if batch is None:
            _list(catalog, user, _status_of(only), page, limit, as_json=as_json)
            return
        found = catalog.find_batch(user, batch)
        shown = Shown(
            report_of_batch(catalog, connect_lake(settings), found.id),
            catalog.submissions_of(found.id, only_open=True),
            catalog.training_files_of_batch(found.id),
            _persona_names(catalog, found),
        )
    if as_json:
        typer.echo(json.dumps(as_json_of(shown), default=str))
    else:
        print_batch(shown)


def _list(
    catalog: "Catalog", user: str | None, only: "BatchStatus | None", page: int, limit: int, *, as_json: bool
) -> None:
    found, total = catalog.list_batches(user, only, page, limit), catalog.count_batches(user, only)
    ids = [batch.id for batch in found]
    states, money = catalog.states_of_batches(ids), catalog.spending_of_batches(ids)
    if as_json:
        for batch in found:
            more = {"by_state": states[batch.id], **asdict(money[batch.id])}
            typer.echo(json.dumps(asdict(batch) | more, default=str))
        return
    print_table(COLUMNS, [row(batch, states[batch.id], money[batch.id]) for batch in found], whole=2, least=9)
    typer.echo(how_many_of(len(found), total, "batches", user), err=True)


def _persona_names(catalog: "Catalog", batch: "Batch") -> dict[str, str]:
    """As the batch has them; they are shorter than keys."""
    from pipeline.flow.generation.scaffold_sets import scaffolds_at

    return {key: each.name for key, each in scaffolds_at(catalog, batch.scaffold_versions).personas.items()}


def _status_of(text: str | None) -> "BatchStatus | None":
    found = next((each for each in BATCH_STATUSES if each == text), None)
    if text is not None and found is None:
        raise UsageError(f"--status: expected one of {', '.join(BATCH_STATUSES)}, found {text!r}")
    return found
