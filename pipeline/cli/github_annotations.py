"""Findings as commands to GitHub Actions, which shows them beside the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions; a step shows ten annotations of a kind.
"""

from collections import Counter
from collections.abc import Iterable

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.dataset.findings.row_places import placed_message
from pipeline.safe_text import shown
from pipeline.wording import count_of

SHOWN_BY_GITHUB = 10
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# The summary is a notice too.
_MOST = {Severity.ERROR: SHOWN_BY_GITHUB, Severity.WARNING: SHOWN_BY_GITHUB, Severity.NOTE: SHOWN_BY_GITHUB - 1}


class Annotations:
    """The annotations of one step, over all its files."""

    def __init__(self) -> None:
        self._given: Counter[Severity] = Counter()
        self._found: Counter[Severity] = Counter()

    def of_file(
        self, file: str, counts: Counter[str], findings: Iterable[FindingRecord], *, in_array: bool = False
    ) -> list[str]:
        """The commands for one file's findings, as far as GitHub shows them.

        counts: findings by code. in_array: whether rows may share lines.
        """
        for code, count in counts.items():
            self._found[CATALOGUE[code].severity] += count
        lines = []
        open_codes = {code for code in counts if self._has_room(CATALOGUE[code].severity)}
        for finding in findings if open_codes else ():
            severity = CATALOGUE[finding.code].severity
            if self._has_room(severity):
                self._given[severity] += 1
                lines.append(_annotation(file, finding, severity, in_array))
            elif not any(self._has_room(CATALOGUE[code].severity) for code in open_codes):
                break
        return lines

    def summary(self) -> str | None:
        """A notice of how many findings there are, where not all of them are shown."""
        if self._found == self._given:
            return None
        counts = ", ".join(count_of(self._found[each], each.value) for each in Severity if self._found[each])
        message = f"Found {counts}; {self._given.total():,} are shown. `lora-pipeline check` names them all."
        return f"::notice title={_property('lora-pipeline check')}::{_message(message)}"

    def _has_room(self, severity: Severity) -> bool:
        return self._given[severity] < _MOST[severity]


def _annotation(file: str, finding: FindingRecord, severity: Severity, in_array: bool) -> str:
    kind = CATALOGUE[finding.code]
    title, message = f"{kind.title} [{kind.code}]", placed_message(finding, in_array=in_array)
    place = f"file={_property(file)},line={finding.line},title={_property(title)}"
    return f"::{_COMMANDS[severity]} {place}::{_message(message)}"


def error_command(sentence: str) -> str:
    """An error that speaks of no line."""
    return f"::error::{_message(sentence)}"


def _message(text: str) -> str:
    """As GitHub's own toolkit escapes it; what could command a terminal is shown, not done."""
    return shown(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
