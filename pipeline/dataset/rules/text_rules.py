"""Rules over one text, each a function from the text to the place of a fault.

A rule's name is its code and its docstring its entry in the catalogue. `quality/turn_rules.py` runs all of them over a
block at the price of about one; the rules stand beside this file, by what they are about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pipeline.dataset.rules.kinds import FindingKind, Severity
from pipeline.dataset.rules.rule_entries import Book, entry_of


class Place(NamedTuple):
    """Where something was found in a text, in characters from 0, and what, never quoting the text."""

    position: int
    what: str


Locate: TypeAlias = Callable[[str], Place | None]


@dataclass(frozen=True, slots=True)
class TextRule:
    """A fault that shows in the text of a single turn."""

    kind: FindingKind
    expected: str
    """Continues the sentence "expected …"."""
    suspect: str
    """RE2 expression that matches in every text in which `locate` finds something, and in few others; what stands
    before and after must not matter to it, as texts lie end to end."""
    locate: Locate
    is_for_answers: bool = False
    """Looks only at turns that are learned from."""
    openings: tuple[str, ...] = ()
    """Where the suspect matches only where an answer begins, how it may begin, after white space, quotes and asterisks.
    """


class TextRules(Book[TextRule]):
    """Rules over one text that stand together."""

    def add(
        self,
        expected: str,
        suspect: str,
        *,
        severity: Severity = Severity.WARNING,
        is_for_answers: bool = False,
        openings: tuple[str, ...] = (),
    ) -> Callable[[Locate], Locate]:
        """Add a function from a text to the first place of a fault. The arguments are those of a `TextRule`.

        Raises:
            ValueError: its docstring is no entry.
        """

        def add(locate: Locate) -> Locate:
            self.append(TextRule(entry_of(locate, severity)[0], expected, suspect, locate, is_for_answers, openings))
            return locate

        return add
