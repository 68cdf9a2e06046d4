"""A first pass over a dataset's rows: what is left of it for a job, and what its files depend on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.dataset.convert.conversations import Talk
from pipeline.dataset.tokens import Tokenizer
from pipeline.errors import UsageError
from pipeline.trainers.dataset_rows import DatasetRows
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import Dropped, DropReason, has_unlearned_answers, is_learned, prepare

FIRST_ROWS = 20


@dataclass(slots=True)
class Survey:
    """What a job's rows are like; rows: conversations with something to learn from, answers: what is learned.

    liked: of single judgements, training rows whose answer was liked.
    """

    train_rows: int = 0
    validation_rows: int = 0
    train_answers: int = 0
    validation_answers: int = 0
    train_liked: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    first_dropped: dict[DropReason, list[int]] = field(default_factory=dict)
    """The first rows by reason."""
    has_unlearned_answers: bool = False
    """Some answers are context only."""
    has_tools: bool = False
    """Tools or calls of them."""
    are_ids_nine: bool = False
    """Whether calls need ids of nine letters and digits."""

    def add(self, talk: Talk, is_validation: bool) -> None:
        """Count a row that is kept."""
        answers = sum(map(is_learned, talk.turns))
        if is_validation:
            self.validation_rows += 1
            self.validation_answers += answers
        else:
            self.train_rows += 1
            self.train_answers += answers
            self.train_liked += talk.label is True
        self.has_unlearned_answers |= has_unlearned_answers(talk)
        self.has_tools |= bool(talk.tools) or any(said.tool_calls for said in (*talk.turns, *talk.rejected))

    def drop(self, dropped: Dropped) -> None:
        """Count a row that is not."""
        self.dropped[dropped.reason] += 1
        rows = self.first_dropped.setdefault(dropped.reason, [])
        if len(rows) < FIRST_ROWS:
            rows.append(dropped.row)


def prepared(job: TrainingJob, rows: DatasetRows, tokenizer: Tokenizer) -> Iterator[tuple[Talk | Dropped, bool]]:
    """Each row as it is trained on, or why it is not; and whether it is for validation."""
    for row in rows.read():
        yield prepare(row.talk, job.max_length, tokenizer, job.objective), row.is_validation


def survey(job: TrainingJob, rows: DatasetRows, tokenizer: Tokenizer) -> Survey:
    """What the rows are like.

    Raises:
        UsageError: no row is left to train on.
    """
    found = Survey(are_ids_nine=job.chat_template.startswith("mistral"))  # its templates raise on any other
    for talk, is_validation in prepared(job, rows, tokenizer):
        if isinstance(talk, Dropped):
            found.drop(talk)
        else:
            found.add(talk, is_validation)
    if not found.train_rows:
        raise UsageError(
            f"{job.data.dataset_name}: expected rows with an answer within {job.max_length:,} tokens, found none; "
            "choose a larger max_length"
        )
    return found
