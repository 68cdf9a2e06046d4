"""The format of a file that a person chose: by its name, or by a mapping of the fields."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError

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
    from pipeline.dataset.formats.rows import BY_NAME  # numpy: not for --help

    if name is not None and name not in BY_NAME:
        raise UsageError(f"--format: expected one of {', '.join(sorted(BY_NAME))}, found {name}")
    if mapping is None:
        return BY_NAME[name] if name else None
    if name is not None:
        raise UsageError(f"--mapping says how rows are read, and so does --format {name}; leave one of them out")
    from pipeline.dataset.formats.mapping import mapped_format

    return mapped_format(mapping)
