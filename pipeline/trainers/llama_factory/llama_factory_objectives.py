"""LLaMA-Factory beyond answers: the stages dpo, kto and pt, with the entries of SFT that are not about answers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.convert.output_formats import sharegpt
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.judgement_rows import balance_note, text_row, weights
from pipeline.trainers.learning import has_fraction
from pipeline.trainers.llama_factory import llama_factory_files
from pipeline.trainers.objectives import JUDGED
from pipeline.trainers.renderer import TRAIN_FILE, VALIDATION_FILE, Renderer, Row, because, header
from pipeline.trainers.survey import Survey
from pipeline.trainers.trainer import Objective
from pipeline.trainers.yaml_text import Entry, yaml_text

_STAGES: Mapping[Objective, str] = {"preference": "dpo", "kto": "kto", "text": "pt"}
_OF_ANSWERS = {"train_on_prompt", "mask_history"}


def _preference_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """The conversation before the answers, and each of them."""
    *before, chosen = talk.turns
    row: Row = {
        "conversations": _said(talk, before, lost),
        "chosen": _said(talk, [chosen], lost)[0],
        "rejected": _said(talk, [talk.rejected[0]], lost)[0],
    }
    yield row | ({"tools": talk.tools or ""} if survey.has_tools else {})


def _judgement_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """The conversation, whose last answer is judged."""
    row: Row = {"conversations": _said(talk, talk.turns, lost), "label": talk.label}
    yield row | ({"tools": talk.tools or ""} if survey.has_tools else {})


def _said(talk: Talk, turns: list[Said], lost: set[str]) -> list[Row]:
    said: list[Row] = sharegpt(replace(talk, turns=turns), lost)["conversations"]
    if not any(map(has_fraction, turns)):
        lost.discard("weights")  # nothing but the last answer is learned
    return said


def _make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`train.yaml` and `dataset_info.json`."""
    info = {llama_factory_files.TRAIN: _dataset(job.objective, TRAIN_FILE, survey)}
    if survey.validation_rows:
        info[llama_factory_files.VALIDATION] = _dataset(job.objective, VALIDATION_FILE, survey)
    return {
        "train.yaml": yaml_text(header(job, llama_factory_files.VERSION), _entries(job, survey)),
        "dataset_info.json": json.dumps(info, indent=2) + "\n",
        **llama_factory_files.sharding_files(job),
    }


def _entries(job: TrainingJob, survey: Survey) -> list[Entry]:
    own = [Entry("stage", _STAGES[job.objective])]
    if job.objective in JUDGED:
        own.append(Entry("pref_beta", job.beta, because(job)["beta"]))
    if job.objective == "kto":
        each = weights(survey)
        own += [Entry("kto_chosen_weight", each.liked), Entry("kto_rejected_weight", each.disliked)]
    return [
        each
        for entry in llama_factory_files.settings(job, survey)
        if entry.key not in _OF_ANSWERS
        for each in (own if entry.key == "stage" else [entry])
    ]


def _dataset(objective: Objective, file: str, survey: Survey) -> dict[str, object]:
    if objective == "text":
        return {"file_name": file, "formatting": "alpaca", "columns": {"prompt": "text"}}
    columns = {"messages": "conversations"} | ({"tools": "tools"} if survey.has_tools else {})
    described: dict[str, object] = {"file_name": file, "formatting": "sharegpt"}
    if objective == "preference":
        described["ranking"] = True
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    else:
        columns |= {"kto_tag": "label"}
    return described | {"columns": columns, "tags": llama_factory_files.TAGS}


def _notes(job: TrainingJob, survey: Survey) -> list[str]:
    said = llama_factory_files.course_notes(job, survey)
    if job.objective in JUDGED:
        said.append("The reference is the base model itself: LLaMA-Factory turns the adapter off for it.")
    return [*said, *balance_note(job, survey)]


_MAKERS = {"preference": _preference_row, "kto": _judgement_row, "text": text_row}
RENDERERS = {
    objective: Renderer(
        name="llama-factory",
        title=f"LLaMA-Factory, stage {stage}",
        version=llama_factory_files.VERSION,
        make_rows=_MAKERS[objective],
        make_files=_make_files,
        start=llama_factory_files.start,
        command=llama_factory_files.command,
        notes=_notes,
        documents=llama_factory_files.documents(stage),
    )
    for objective, stage in _STAGES.items()
}
