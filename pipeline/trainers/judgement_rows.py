"""What trainers of preferences, single judgements and texts share: a row of text, how judgements are balanced."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.renderer import Row
from pipeline.trainers.survey import Survey
from pipeline.trainers.value_rule import number

# The KTO paper (arXiv:2402.01306, 4.2), as TRL's page on KTO, "Imbalanced data", has it: weights times counts of liked
# to disliked answers between 1:1 and 4:3. Where they are not, the rarer kind is weighed so that they are in the middle.
_LEAST, _MOST, _AIM = 1, 4 / 3, 7 / 6
WEIGHT = number(0.001, 10**9)
"""What a weight may be in a trainer's file."""


def text_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """A text as it is, without a template."""
    yield {"text": talk.turns[0].content}


@dataclass(frozen=True, slots=True)
class Weights:
    """What an answer that was liked counts, and one that was not."""

    liked: float = 1.0
    disliked: float = 1.0


def weights(survey: Survey) -> Weights:
    """Weights that bring liked and disliked answers between 1:1 and 4:3; 1 where they are, or one kind is missing."""
    liked, disliked = _counts(survey)
    if not liked or not disliked or _LEAST <= liked / disliked <= _MOST:
        return Weights()
    if liked > disliked:
        return Weights(disliked=_rounded(liked / disliked / _AIM))
    return Weights(liked=_rounded(disliked / liked * _AIM))


def balance_note(job: TrainingJob, survey: Survey) -> list[str]:
    """How many answers were liked, and what each counts for it; of single judgements only."""
    if job.objective != "kto":
        return []
    (liked, disliked), each = _counts(survey), weights(survey)
    said = f"{liked:,} of the answers to train on were liked, {disliked:,} were not"
    if not liked or not disliked:
        return [f"{said}: with one kind alone nothing can be weighed against the other, and little is learned."]
    if each == Weights():
        return [f"{said}; both count alike."]
    return [
        f"{said}. That is one-sided, so one that was liked counts {each.liked:g} and one that was not "
        f"{each.disliked:g}: together {liked * each.liked / (disliked * each.disliked):.2f} to 1, within the 1:1 to "
        "4:3 that the authors of KTO advise."
    ]


def _counts(survey: Survey) -> tuple[int, int]:
    return survey.train_liked, survey.train_rows - survey.train_liked


def _rounded(weight: float) -> float:
    return float(f"{weight:.3g}")
