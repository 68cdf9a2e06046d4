"""What may be found in a made conversation, by the engine or by the rules of its scaffolds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.dataset.rules.kinds import Severity


@dataclass(frozen=True, slots=True)
class MadeFinding:
    """A fault."""

    code: str
    """Of the engine's catalogue (docs/findings.md) or of a rule of scaffolds."""
    severity: Literal["error", "warning", "note"]
    turn: int | None
    """From 1; 0 of the system prompt, None of the whole."""
    sentence: str
    """What was expected and found, and what to do."""


def state_by(findings: Iterable[MadeFinding]) -> Literal["failed", "needs_review"] | None:
    """What findings alone make of a conversation; None where it is well. Notes are for the eye."""
    severities = {finding.severity for finding in findings}
    if Severity.ERROR.value in severities:
        return "failed"
    return "needs_review" if Severity.WARNING.value in severities else None


def worst_of(findings: Iterable[MadeFinding]) -> MadeFinding | None:
    """The first of the most severe ones; None without any."""
    order = [severity.value for severity in Severity]
    return min(findings, key=lambda finding: order.index(finding.severity), default=None)
