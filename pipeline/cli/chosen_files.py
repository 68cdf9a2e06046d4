"""The format of a file that a person chose: by its name, or by a mapping of the fields."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.dataset.formats.rows.format import Format

MappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="FILE|JSON|auto",
        help="Read the rows as this mapping of their fields says: a file (JSON or TOML), the JSON itself, or auto for "
        "the one that fits, where there is one.",
    ),
]


def chosen_format(name: str | None, mapping: str | None = None) -> "Format | None":
    """The format, None where nobody chose.

    Raises:
        UsageError: there is no such format, the mapping describes none, or both are given.
    """
    from pipeline.dataset.formats.chosen_format import format_chosen  # numpy: not for --help

    return format_chosen(name, mapping)
