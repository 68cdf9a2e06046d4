"""`lora-pipeline generate calls`: the ledger of a batch."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.batch_options import Batch_
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.state.catalog.catalog import Catalog


def calls(
    batch: Batch_,
    owner: Owner = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, an object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Print every call that was paid, or may have been, with its tokens and its cost in billionths of a US dollar."""
    from pipeline.cli.query_table import render_csv, render_json_lines, render_table
    from pipeline.state.catalog.generation_records import LedgerRow

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    columns = [each.name for each in fields(LedgerRow)]
    settings = current_settings()
    with open_catalog(settings) as catalog:
        rows = _rows(catalog, catalog.find_batch(owner or settings.default_owner, batch).id)
        if as_json:
            sys.stdout.writelines(render_json_lines(columns, rows))
        elif as_csv:
            sys.stdout.writelines(render_csv(columns, rows))
        else:
            sys.stdout.write(render_table(columns, rows, shutil.get_terminal_size((160, 24)).columns))


def _rows(catalog: "Catalog", batch_id: str) -> Iterator[tuple[object, ...]]:
    after = 0
    while found := catalog.calls_of(batch_id, after):
        yield from map(astuple, found)
        after = found[-1].id
