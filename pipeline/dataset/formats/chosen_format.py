"""The format that a person chose, by its name or by a mapping of the fields."""

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.formats.rows.format import Format
from pipeline.errors import UsageError


def format_chosen(
    name: str | None, mapping: str | None, *, name_option: str = "--format", mapping_option: str = "--mapping"
) -> Format | None:
    """The format, None where nobody chose. name_option, mapping_option: what messages call the two.

    Raises:
        UsageError: there is no such format, the mapping describes none, or both are given.
    """
    if name is not None and name not in BY_NAME:
        raise UsageError(f"{name_option}: expected one of {', '.join(sorted(BY_NAME))}, found {name}")
    if mapping is None:
        return BY_NAME[name] if name else None
    if name is not None:
        said = f"{mapping_option} says how rows are read, and so does {name_option} {name}"
        raise UsageError(f"{said}; leave one of them out")
    from pipeline.dataset.formats.mapping import mapped_format  # pydantic: most files need none

    return mapped_format(mapping, mapping_option)
