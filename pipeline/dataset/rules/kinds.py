"""What an entry of the findings catalogue is. The catalogue itself is in `dataset/findings/finding.py`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error rejects its line (or the whole file); a warning does not; a note is for your eyes, not for mending."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Scope(StrEnum):
    """What a finding speaks of."""

    LINE = "line"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One entry of the catalogue."""

    code: str
    severity: Severity
    scope: Scope
    title: str
    why: str
    remedy: str


def kinds(severity: Severity, scope: Scope, rows: Iterable[tuple[str, str, str, str]]) -> list[FindingKind]:
    """Entries of one severity and scope. rows: code, title, why, remedy."""
    return [FindingKind(code, severity, scope, title, why, remedy) for code, title, why, remedy in rows]
