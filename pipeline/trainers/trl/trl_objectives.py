"""TRL beyond answers: DPOTrainer, KTOTrainer and SFTTrainer on texts, by one `train.py` of their own."""

from collections.abc import Iterable, Mapping
from functools import partial

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.chat_rows import messages_of, rejected_of, tools_of
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.judgement_rows import WEIGHT, balance_note, text_row, weights
from pipeline.trainers.objectives import JUDGED
from pipeline.trainers.renderer import (
    CHAT_TEMPLATE_FILE,
    CHAT_TEMPLATE_NOTE,
    TRAIN_FILE,
    VALIDATION_FILE,
    Renderer,
    Row,
    because,
    header,
    template_file,
)
from pipeline.trainers.survey import Survey
from pipeline.trainers.trainer import Objective
from pipeline.trainers.trl import trl_files
from pipeline.trainers.trl.trl_sharding import DOCUMENT, sharded, sharding_files
from pipeline.trainers.value_rule import choice, number
from pipeline.trainers.yaml_text import Entry, yaml_text

_TRAINERS: Mapping[Objective, str] = {"preference": "DPO", "kto": "KTO", "text": "SFT"}


def _judged_rows(objective: Objective, talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """The messages before an answer, and the answer, or both of them."""
    messages = messages_of(talk, survey, lost, has_argument_objects=True)
    row: Row = {"prompt": messages[:-1]}
    if objective == "preference":
        rejected = rejected_of(talk, survey, lost, has_argument_objects=True)
        row |= {"chosen": messages[-1:], "rejected": [rejected]}
    else:
        row |= {"completion": messages[-1:], "label": talk.label}
    yield row | ({"tools": tools_of(talk)} if survey.has_tools else {})


def _make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`config.yaml`, `train.py`, and a chat template for base models that have none."""
    files = {"config.yaml": _config(job, survey), "train.py": trl_files.script("trl/trl_train_objectives.py.txt")}
    files |= sharding_files(job, trl_files.VERSION)
    if job.objective in JUDGED:
        files[CHAT_TEMPLATE_FILE] = template_file(CHAT_TEMPLATE_FILE)
    return files


def _config(job: TrainingJob, survey: Survey) -> str:
    why, trainer = because(job), _TRAINERS[job.objective]
    arguments = trl_files.training_arguments(job, survey) | trl_files.checkpointing_arguments(job)
    if job.objective in JUDGED:
        del arguments["packing"]
        arguments["beta"] = job.beta
        if job.objective == "kto":
            each = weights(survey)
            arguments |= {"desirable_weight": each.liked, "undesirable_weight": each.disliked}
    else:
        arguments["loss_type"] = "nll"
        arguments["dataset_text_field"] = "text"
        if job.is_packed:
            arguments["packing_strategy"] = "wrapped"  # the others cut what is longer
    data = {"train": TRAIN_FILE} | ({"validation": VALIDATION_FILE} if survey.validation_rows else {})
    entries = [
        Entry("base_model", job.hub_id, "The base model: a name on the model hub, or a folder."),
        Entry("objective", job.objective, f"Trained by trl.{trainer}Trainer."),
        Entry("data", data),
        Entry("training", arguments, f"Arguments of trl.{trainer}Config. {trl_files.why_training(why)}"),
        *sharded(job, trl_files.adapter_entries(job)),
    ]
    return yaml_text(header(job, trl_files.VERSION), entries)


def _notes(job: TrainingJob, survey: Survey) -> list[str]:
    said = trl_files.course_notes(job, survey, f"{_TRAINERS[job.objective]}Config")
    if job.objective in JUDGED:
        said += [CHAT_TEMPLATE_NOTE, "The reference is the base model itself: TRL turns the adapter off for it."]
    return [*said, *balance_note(job, survey)]


def _target(objective: Objective) -> Renderer:
    arguments = "training" if objective == "text" else f"training-{objective}"
    rules = {
        "objective": choice(objective),
        "training.beta": number(0.001, 10),
        "training.desirable_weight": WEIGHT,
        "training.undesirable_weight": WEIGHT,
    }
    return Renderer(
        name="trl",
        title=f"TRL {_TRAINERS[objective]}Trainer",
        version=trl_files.VERSION,
        make_rows=text_row if objective == "text" else partial(_judged_rows, objective),
        make_files=_make_files,
        start=trl_files.start,
        command=trl_files.command,
        notes=_notes,
        documents=(trl_files.config_document(frozenset(), arguments, rules), DOCUMENT),
    )


RENDERERS = {objective: _target(objective) for objective in _TRAINERS}
