"""Where rows come from that were made here: the training file of a dataset, and what making it did cost."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.service.pages.batch_figures import money_said
from pipeline.service.pages.training_file_listing import file_url
from pipeline.state.catalog.generation_records import TrainingFile
from pipeline.wording import count_of


@dataclass(frozen=True, slots=True)
class Origin:
    """A training file."""

    url: str
    name: str
    cost: str
    """Of making its conversations, with what came to nothing."""


def origin_of(file: TrainingFile | None) -> Origin | None:
    """What a dataset was made of; None of one that was not made here."""
    if file is None:
        return None
    return Origin(file_url(file.id), f"{file.name}, version {file.version}", money_said(file.cost_nano_usd))


def making_said(files: Iterable[TrainingFile]) -> str:
    """What making the rows of trainings did cost, each file once; empty where none of them was made here."""
    by_id = {file.id: file.cost_nano_usd for file in files}
    if not by_id:
        return ""
    return f"{money_said(sum(by_id.values()))} for making the conversations of {count_of(len(by_id), 'training file')}"
