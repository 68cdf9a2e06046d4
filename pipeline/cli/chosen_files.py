"""What a person chose: the format of a file, by name or by a mapping of the fields, and the name of a file to write."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.dataset.formats.rows.format import Format

_MAPPING_HELP = (
    "Read the rows as this mapping of their fields says: a file (JSON or TOML), the JSON itself, or auto for the one "
    "that fits, where there is one."
)
MappingOption = Annotated[str | None, typer.Option("--mapping", metavar="FILE|JSON|auto", help=_MAPPING_HELP)]
UploadMappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="FILE|JSON|auto|none",
        help=f"{_MAPPING_HELP} Default: that of the file before of this name; none: no mapping.",
    ),
]


def refuse_archive_name(output: Path) -> None:
    """Refuse a file to write whose name says that it is an archive of files, which is read and never written.

    Raises:
        UsageError: it does.
    """
    if output.name.lower().endswith((".zip", ".tar", ".tgz", ".tar.gz", ".tar.zst")):
        raise UsageError(f"--output: {output} is the name of an archive, and lines are written; end it in .jsonl")


def chosen_format(name: str | None, mapping: str | None = None) -> "Format | None":
    """The format, None where nobody chose.

    Raises:
        UsageError: there is no such format, the mapping describes none, or both are given.
    """
    from pipeline.dataset.formats.chosen_format import format_chosen  # numpy: not for --help

    return format_chosen(name, mapping)
