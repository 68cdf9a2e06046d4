"""Rules over one answer and the question before it, each a function whose docstring is its entry in the catalogue.

To add one, write a function here (docs/architecture.md says how); the engine, the reports and the pages find it by
themselves. Nothing of the engine is known here: `quality/quality_findings.py` runs the rules, `quality_kinds.py` lists
them.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Flags, Integers

Judge = Callable[[str, str], Mismatch | None]
Suspects = Callable[[Integers, Integers], Flags]

_PARTS = re.compile(
    r"(?P<title>[^\n]+)\.\n\n(?P<why>.+?)\n\nWhat to do: (?P<remedy>.+?)\.\n\n"
    r"Example: (?P<question>.+?) -> (?P<answer>.+)",
    re.DOTALL,
)


_FEWEST_BYTES = 16  # of a question; shorter ones are greetings, which are rightly returned
_SPACES = 16  # bytes of white space by which a copy may differ


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """judge: of question and answer, what is wrong, or None. example: a pair that has it.

    among: which pairs are worth a look, by their sizes in bytes.
    """

    kind: FindingKind
    judge: Judge
    example: tuple[str, str]
    among: Suspects


ANSWER_RULES: list[AnswerRule] = []


def _all(questions: Integers, answers: Integers) -> Flags:
    return np.ones(len(answers), dtype=np.bool_)


def answer_rule(among: Suspects = _all) -> Callable[[Judge], Judge]:
    """Register a rule. Its name is its code; its docstring says what it tells, why, what to do, and gives an example.

    among: of the sizes of questions and answers in bytes, which pairs are worth a look. Without it the rule sees all of
    them, for which every text is decoded: a tenth of the time that the structure of a file takes.

    Raises:
        ValueError: the docstring does not.
    """
    return lambda judge: _registered(judge, among)


def _registered(judge: Judge, among: Suspects) -> Judge:
    parts = _PARTS.fullmatch(inspect.cleandoc(judge.__doc__ or ""))
    if parts is None:
        expected = "a title, why it matters, 'What to do: …' and 'Example: question -> answer', a paragraph each"
        raise ValueError(f"{judge.__name__}: expected a docstring of {expected}")
    title, why, remedy, *example = (" ".join(part.split()) for part in parts.groups())
    code = judge.__name__.replace("_", "-")
    kind = FindingKind(code, Severity.WARNING, Scope.LINE, _lowered(title), why, _lowered(remedy))
    ANSWER_RULES.append(AnswerRule(kind, judge, (example[0], example[1]), among))
    return judge


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _of_one_size(questions: Integers, answers: Integers) -> Flags:
    suspects: Flags = (questions >= _FEWEST_BYTES) & (np.abs(questions - answers) <= _SPACES)
    return suspects


@answer_rule(among=_of_one_size)
def repeated_question(question: str, answer: str) -> Mismatch | None:
    """An answer repeats the question.

    The model learns to say back what it was asked.

    What to do: write the answer, or remove the line.

    Example: How long should black tea steep? -> How long should black tea steep?
    """
    return Mismatch("an answer", "the question again") if question.split() == answer.split() else None
