"""`lora-pipeline check`: its options. What happens with them is in `checking.py`."""

from pathlib import Path
from typing import Annotated

import typer

# The settings of an installation, so that a file is judged here as it would be there.
MAX_REJECTED_SHARE = "LORA_MAX_REJECTED_SHARE"
MAX_LINE_BYTES = "LORA_MAX_LINE_BYTES"


def _share(value: float) -> float:
    if not 0 <= value < 1:
        raise typer.BadParameter(f"expected a share from 0 to under 1, for example 0.01, found {value:g}.")
    return value


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Datasets in JSON Lines; - reads standard input.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file, on one line, instead of the report.")
    ] = False,
    findings: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write every finding to OUT, a .jsonl or a .parquet file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write what was read to DIR as Parquet: conversations, turns, findings."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes that read a large file side by side. Default: one a core."),
    ] = None,
    max_rejected_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            envvar=MAX_REJECTED_SHARE,
            callback=_share,
            help="Share of rejected lines that a ready dataset may have.",
        ),
    ] = 0.0,
    max_line_bytes: Annotated[
        int,
        typer.Option(min=1, metavar="N", envvar=MAX_LINE_BYTES, help="Longer lines are rejected."),
    ] = 64 * 2**20,
) -> None:
    """Say whether datasets can train a model, and where they are wrong.

    Shows what is in each file and what to mend on which line. Needs no installation, and changes nothing.

    Exit code: 0 every file is ready, 1 one is not, 2 wrong use, 3 a file cannot be read or written.
    """
    from pipeline.cli.checking import Request, check_files  # numpy and Arrow: not for --help
    from pipeline.conversations.model import Limits
    from pipeline.profiles.rules import Rules

    rules = Rules(Limits(max_line_bytes=max_line_bytes), max_rejected_share)
    raise typer.Exit(check_files(Request(tuple(files), as_json, findings, output, workers, rules)))
