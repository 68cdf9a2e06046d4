"""OpenAI: the body of the request that makes a fine-tuning job, for one of OpenAI's own models."""

import json
import re
from collections.abc import Iterable

from pipeline.dataset.convert.conversations import Talk
from pipeline.dataset.convert.output_formats import openai, without_reasoning
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.renderer import TRAIN_FILE, VALIDATION_FILE, Renderer, Row
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.value_rule import TEXT, choice, integer

_RELEASE = recorded_versions("openai")["openai"]
VERSION = f"openai {_RELEASE} (Python)"
_MAX_BATCH = 256
_HYPERPARAMETERS = "method.supervised.hyperparameters"


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Messages, with the weight 0 on answers that are context only."""
    yield openai(without_reasoning(talk, lost), lost)
    lost.discard("ids")


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`request.json`; the names of the data files stand where their ids go."""
    batch = job.optimisation.micro_batch * job.optimisation.gradient_accumulation * job.hardware.gpu_count
    body: dict[str, object] = {
        "model": job.openai_model,
        "training_file": TRAIN_FILE,
        "method": {
            "type": "supervised",
            "supervised": {
                "hyperparameters": {
                    "n_epochs": job.optimisation.epochs,
                    "batch_size": min(batch, _MAX_BATCH),
                    "learning_rate_multiplier": "auto",
                }
            },
        },
        "suffix": suffix(job),
        "seed": job.optimisation.seed,
        "metadata": {"job_id": job.job_id[-64:], "content_sha256": job.data.content_sha256[:64]},
    }
    if survey.validation_rows:
        body["validation_file"] = VALIDATION_FILE
    return {"request.json": json.dumps(body, indent=2) + "\n"}


def suffix(job: TrainingJob, most: int = 40) -> str:
    """A name for the trained model."""
    return re.sub(r"[^a-z0-9]+", "-", job.data.dataset_name.lower()).strip("-")[:most].strip("-") or "job"


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    files = [TRAIN_FILE, *([VALIDATION_FILE] if survey.validation_rows else [])]
    uploads = "\n".join(
        f'curl https://api.openai.com/v1/files -H "Authorization: Bearer $OPENAI_API_KEY" -F purpose=fine-tune '
        f"-F file=@{name}"
        for name in files
    )
    return (
        f"{uploads}\n"
        "# put the ids of the answers into request.json, in place of the files' names\n"
        'curl https://api.openai.com/v1/fine_tuning/jobs -H "Authorization: Bearer $OPENAI_API_KEY" '
        '-H "Content-Type: application/json" -d @request.json'
    )


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    return [
        f"OpenAI does not train {job.base_model}; {job.openai_model} stands in its place (`--set openai_model=NAME`).",
        "Rank, alpha, learning rate and length of the job do not apply: OpenAI chooses them. The rate is left to it "
        "(`auto`), because its multiplier is of an unpublished base rate.",
        "Answers with the weight 0 are context only.",
    ]


def _documents() -> tuple[Document, ...]:
    sections = {part: recorded_keys("openai", part) for part in ("", "method", "method.supervised", _HYPERPARAMETERS)}
    rules = {
        "model": TEXT,
        "training_file": TEXT,
        "validation_file": TEXT,
        "suffix": TEXT,
        "seed": integer(0, 2**31 - 1),
        "method.type": choice("supervised", "dpo", "reinforcement"),
        f"{_HYPERPARAMETERS}.n_epochs": integer(1, 50),
        f"{_HYPERPARAMETERS}.batch_size": integer(1, _MAX_BATCH),
        f"{_HYPERPARAMETERS}.learning_rate_multiplier": choice("auto"),
    }
    return (Document("request.json", "json", sections, rules, ("model", "training_file", "method.type")),)


RENDERER = Renderer(
    name="openai",
    title="OpenAI fine-tuning",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    notes=notes,
    documents=_documents(),
)
