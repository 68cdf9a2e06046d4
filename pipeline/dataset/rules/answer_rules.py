"""Rules over one answer and the question before it, each a function whose docstring is its entry in the catalogue.

To add one, write a function here (docs/architecture.md says how); the engine, the reports and the pages find it by
themselves. Nothing of the engine is known here: `quality/quality_findings.py` runs the rules, `quality_kinds.py` lists
them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipeline.dataset.rules.kinds import FindingKind
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.rules.rule_entries import entry_of

if TYPE_CHECKING:
    import polars as pl

Judge = Callable[[str, str], Mismatch | None]
Suspects: TypeAlias = "Callable[[pl.Expr, pl.Expr], pl.Expr]"

_FEWEST_BYTES = 16  # of a question; shorter ones are greetings, which are rightly returned
_SPACES = 16  # bytes of white space by which a copy may differ


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """A rule over a question and its answer."""

    kind: FindingKind
    judge: Judge
    """Of question and answer, what is wrong, or None."""
    example: tuple[str, str]
    """A pair that has it."""
    among: Suspects
    """Which pairs are worth a look, by their sizes in bytes."""


ANSWER_RULES: list[AnswerRule] = []


def _all(_questions: "pl.Expr", answers: "pl.Expr") -> "pl.Expr":
    return answers >= 0


def answer_rule(among: Suspects = _all) -> Callable[[Judge], Judge]:
    """Register a rule. Its name is its code; its docstring says what it tells, why, what to do, and gives an example.

    among: from the sizes of questions and answers in bytes, which are worth a look. Without it the rule sees all of
    them, for which every text is decoded: a tenth of the time that the structure of a file takes.

    Raises:
        ValueError: the docstring does not.
    """
    return lambda judge: _registered(judge, among)


def _registered(judge: Judge, among: Suspects) -> Judge:
    kind, example = entry_of(judge)
    question, arrow, answer = (example or "").partition(" -> ")
    if not arrow:
        raise ValueError(f"{judge.__name__}: expected a docstring that ends with 'Example: question -> answer'")
    ANSWER_RULES.append(AnswerRule(kind, judge, (question, answer), among))
    return judge


def _of_one_size(questions: "pl.Expr", answers: "pl.Expr") -> "pl.Expr":
    return (questions >= _FEWEST_BYTES) & ((questions - answers).abs() <= _SPACES)


@answer_rule(among=_of_one_size)
def repeated_question(question: str, answer: str) -> Mismatch | None:
    """An answer repeats the question.

    The model learns to say back what it was asked.

    What to do: write the answer, or remove the line.

    Example: How long should black tea steep? -> How long should black tea steep?
    """
    return Mismatch("an answer", "the question again") if question.split() == answer.split() else None
