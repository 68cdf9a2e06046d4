"""`lora-pipeline preflight`."""

import os
from typing import Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import current_settings
from pipeline.cli.lines_shown import print_line
from pipeline.errors import SettingsError


def preflight(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, an object a line.")] = False,
) -> None:
    """Look whether a change may be made: settings, rights, free space, migrations, locks, clocks; in a second or two.

    Changes nothing, and starts nothing; `doctor` looks at more. Exit code 1: something is for you to mend first.
    """
    from pipeline.clock import utc_now
    from pipeline.preflight import Line, examine_before_changes

    try:
        lines = examine_before_changes(current_settings(), os.environ, utc_now())
    except SettingsError as error:
        lines = iter([Line("settings", "fail", str(error).replace("\n", " "), "unset or correct them")])
    is_well = True
    for line in lines:
        print_line(line, as_json=as_json)
        is_well &= line.level == "ok"
    if not is_well:
        raise typer.Exit(NOT_READY)
