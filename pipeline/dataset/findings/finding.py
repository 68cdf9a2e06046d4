"""The catalogue of findings: every code we can report, and the value a report is made of.

A code is public and stable for ever; `docs/findings.md` is generated from here. Rules bring their
own entries (`dataset/rules/`); the others are in the modules `…_kinds.py` beside this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.findings.beside_kinds import BESIDE_KINDS
from pipeline.dataset.findings.error_kinds import FILE_ERRORS, LINE_ERRORS
from pipeline.dataset.findings.finding_sentences import fault_sentence, message_sentence
from pipeline.dataset.findings.pair_kinds import PAIR_KINDS
from pipeline.dataset.findings.quality_kinds import QUALITY_KINDS
from pipeline.dataset.findings.warning_kinds import DUPLICATES, WARNINGS
from pipeline.dataset.rules.call_rules import CALL_SHAPE_RULES
from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.wording import plural_of

__all__ = ["CATALOGUE", "ORDER", "Finding", "FindingKind", "Scope", "Severity", "elsewhere"]

MAX_NAMED_PLACES = 3


# Duplicates come last: within a line findings stand in this order, and they are known last.
_ALL = (
    *FILE_ERRORS,
    *LINE_ERRORS,
    *WARNINGS,
    *CALL_SHAPE_RULES.kinds(),
    *BESIDE_KINDS,
    *PAIR_KINDS,
    *QUALITY_KINDS,
    *DUPLICATES,
)
CATALOGUE: dict[str, FindingKind] = {kind.code: kind for kind in _ALL}
ORDER: dict[str, int] = {code: place for place, code in enumerate(CATALOGUE)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place, as the judges make it. Its sentence is made when somebody reads it."""

    line: int
    """From 1, as an editor counts; lines end at `\\n` only."""
    byte_offset: int
    """Bytes of the file before the row's first."""
    code: str
    path: str
    """JSON path inside the row, `$` for the row itself."""
    mismatch: Mismatch
    row: int = 0
    """The row's place in the file, from 1; of lines, the line's number, which is what it is when it is not given."""

    def __post_init__(self) -> None:
        if not self.row:
            object.__setattr__(self, "row", self.line)

    @property
    def severity(self) -> Severity:
        """As the catalogue says."""
        return CATALOGUE[self.code].severity

    @property
    def fault(self) -> str:
        """What was expected and found, without what to do."""
        return fault_sentence(self.code, self.mismatch)

    @property
    def message(self) -> str:
        """What was expected, what was found, and what to do, in one sentence."""
        return message_sentence(self.code, self.mismatch, CATALOGUE[self.code].remedy)

    @property
    def sort_key(self) -> tuple[int, int]:
        """Row order; within a row the catalogue's order."""
        return self.row, ORDER[self.code]

    def as_row(self) -> FindingRow:
        """The public shape of a finding in reports and files."""
        return {
            "row": self.row,
            "line": self.line,
            "byte_offset": self.byte_offset,
            "column": self.mismatch.column,
            "code": self.code,
            "severity": self.severity.value,
            "path": self.path,
            "expected": self.mismatch.expected,
            "found": self.mismatch.found,
            "detail": self.mismatch.detail,
            "message": self.message,
        }


def elsewhere(mismatch: Mismatch, further_paths: Sequence[str], further_count: int) -> Mismatch:
    """A mismatch whose detail names the other places of the same fault in the line.

    A code is reported once a line, so that a hostile line costs no more than the catalogue is long. further_paths:
    the next places, of which MAX_NAMED_PLACES are named; further_count: how many there are in all.
    """
    if not further_count:
        return mismatch
    named = ", ".join(further_paths[:MAX_NAMED_PLACES])
    rest = further_count - MAX_NAMED_PLACES
    more = f" and {rest:,} more {plural_of('place', rest)}" if rest > 0 else ""
    also = f"(also at {named}{more})"
    return mismatch._replace(detail=also if mismatch.detail is None else f"{mismatch.detail} {also}")
