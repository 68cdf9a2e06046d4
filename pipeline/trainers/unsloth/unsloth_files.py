"""Unsloth: a generated script. Its trainer is TRL's, so each answer is the completion of what comes before it."""

from collections.abc import Iterable

import jinja2

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.chat_rows import messages_of, tools_of
from pipeline.trainers.course import grouping_note, keeping_note
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import answers_apart
from pipeline.trainers.renderer import (
    CHAT_TEMPLATE_FILE,
    CHAT_TEMPLATE_NOTE,
    TRAIN_FILE,
    VALIDATION_FILE,
    Renderer,
    Row,
    header,
    template_file,
)
from pipeline.trainers.requirements import INSTALL
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.trl.trl_files import TRAINING_RULES, training_arguments
from pipeline.trainers.value_rule import SWITCH, TEXT, integer, number

VERSION = f"unsloth {recorded_versions('unsloth')['unsloth']}"
_LOAD, _ADAPT = "FastLanguageModel/from_pretrained", "FastLanguageModel/get_peft_model"


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """A prompt and its completion, for each answer that is learned."""
    for part in answers_apart(talk):
        messages = messages_of(part, survey, lost, has_argument_objects=True)
        row: Row = {"prompt": messages[:-1], "completion": messages[-1:]}
        yield row | ({"tools": tools_of(part)} if survey.has_tools else {})


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`train.py`, and a chat template for base models that have none."""
    arguments = training_arguments(job, survey) | {"completion_only_loss": True}
    environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # Python, not HTML
    environment.filters["literal"] = repr
    rendered = environment.from_string(template_file("unsloth/unsloth_train.py.jinja")).render(
        header=header(job, VERSION),
        job=job,
        arguments=arguments,
        train_file=TRAIN_FILE,
        validation_file=VALIDATION_FILE if survey.validation_rows else None,
        has_tools=survey.has_tools,
    )
    return {"train.py": rendered, CHAT_TEMPLATE_FILE: template_file(CHAT_TEMPLATE_FILE)}


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    return f"{INSTALL}\n{' '.join(command(job))}"


def command(job: TrainingJob) -> list[str]:
    """What trains it."""
    return ["python", "train.py"]


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    said = [
        CHAT_TEMPLATE_NOTE,
        f"Each of the {survey.train_answers:,} answers to learn is a row of its own, as the completion of what comes "
        f"before it; a pass takes more steps than {survey.train_rows:,} conversations with several answers would.",
        "The script was checked as text against the parameters that Unsloth's functions have: importing Unsloth "
        "needs a GPU.",
        "Every loss on the way and of the last evaluation is in `output/trainer_state.json`.",
        *keeping_note(survey),
        *grouping_note(job, has_own_order=True),
    ]
    if job.hardware.is_sharded:
        said.append("Unsloth shares no model out over GPUs: on one alone this one does not fit. Take another trainer.")
    elif job.hardware.gpu_count > 1:
        said.append("Unsloth trains on one GPU unless told otherwise; see its page on several GPUs.")
    return said


def _documents() -> tuple[Document, ...]:
    sections = {
        _LOAD: recorded_keys("unsloth", _LOAD),
        _ADAPT: recorded_keys("unsloth", _ADAPT),
        "SFTConfig": recorded_keys("unsloth", "SFTConfig"),
    }
    rules = {
        f"{_LOAD}.model_name": TEXT,
        f"{_LOAD}.max_seq_length": integer(8, 2**20),
        f"{_LOAD}.load_in_4bit": SWITCH,
        f"{_ADAPT}.r": integer(1, 1024),
        f"{_ADAPT}.lora_alpha": integer(1, 4096),
        f"{_ADAPT}.lora_dropout": number(0, 0.9),
        f"{_ADAPT}.use_rslora": SWITCH,
        **{f"SFTConfig.{key}": rule for key, rule in TRAINING_RULES.items()},
    }
    required = (f"{_LOAD}.model_name", "SFTConfig.learning_rate", "SFTConfig.max_length")
    return (Document("train.py", "python", sections, rules, required),)


RENDERER = Renderer(
    name="unsloth",
    title="Unsloth",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    command=command,
    notes=notes,
    documents=_documents(),
)
