"""What a renderer is: how a trainer's data and files are written for a job, and how they are checked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pipeline.dataset.convert.conversations import Talk
from pipeline.safe_text import one_line
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.strict_keys import Document
from pipeline.trainers.survey import Survey
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.value_rule import choice

Row = dict[str, Any]

CHAT_TEMPLATE_FILE = "chat_template.jinja"
CHAT_TEMPLATE_NOTE = (
    f"A base model without a chat template of its own gets the plain one of `{CHAT_TEMPLATE_FILE}`, which is saved "
    "with the adapter."
)
HUB_SCHEDULES = choice("cosine", "linear", "constant_with_warmup")
TRAIN_FILE, VALIDATION_FILE = "train.jsonl", "validation.jsonl"


@dataclass(frozen=True, slots=True)
class Renderer:
    """One trainer."""

    name: TargetName
    title: str
    version: str
    """Of the trainer that the files are for."""
    make_rows: Callable[[Talk, Survey, set[str]], Iterable[Row]]
    """The rows of a conversation; notes by name what they do not hold."""
    make_files: Callable[[TrainingJob, Survey], Mapping[str, str]]
    """The text of each file but the data."""
    start: Callable[[TrainingJob, Survey], str]
    """Shell commands, in the folder of the files."""
    notes: Callable[[TrainingJob, Survey], list[str]]
    """What to know, a sentence each."""
    documents: tuple[Document, ...]
    validation_file: str = VALIDATION_FILE
    """The name of the validation rows' file; those to train on are always in `TRAIN_FILE`."""
    command: Callable[[TrainingJob], list[str]] | None = None
    """What of `start` trains, as a process is started; None where a provider does."""


def template_file(name: str) -> str:
    """The text of a file of `trainers/`, as `trl/trl_train.py.txt`."""
    return files("pipeline.trainers").joinpath(name).read_text("utf-8")


def hub_schedule(job: TrainingJob) -> str:
    """The schedule's name in Transformers, whose `constant` would leave out the warm-up."""
    return "constant_with_warmup" if job.optimisation.schedule == "constant" else job.optimisation.schedule


def because(job: TrainingJob) -> Mapping[str, str]:
    """Why each setting of the job is what it is, by its path."""
    return _Why({each.setting: each.because for each in job.explanations})


class _Why(dict[str, str]):
    """Nothing is said of a setting that the job does not explain."""

    def __missing__(self, setting: str) -> str:
        return ""


def header(job: TrainingJob, version: str) -> list[str]:
    """The first comment lines of a file."""
    return [f"{one_line(job.name)}. Job {job.job_id}, for {version}.", "explain.md says why each value is what it is."]
