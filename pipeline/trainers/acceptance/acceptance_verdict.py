"""The values of the matrix: what is judged, and what a trainer would do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.dataset.tokens import Truncation
from pipeline.trainers.acceptance.acceptance_rules import Effect


@dataclass(frozen=True, slots=True)
class Subject:
    """The dataset as its report has it."""

    format: str
    conversations: int
    rejected_lines: int
    size_bytes: int
    truncation: Sequence[Truncation] = ()
    roles: Mapping[str, int] = field(default_factory=dict)
    """Turns by role, for trainers that do not know every role."""
    finding_counts: Mapping[str, int] = field(default_factory=dict)
    """Of all findings, listed or not."""
    together: Mapping[frozenset[str], int] = field(default_factory=dict)
    """Conversations by which of the codes they have for which some trainer drops them."""
    wrappings: frozenset[str] = frozenset()
    """What stands around its rows, as rules name it (`WrappingRule`)."""


class Verdict(StrEnum):
    """What a trainer does with the dataset."""

    ACCEPTED = "accepted"
    WITH_LOSS = "accepted-with-loss"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is not plain."""

    rule: str
    """A finding's code, or the name of another rule."""
    effect: Effect
    count: int
    """Rows; turns for a rule of roles."""
    first_lines: tuple[int, ...]
    """At most five of the rows, where they are known; of lines their numbers, of an array the places of the rows in it.
    """
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """The public shape."""
        return {
            "rule": self.rule,
            "effect": self.effect.value,
            "count": self.count,
            "first_lines": list(self.first_lines),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What one trainer does with the dataset."""

    target: str
    title: str
    verdict: Verdict
    rows_dropped: int
    """At most all; a dropped row may also be among the truncated ones."""
    rows_truncated: int
    reasons: tuple[Reason, ...]
    needs_conversion: str | None
    """The format to convert to first; the verdict is then on the converted file."""

    def as_dict(self) -> dict[str, object]:
        """The public shape."""
        return {
            "target": self.target,
            "title": self.title,
            "verdict": self.verdict.value,
            "rows_dropped": self.rows_dropped,
            "rows_truncated": self.rows_truncated,
            "reasons": [reason.as_dict() for reason in self.reasons],
            "needs_conversion": self.needs_conversion,
        }
