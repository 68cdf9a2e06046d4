"""Says where a row is, for people: its line, and where rows may share lines also its number and its first byte.

Whether a file is an array is not known everywhere that a finding is named: it is told from the finding then.
"""

from collections.abc import Iterable, Mapping

Found = Mapping[str, object]  # the shape of Finding.as_dict(); of an older version without `row`


def place_of(found: Found, in_array: bool | None = None) -> str:
    """The row of a finding. in_array: whether the file is an array, None where that is not known.

    >>> place_of({"row": 8, "line": 8, "offset": 1204})
    'line 8'
    >>> place_of({"row": 8, "line": 1, "offset": 1204})
    'row 8 (line 1, byte 1204)'
    """
    line, row = found["line"], found.get("row", found["line"])
    if in_array if in_array is not None else is_of_array(found):
        return f"row {row} (line {line}, byte {found['offset']})"
    return f"line {line}"


def is_of_array(found: Found) -> bool:
    """Whether a finding can only be of an array: lines are their own numbers, and the first begins with the file.

    A single row of an array may happen to begin on the line of its number; then the line tells where it is, too.
    """
    line, row = found["line"], found.get("row", found["line"])
    return row != line or (row == 1 and found.get("offset", 0) != 0)


def are_of_array(found: Iterable[Found]) -> bool:
    """Whether any of the findings of one file can only be of an array."""
    return any(map(is_of_array, found))
