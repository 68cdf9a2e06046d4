"""Axolotl beyond answers: `rl: dpo`, `rl: kto` and texts, with the entries of SFT that are not about answers."""

from collections.abc import Iterable, Mapping

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.axolotl import TRAINER, axolotl_files
from pipeline.trainers.chat_rows import messages_of, rejected_of
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.judgement_rows import WEIGHT, balance_note, text_row, weights
from pipeline.trainers.objectives import JUDGED
from pipeline.trainers.renderer import TRAIN_FILE, VALIDATION_FILE, Renderer, Row, because, header
from pipeline.trainers.survey import Survey
from pipeline.trainers.trainer import Objective
from pipeline.trainers.value_rule import SWITCH, choice, number
from pipeline.trainers.yaml_text import Entry, yaml_text

_TITLES: Mapping[Objective, str] = {"preference": "Axolotl, DPO", "kto": "Axolotl, KTO", "text": "Axolotl, completion"}
_TEMPLATES = TRAINER.kto_templates or {}
_TEMPLATE = {"chat_template", "eot_tokens"}


def _preference_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """The messages before the answers, and each of them."""
    if _has_calls(talk, lost):
        return
    messages = messages_of(talk, survey, lost, has_argument_objects=False)
    rejected = rejected_of(talk, survey, lost, has_argument_objects=False)
    yield {"messages": messages[:-1], "chosen": messages[-1], "rejected": rejected}


def _judgement_row(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """All messages, as Axolotl's ready-made prompts take them; the last is judged."""
    if not _has_calls(talk, lost):
        yield {"completion": messages_of(talk, survey, lost, has_argument_objects=False), "label": talk.label}


def _has_calls(talk: Talk, lost: set[str]) -> bool:
    """Whether it cannot be written: of a message Axolotl reads nothing but role and content here."""
    has_calls = any(said.tool_calls or not said.content for said in (*talk.turns, *talk.rejected))
    lost |= {"tool-calls"} if has_calls else {"tools"} if talk.tools else set()
    return has_calls


def _make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`config.yaml`."""
    return {"config.yaml": yaml_text(header(job, axolotl_files.VERSION), _entries(job, survey))}


def _entries(job: TrainingJob, survey: Survey) -> list[Entry]:
    entries = []
    for entry in axolotl_files.settings(job, survey):
        if entry.key in _TEMPLATE and job.objective != "preference":
            continue
        if entry.key == "datasets":
            entries += [*_objective(job, survey), Entry("datasets", [_dataset(job, TRAIN_FILE)])]
        elif entry.key == "test_datasets":
            entries.append(Entry("test_datasets", [_dataset(job, VALIDATION_FILE)]))
        else:
            entries.append(entry)
    return entries


def _objective(job: TrainingJob, survey: Survey) -> list[Entry]:
    if job.objective not in JUDGED:
        return []
    entries = [
        Entry("rl", "dpo" if job.objective == "preference" else "kto"),
        Entry("rl_beta", job.beta, because(job)["beta"]),
    ]
    if job.objective == "kto":
        each = weights(survey)
        entries += [
            Entry("kto_desirable_weight", each.liked),
            Entry("kto_undesirable_weight", each.disliked),
            Entry("remove_unused_columns", False, "Axolotl insists on it for KTO."),
        ]
    return entries


def _dataset(job: TrainingJob, file: str) -> dict[str, object]:
    described: dict[str, object] = {"path": file, "ds_type": "json", "split": "train"}
    if job.objective == "text":
        return described | {"type": "completion", "field": "text"}
    if job.objective == "kto":
        return described | {"type": f"{_TEMPLATES[job.chat_template]}.argilla_chat"}
    return described | {"type": "chat_template.default", "field_messages": "messages"}


def _notes(job: TrainingJob, survey: Survey) -> list[str]:
    said = axolotl_files.notes(job, survey)
    if job.objective != "preference":
        del said[1]  # on the model's own template
    if job.objective == "kto":
        said.append(f"The turns are written as {_TEMPLATES[job.chat_template]} has them, by Axolotl itself.")
    return [*said, *balance_note(job, survey)]


_MAKERS = {"preference": _preference_row, "kto": _judgement_row, "text": text_row}
RENDERERS = {
    objective: Renderer(
        name="axolotl",
        title=title,
        version=axolotl_files.VERSION,
        make_rows=_MAKERS[objective],
        make_files=_make_files,
        start=axolotl_files.start,
        command=axolotl_files.command,
        notes=_notes,
        documents=axolotl_files.documents(
            {
                "rl": choice("dpo", "kto"),
                "rl_beta": number(0.001, 10),
                "kto_desirable_weight": WEIGHT,
                "kto_undesirable_weight": WEIGHT,
                "remove_unused_columns": SWITCH,
            }
        ),
    )
    for objective, title in _TITLES.items()
}
