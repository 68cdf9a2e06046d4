"""`lora-pipeline export`: what an installation knows, as one file to take along."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.connections import current_settings
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.wording import count_of, size


def export(
    portable: Annotated[
        Path,
        typer.Option("--portable", metavar="FILE", help="The DuckDB file to write; what is there is replaced whole."),
    ],
) -> None:
    """Write the published warehouse as one DuckDB file that can be copied: the rows of the lake are inside.

    It needs no installation where it is opened, and has the same tables, views and comments. It holds what everybody
    uploaded: share it only with people who may read that.
    """
    from pipeline.state.warehouse.portable import write_portable

    if portable.is_dir():
        raise UsageError(f"--portable: expected a file, found the folder {portable}")
    if not portable.absolute().parent.is_dir():
        raise UsageError(f"--portable: there is no folder {portable.parent}; make it first")
    done = write_portable(current_settings().warehouse, portable)
    rows = sum(done.row_counts.values())
    typer.echo(f"{count_of(rows, 'row')} of {count_of(len(done.row_counts), 'table')}, {size(done.size_bytes)}")
    typer.echo(f"open it: duckdb -readonly {shown(str(portable))}", err=True)
