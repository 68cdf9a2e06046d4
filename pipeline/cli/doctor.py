"""`lora-pipeline doctor`."""

import os
from typing import Annotated

import typer

from pipeline.cli.common import FAILED, write_line, write_text
from pipeline.cli.connections import current_settings
from pipeline.errors import SettingsError
from pipeline.safe_text import shown

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, an object a line.")] = False,
) -> None:
    """Look at the whole installation and say of each part whether it is well, and what to do.

    Settings, rights, free space, catalog, store, lake, clocks, warehouse, Dagster's storage and daemon, leftovers.
    Changes nothing. Exit code 0: all is well, 1: something is for you to mend, 3: something is broken.
    """
    from rich.text import Text

    from pipeline.clock import utc_now
    from pipeline.doctor import Line, examine_installation, exit_code
    from pipeline.doctor import as_json as json_of

    def tell(line: Line) -> Line:
        if as_json:
            write_line(json_of(line))
            return line
        remedy = f": {line.remedy}" if line.remedy else ""
        text = shown(f"{line.name}: {line.found}{remedy}")
        write_text(Text.assemble((f"{line.level:<5}", _STYLES[line.level]), text, "\n"))
        return line

    try:
        settings = current_settings()
    except SettingsError as error:
        tell(Line("settings", "fail", str(error).replace("\n", " "), "unset or correct them"))
        raise typer.Exit(FAILED) from None
    raise typer.Exit(exit_code([tell(line) for line in examine_installation(settings, os.environ, utc_now())]))
