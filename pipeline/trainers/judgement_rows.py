"""What trainers of preferences, single judgements and texts share: a row of text, a note on the balance of labels."""

from collections.abc import Iterable

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.renderer import Row
from pipeline.trainers.survey import Survey

_MOST_BETWEEN = 4 / 3  # TRL, KTO Trainer, "Imbalanced data": weights times counts between 1:1 and 4:3


def text_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """A text as it is, without a template."""
    yield {"text": talk.turns[0].content}


def balance_note(job: TrainingJob, survey: Survey) -> list[str]:
    """How many answers were liked, and whether that is too one-sided; of single judgements only."""
    if job.objective != "kto":
        return []
    liked, disliked = survey.train_liked, survey.train_rows - survey.train_liked
    said = f"{liked:,} of the answers to train on were liked, {disliked:,} were not; both count alike."
    if max(liked, disliked) > _MOST_BETWEEN * min(liked, disliked):
        said += " That is one-sided: TRL's page on KTO advises weights that bring the two between 1:1 and 4:3."
    return [said]
