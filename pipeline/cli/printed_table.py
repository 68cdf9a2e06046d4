"""Tables of results, as wide as the terminal."""

import shutil
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import typer

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.row_places import are_of_array

TableRow: TypeAlias = Sequence[object]
_PIPE_WIDTH = 160  # where nobody looks, cells need not be cut as early


def place_columns(found: Sequence[FindingRecord]) -> tuple[str, ...]:
    """The columns that say where findings of one file are: the line, and where rows may share lines also the row."""
    return ("row", "line", "byte_offset") if are_of_array(found) else ("line",)


def print_table(
    columns: Sequence[str],
    rows: Iterable[TableRow],
    max_rows: int | None = None,
    *,
    whole: int = 0,
    least: int | None = None,
) -> None:
    """Print rows below their columns' names; content is escaped and cut to the width, and a footer tells of more.

    whole: how many of the first columns are not cut. least: characters below which the others are left out instead.
    """
    from pipeline.cli.query_table import MIN_WIDTH, render_table

    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
    typer.echo(render_table(columns, rows, width, max_rows, whole, least or MIN_WIDTH), nl=False)
