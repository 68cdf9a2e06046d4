"""How far two who look at the same agree: two who annotate a conversation, or a judge with itself.

Every figure is None where there is nothing to compare; none is made up.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.generation.model import Judgement, MadeConversation


@dataclass(frozen=True, slots=True)
class TextAgreement:
    """Of a field with words."""

    compared: int
    """Turns that both have it of."""
    share: float | None
    """Of them alike, 0 to 1."""
    kappa: float | None
    """Cohen's, which leaves out what would agree by chance; None where both always say one word."""


@dataclass(frozen=True, slots=True)
class NumberAgreement:
    """Of a field with numbers."""

    compared: int
    """Turns that both have it of."""
    mean_difference: float | None
    """Absolute, in the field's unit."""


@dataclass(frozen=True, slots=True)
class AnnotationAgreement:
    """Of two annotations of the same conversations."""

    emotion: TextAgreement
    strategy: TextAgreement
    phase: TextAgreement
    intensity: NumberAgreement
    valence: NumberAgreement


@dataclass(frozen=True, slots=True)
class RepeatAgreement:
    """Of scores that were given twice."""

    compared: int
    """Scores."""
    exact: float | None
    """Shares of them, 0 to 1."""
    within_one: float | None
    """Shares of them, 0 to 1."""
    mean_difference: float | None


def annotation_agreement(pairs: Iterable[tuple[MadeConversation, MadeConversation]]) -> AnnotationAgreement:
    """pairs: the same conversation twice, as annotated by one and by the other."""
    turns = [both for one, other in pairs for both in zip(one.turns, other.turns, strict=True)]

    def told(name: str) -> list[tuple[object, object]]:
        values = [(getattr(one, name), getattr(other, name)) for one, other in turns]
        return [(one, other) for one, other in values if one is not None and other is not None]

    return AnnotationAgreement(
        _texts(told("emotion")),
        _texts(told("strategy")),
        _texts(told("phase")),
        _numbers(told("intensity")),
        _numbers(told("valence")),
    )


def repeat_agreement(pairs: Iterable[tuple[Judgement, Judgement]]) -> RepeatAgreement:
    """pairs: two judgements of the same conversation by the same judge."""
    scores = [(one.scores.get(name), other.scores.get(name)) for one, other in pairs for name in one.scores]
    differences = [abs(one - other) for one, other in scores if one is not None and other is not None]
    count = len(differences)
    if not count:
        return RepeatAgreement(0, None, None, None)
    return RepeatAgreement(
        count, differences.count(0) / count, sum(d <= 1 for d in differences) / count, sum(differences) / count
    )


def _texts(told: Sequence[tuple[object, object]]) -> TextAgreement:
    if not told:
        return TextAgreement(0, None, None)
    count = len(told)
    share = sum(one == other for one, other in told) / count
    ones, others = Counter(one for one, _ in told), Counter(other for _, other in told)
    by_chance = sum(ones[word] * others[word] for word in ones) / count**2
    return TextAgreement(count, share, None if by_chance == 1 else (share - by_chance) / (1 - by_chance))


def _numbers(told: Sequence[tuple[object, object]]) -> NumberAgreement:
    differences = [abs(float(str(one)) - float(str(other))) for one, other in told]
    return NumberAgreement(len(told), sum(differences) / len(told) if told else None)
