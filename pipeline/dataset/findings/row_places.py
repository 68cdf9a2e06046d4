"""Says where a row is, for people: its line, and where rows may share lines also its number and its first byte.

Whether a file is an array is not known everywhere that a finding is named: it is told from the finding then.
"""

from collections.abc import Iterable

from pipeline.contract.finding_record import FindingRecord


def place_of(found: FindingRecord, in_array: bool | None = None) -> str:
    """The row of a finding. in_array: whether the file is an array, None where that is not known.

    >>> place_of(FindingRecord.of({"row": 8, "line": 8, "byte_offset": 1204, "code": "blank-line", "message": ""}))
    'line 8'
    >>> place_of(FindingRecord.of({"row": 8, "line": 1, "byte_offset": 1204, "code": "blank-line", "message": ""}))
    'row 8 (line 1, byte 1204)'
    """
    if in_array if in_array is not None else is_of_array(found):
        return f"row {found.row} (line {found.line}, byte {found.byte_offset})"
    return f"line {found.line}"


def placed_message(found: FindingRecord, *, in_array: bool) -> str:
    """Its message behind its place, where a line's number alone does not say it."""
    row = f"row {found.row}, byte {found.byte_offset}: " if in_array else ""
    path = "" if found.path == "$" else f"{found.path}: "
    return f"{row}{path}{found.message}"


def is_of_array(found: FindingRecord) -> bool:
    """Whether a finding can only be of an array: lines are their own numbers, and the first begins with the file.

    A single row of an array may happen to begin on the line of its number; then the line tells where it is, too.
    """
    return found.row != found.line or (found.row == 1 and found.byte_offset != 0)


def are_of_array(found: Iterable[FindingRecord]) -> bool:
    """Whether any of the findings of one file can only be of an array."""
    return any(map(is_of_array, found))
