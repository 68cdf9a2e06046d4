"""A finding as all who tell of it have it: as a row in lake, reports and API, as a record in pages, card and CLI.

What is judged is a `Finding` of `pipeline/dataset/findings/`, where the sentences are made, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypedDict


class FindingRow(TypedDict):
    """One finding as a row; the fields are those of `FindingRecord`."""

    row: int
    line: int
    byte_offset: int
    column: int | None
    code: str
    severity: str
    path: str
    expected: str | None
    found: str | None
    detail: str | None
    message: str


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """Something that is wrong with a row, or with the file as a whole."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

    row: int
    """Its place in the file, from 1: the line's number, or of an array the row's."""
    line: int
    """Where the row begins; rows of an array may share it."""
    byte_offset: int
    """Bytes before the row's first byte."""
    column: int | None
    """Where in the row the fault is, in characters from 1; null where the path tells."""
    code: str
    """The kind of finding, as in docs/findings.md."""
    severity: str
    """`error`, `warning` or `note`."""
    path: str
    """JSON path inside the row; `$` is the row itself."""
    expected: str | None
    """What should be there; null in what versions before 5 wrote, which is a message alone."""
    found: str | None
    """What is there instead, alike for alike faults; null where `expected` says enough."""
    detail: str | None
    """What else there is to say: a place in the text, a likely cause, further places."""
    message: str
    """All of it in one sentence, with what to do."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The finding in a row. Versions before 4 wrote no `row`, those before 5 `offset`, and a message alone."""
        return cls(
            row.get("row", row["line"]),
            row["line"],
            row.get("byte_offset", row.get("offset", 0)),
            row.get("column"),
            row["code"],
            row.get("severity", ""),
            row.get("path", "$"),
            row.get("expected"),
            row.get("found"),
            row.get("detail"),
            row.get("message", ""),
        )

    @classmethod
    def first_of(cls, rows: Iterable[Mapping[str, Any]] | None) -> Self | None:
        """The finding in the first of the rows; None where there is none."""
        return next(map(cls.of, rows or ()), None)
