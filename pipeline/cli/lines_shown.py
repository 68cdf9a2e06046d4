"""What was looked at, a line each, as `doctor` and `preflight` print it."""

from typing import TYPE_CHECKING

from pipeline.cli.common import write_line, write_text
from pipeline.safe_text import shown

if TYPE_CHECKING:
    from pipeline.preflight import Line

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def print_line(line: "Line", *, as_json: bool) -> None:
    """One line, for a person or as JSON."""
    from rich.text import Text

    from pipeline.preflight import as_json as json_of

    if as_json:
        write_line(json_of(line))
        return
    remedy = f": {line.remedy}" if line.remedy else ""
    text = shown(f"{line.name}: {line.found}{remedy}")
    write_text(Text.assemble((f"{line.level:<5}", _STYLES[line.level]), text))
