"""Rules over one answer and the question before it, each a function whose docstring is its entry in the catalogue.

To add one, write a function here (docs/architecture.md says how); the engine, the reports and the pages find it by
themselves. Nothing of the engine is known here: `findings.py` runs the rules, `quality_kinds.py` lists them.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.conversations.kinds import FindingKind, Scope, Severity

Judge = Callable[[str, str], str]

_PARTS = re.compile(
    r"(?P<title>[^\n]+)\.\n\n(?P<why>.+?)\n\nWhat to do: (?P<remedy>.+?)\.\n\n"
    r"Example: (?P<question>.+?) -> (?P<answer>.+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """judge: of question and answer, "expected …, found …", or "" for nothing. example: a pair that has it."""

    kind: FindingKind
    judge: Judge
    example: tuple[str, str]


ANSWER_RULES: list[AnswerRule] = []


def answer_rule(judge: Judge) -> Judge:
    """Register a rule. Its name is its code; its docstring says what it tells, why, what to do, and gives an example.

    Raises:
        ValueError: the docstring does not.
    """
    parts = _PARTS.fullmatch(inspect.cleandoc(judge.__doc__ or ""))
    if parts is None:
        expected = "a title, why it matters, 'What to do: …' and 'Example: question -> answer', a paragraph each"
        raise ValueError(f"{judge.__name__}: expected a docstring of {expected}")
    title, why, remedy, *example = (" ".join(part.split()) for part in parts.groups())
    code = judge.__name__.replace("_", "-")
    kind = FindingKind(code, Severity.WARNING, Scope.LINE, _lowered(title), why, _lowered(remedy))
    ANSWER_RULES.append(AnswerRule(kind, judge, (example[0], example[1])))
    return judge


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


@answer_rule
def repeated_question(question: str, answer: str) -> str:
    """An answer repeats the question.

    The model learns to say back what it was asked.

    What to do: write the answer, or remove the line.

    Example: How long should black tea steep? -> How long should black tea steep?
    """
    if abs(len(question) - len(answer)) > _SPACES or len(question) < _FEWEST_CHARACTERS:
        return ""
    return "expected an answer, found the question again" if question.split() == answer.split() else ""


_FEWEST_CHARACTERS = 16  # shorter ones are greetings, which are rightly returned
_SPACES = 16  # by which a copy may differ
