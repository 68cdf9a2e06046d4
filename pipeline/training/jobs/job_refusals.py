"""Why there is no job: errors for a person to act on, and what a job that is too large for its GPU would need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.catalogues.models import BaseModelSpec
from pipeline.errors import UsageError
from pipeline.trainers.objectives import objective_of
from pipeline.trainers.registry import BY_NAME, trainers_of
from pipeline.trainers.trainer import Objective
from pipeline.training.jobs.dataset_facts import DatasetFacts


class TargetRefuses(UsageError):
    """A trainer does not take the dataset; codes: the findings, or rules, that stand in the way."""

    exit_code = 1

    def __init__(self, message: str, target: str, codes: tuple[str, ...]) -> None:
        super().__init__(message)
        self.target = target
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to choose otherwise, so that a job fits."""

    key: Literal["method", "max_length", "gpu"]
    value: str
    note: str = ""
    """What it means. A command and a page each phrase it."""

    @property
    def in_words(self) -> str:
        """For who gets a sentence only."""
        name = {"method": "the method ", "max_length": "a max_length of ", "gpu": "the GPU "}[self.key]
        return f"{name}{self.value}{f' ({self.note})' if self.note else ''}"


@dataclass(frozen=True, slots=True)
class DoesNotFit:
    """A job that a GPU cannot hold; gigabytes as `Gpu` counts them."""

    gpu: str
    needed_gb: float
    available_gb: float
    would_fit: tuple[Change, ...]
    """What to change, one thing each."""

    @property
    def message(self) -> str:
        """By how much, for a person."""
        short_gb = self.needed_gb - self.available_gb
        smaller = "" if self.would_fit else "; nothing that was tried would fit: choose a smaller model"
        return (
            f"does not fit: needs {self.needed_gb:.1f} GB on each GPU, a {self.gpu} has {self.available_gb:.1f} GB, "
            f"{short_gb:.1f} GB too few{smaller}"
        )


# What to do with data that a trainer does not take, by what would be learned from it.
_INSTEAD: Mapping[Objective, str] = {
    "preference": "to train on the chosen answers, write them with "
    "`lora-pipeline convert FILE --to openai -o chosen.jsonl` and upload that",
    "kto": "or keep the liked answers and upload them as conversations",
    "text": "or upload conversations, or prompts with completions",
}


def check_targets(facts: DatasetFacts, targets: Iterable[str], model: BaseModelSpec) -> None:
    """Insist that every trainer takes the dataset.

    Raises:
        TargetRefuses: the first that does not; says what stands in the way.
    """
    for target in targets:
        if error := _refusal(facts, target, model):
            raise error


def _refusal(facts: DatasetFacts, target: str, model: BaseModelSpec) -> TargetRefuses | None:
    objective = objective_of(facts.format)
    others = trainers_of(objective)
    if target not in others:
        return TargetRefuses(
            f"{target}: expected conversations, found {facts.format} in {facts.name}; "
            f"{', '.join(others)} train on them; {_INSTEAD[objective]}",
            target,
            (f"format-{facts.format}",),
        )
    trainer = BY_NAME[target]
    templates = trainer.kto_templates
    if objective == "kto" and templates is not None and model.template not in templates:
        able = [name for name in others if BY_NAME[name].kto_templates is None]
        return TargetRefuses(
            f"{target}: expected a model with a chat template of {', '.join(templates)} for kto in {facts.name}, "
            f"found {model.name} with {model.template}; {' and '.join(able)} train it",
            target,
            (f"format-{facts.format}",),
        )
    acceptance = facts.acceptance.get(trainer.judged_as or target)
    if acceptance is None or acceptance.verdict != "refused":
        return None
    reasons = "; ".join(
        f"{code} ({sentence.rstrip('.')})"
        for code, sentence in zip(acceptance.refused_by, acceptance.sentences, strict=True)
    )
    return TargetRefuses(
        f"{target} refuses {facts.name}: {reasons}; its findings name the lines",
        target,
        acceptance.refused_by,
    )
