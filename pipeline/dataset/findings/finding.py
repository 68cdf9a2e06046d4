"""The catalogue of findings: every code we can report, and the value a report is made of.

A code is public and stable for ever; `docs/findings.md` is generated from here. The entries are in `error_kinds.py`,
`warning_kinds.py` and `quality_kinds.py`, which say where each fault is looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.dataset.findings.error_kinds import FILE_ERRORS, LINE_ERRORS
from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity
from pipeline.dataset.findings.quality_kinds import QUALITY_KINDS
from pipeline.dataset.findings.warning_kinds import DUPLICATES, WARNINGS
from pipeline.wording import plural_of

__all__ = ["CATALOGUE", "ORDER", "Finding", "FindingKind", "Scope", "Severity", "and_elsewhere"]

MAX_NAMED_PLACES = 3


# Duplicates come last: within a line findings stand in this order, and they are known last.
_ALL = (*FILE_ERRORS, *LINE_ERRORS, *WARNINGS, *QUALITY_KINDS, *DUPLICATES)
CATALOGUE: dict[str, FindingKind] = {kind.code: kind for kind in _ALL}
ORDER: dict[str, int] = {code: place for place, code in enumerate(CATALOGUE)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place.

    line: 1-based, as an editor counts; lines end at `\\n` only. offset: of the row's first byte in the file, 0-based.
    path: JSON path inside the row, `$` for the row itself. detail: what was expected and found. row: the row's place
    in the file, from 1; of lines, the line's number, which is what it is when it is not given.
    """

    line: int
    offset: int
    code: str
    path: str
    detail: str
    row: int = 0

    def __post_init__(self) -> None:
        if not self.row:
            object.__setattr__(self, "row", self.line)

    @property
    def severity(self) -> Severity:
        """As the catalogue says."""
        return CATALOGUE[self.code].severity

    @property
    def message(self) -> str:
        """What was expected, what was found, and what to do, in one sentence."""
        return f"{self.detail}; {CATALOGUE[self.code].remedy}"

    @property
    def sort_key(self) -> tuple[int, int]:
        """Row order; within a row the catalogue's order."""
        return self.row, ORDER[self.code]

    def as_dict(self) -> dict[str, int | str]:
        """The public shape of a finding in reports and files."""
        return {
            "row": self.row,
            "line": self.line,
            "offset": self.offset,
            "code": self.code,
            "severity": self.severity.value,
            "path": self.path,
            "message": self.message,
        }


def and_elsewhere(detail: str, further_paths: Sequence[str], further_count: int) -> str:
    """`detail` with the other places of the same fault in the line.

    A code is reported once a line, so that a hostile line costs no more than the catalogue is long. further_paths:
    the next places, of which MAX_NAMED_PLACES are named; further_count: how many there are in all.
    """
    if not further_count:
        return detail
    named = ", ".join(further_paths[:MAX_NAMED_PLACES])
    rest = further_count - MAX_NAMED_PLACES
    more = f" and {rest:,} more {plural_of('place', rest)}" if rest > 0 else ""
    return f"{detail} (also at {named}{more})"
