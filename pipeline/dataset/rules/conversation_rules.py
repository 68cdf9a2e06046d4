"""Rules over the frames of a block, each a function from columns to one expression that flags what is wrong.

A rule's name is its code and its docstring its entry in the catalogue. `frames/warnings.py` evaluates all of them in
one query a block; the rules stand beside this file, by what they are about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pipeline.dataset.model.conversation import Layout
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.kinds import FindingKind, Severity
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.rules.rule_entries import Book, entry_of

if TYPE_CHECKING:  # a command that only names findings need not wait for Polars
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

Row: TypeAlias = Mapping[str, Any]  # of a frame, by column
Said: TypeAlias = Mismatch | Callable[[Row], Mismatch]
Place = Literal["turn", "role", "content"]


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Flags turns; a conversation has one finding, at its first flagged turn."""

    kind: FindingKind
    flags: "Callable[[TurnColumns], pl.Expr]"
    place: Place
    """What the finding points at."""
    says: Said
    """What is wrong, always or by the turn."""
    needs: tuple[str, ...]
    """Columns, and roles: roles of turns; where none of them has a value or a turn, nothing can be flagged, and nothing
    is asked."""
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversationRule:
    """Flags conversations."""

    kind: FindingKind
    flags: "Callable[[ConversationColumns], pl.Expr]"
    path: Callable[[Row, Layout], str]
    """What the finding points at, of the row and the layout. The rest as in `TurnRule`."""
    says: Said
    needs: tuple[str, ...]


Rule: TypeAlias = TurnRule | ConversationRule


class RuleBook(Book[Rule]):
    """Rules over the frames that stand together."""

    def of_turns(
        self,
        place: Place,
        says: Said,
        needs: tuple[str, ...] = (),
        severity: Severity = Severity.WARNING,
        roles: tuple[str, ...] = (),
    ) -> "Callable[[Callable[[TurnColumns], pl.Expr]], Callable[[TurnColumns], pl.Expr]]":
        """Add a function from the columns of turns to flags. The arguments are those of a `TurnRule`.

        Raises:
            ValueError: its docstring is no entry.
        """

        def add(flags: "Callable[[TurnColumns], pl.Expr]") -> "Callable[[TurnColumns], pl.Expr]":
            self.append(TurnRule(entry_of(flags, severity)[0], flags, place, says, needs, roles))
            return flags

        return add

    def of_conversations(
        self,
        says: Said,
        path: Callable[[Row, Layout], str] = lambda _, layout: layout.turns,
        needs: tuple[str, ...] = (),
        severity: Severity = Severity.WARNING,
    ) -> "Callable[[Callable[[ConversationColumns], pl.Expr]], Callable[[ConversationColumns], pl.Expr]]":
        """Add a function from the columns of conversations to flags. The arguments are those of a `ConversationRule`.

        Raises:
            ValueError: its docstring is no entry.
        """

        def add(flags: "Callable[[ConversationColumns], pl.Expr]") -> "Callable[[ConversationColumns], pl.Expr]":
            self.append(ConversationRule(entry_of(flags, severity)[0], flags, path, says, needs))
            return flags

        return add


def of_role(expected: str, found: str = "{}", detail: str | None = None) -> Callable[[Row], Mismatch]:
    """What is wrong, by a turn's role. found: with a place for the role."""
    return lambda turn: Mismatch(expected, found.format(printable(turn["role"])), detail)
