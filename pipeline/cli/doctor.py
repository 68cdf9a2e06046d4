"""`lora-pipeline doctor`."""

import os
from typing import Annotated

import typer

from pipeline.cli.common import FAILED
from pipeline.cli.connections import current_settings
from pipeline.cli.lines_shown import print_line
from pipeline.errors import SettingsError


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, an object a line.")] = False,
) -> None:
    """Look at the whole installation and say of each part whether it is well, and what to do.

    Settings, rights, free space, catalog, store, lake, clocks, warehouse, Dagster's storage and daemon, leftovers.
    Changes nothing. Exit code 0: all is well, 1: something is for you to mend, 3: something is broken.
    """
    from pipeline.clock import utc_now
    from pipeline.doctor import examine_installation, exit_code
    from pipeline.preflight import Line

    def tell(line: Line) -> Line:
        print_line(line, as_json=as_json)
        return line

    try:
        settings = current_settings()
    except SettingsError as error:
        tell(Line("settings", "fail", str(error).replace("\n", " "), "unset or correct them"))
        raise typer.Exit(FAILED) from None
    raise typer.Exit(exit_code([tell(line) for line in examine_installation(settings, os.environ, utc_now())]))
