"""`lora-pipeline query`."""

import shutil
import sys
from typing import Annotated

import typer

from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.errors import UsageError

STDIN = "-"


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="For example: SELECT * FROM datasets; - reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, an object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the warehouse in SQL; nothing is written, and no file is read but the warehouse and the lake's.

    Tables and views: datasets, conversations, turns, findings, splits, dataset_profiles, training_jobs, cost_records,
    training_lineage, upload_lineage, and more: docs/tables.md.
    """
    from pipeline.cli.query_table import render_csv, render_json_lines, render_table
    from pipeline.state.warehouse import ensure_warehouse, open_query

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    if sql == STDIN:
        sql = sys.stdin.read()
    settings = current_settings()
    if not settings.warehouse.exists():
        from pipeline.clock import utc_now

        with open_catalog(settings) as catalog:
            ensure_warehouse(settings.warehouse, catalog, connect_lake(settings), utc_now())
    with open_query(settings.warehouse, sql) as answer:
        if as_json:
            sys.stdout.writelines(render_json_lines(answer.columns, answer.rows))
        elif as_csv:
            sys.stdout.writelines(render_csv(answer.columns, answer.rows))
        else:
            sys.stdout.write(render_table(answer.columns, answer.rows, shutil.get_terminal_size((160, 24)).columns))
