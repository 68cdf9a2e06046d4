"""A rule's docstring as its entry in the catalogue: what all kinds of rules share."""

import inspect
import re
from collections.abc import Callable
from typing import Protocol, TypeVar

from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity

_PARTS = re.compile(
    r"(?P<title>[^\n]+)\.\n\n(?P<why>.+?)\n\nWhat to do: (?P<remedy>.+?)\.(?:\n\nExample: (?P<example>.+))?", re.DOTALL
)


class HasEntry(Protocol):
    """A rule of any kind."""

    @property
    def kind(self) -> FindingKind:
        """Its entry."""


R = TypeVar("R", bound=HasEntry)


class Book(list[R]):
    """Rules that stand together, in the order in which the catalogue has them."""

    def kinds(self, *severities: Severity) -> list[FindingKind]:
        """The entries of the rules, of some severities or of all."""
        return [rule.kind for rule in self if not severities or rule.kind.severity in severities]


def entry_of(rule: Callable[..., object], severity: Severity = Severity.WARNING) -> tuple[FindingKind, str | None]:
    """The entry of a rule about a row, and its example, where it gives one.

    The rule's name is its code; its docstring says in a paragraph each what it tells, why it matters, what to do.

    Raises:
        ValueError: the docstring does not.
    """
    parts = _PARTS.fullmatch(inspect.cleandoc(rule.__doc__ or ""))
    if parts is None:
        expected = "a title, why it matters, 'What to do: …' and, of an answer, 'Example: …', a paragraph each"
        raise ValueError(f"{rule.__name__}: expected a docstring of {expected}")
    title, why, remedy, example = (part and " ".join(part.split()) for part in parts.groups())
    code = rule.__name__.replace("_", "-")
    return FindingKind(code, severity, Scope.LINE, _lowered(title), why, _lowered(remedy)), example


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
