"""Together: the body of the request that makes a fine-tuning job."""

import json
from collections.abc import Iterable

from pipeline.dataset.convert.call_ids import with_call_ids
from pipeline.dataset.convert.conversations import Talk
from pipeline.dataset.convert.output_formats import openai
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.openai.openai_files import suffix
from pipeline.trainers.renderer import TRAIN_FILE, VALIDATION_FILE, Renderer, Row
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.together import EVALUATIONS
from pipeline.trainers.value_rule import SWITCH, TEXT, choice, integer, number

_RELEASE = recorded_versions("together")["together"]
VERSION = f"together {_RELEASE} (Python)"


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Messages, with the weight 0 on answers that are context only."""
    yield openai(with_call_ids(talk, are_nine=survey.are_ids_nine), lost)
    lost.discard("ids")


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`request.json`; the names of the data files stand where their ids go."""
    how = job.optimisation
    body: dict[str, object] = {
        "model": job.together_model or job.hub_id,
        "training_file": TRAIN_FILE,
        "n_epochs": how.epochs,
        "batch_size": how.micro_batch * how.gradient_accumulation * job.hardware.gpu_count,
        "learning_rate": how.learning_rate,
        "lr_scheduler": _schedule(job),
        "warmup_ratio": how.warmup_share,
        "max_grad_norm": how.max_grad_norm,
        "weight_decay": how.weight_decay,
        "max_seq_length": job.max_length,
        "packing": job.is_packed,
        "n_checkpoints": 1,
        "random_seed": how.seed,
        "suffix": suffix(job),
        "training_method": {"method": "sft", "train_on_inputs": False},
        "training_type": {"type": "Full"},
    }
    if job.adapter:
        body["training_type"] = {
            "type": "Lora",
            "lora_r": job.adapter.rank,
            "lora_alpha": job.adapter.alpha,
            "lora_dropout": job.adapter.dropout,
            "lora_trainable_modules": "all-linear",
        }
    if survey.validation_rows:
        body |= {"validation_file": VALIDATION_FILE, "n_evals": EVALUATIONS}
    return {"request.json": json.dumps(body, indent=2) + "\n"}


def _schedule(job: TrainingJob) -> dict[str, object]:
    """Together knows no constant rate; a linear one that ends where it begins is one."""
    if job.optimisation.schedule == "constant":
        return {"lr_scheduler_type": "linear", "lr_scheduler_args": {"min_lr_ratio": 1.0}}
    return {"lr_scheduler_type": job.optimisation.schedule, "lr_scheduler_args": {"min_lr_ratio": 0.0}}


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    files = [TRAIN_FILE, *([VALIDATION_FILE] if survey.validation_rows else [])]
    uploads = "\n".join(f"together files upload {name}" for name in files)
    return (
        f"pip install together=={_RELEASE}\n{uploads}\n"
        "# put the ids of the answers into request.json, in place of the files' names\n"
        'curl https://api.together.xyz/v1/fine-tunes -H "Authorization: Bearer $TOGETHER_API_KEY" '
        '-H "Content-Type: application/json" -d @request.json'
    )


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    said = [
        "Together lists the models that it trains, some under a name of its own (`--set together_model=NAME`), with "
        "the batch sizes that each takes (`--set effective_batch=N`).",
        "`train_on_inputs: false` learns the assistant's turns alone; answers with the weight 0 are context only.",
    ]
    if job.method == "qlora":
        said.append("Together trains LoRA without quantising the base model.")
    if job.adapter and job.adapter.is_rank_stabilised:
        said.append("Together has no rank-stabilised scaling: alpha / rank is used.")
    return said


def _documents() -> tuple[Document, ...]:
    parts = ("", "training_type", "training_method", "lr_scheduler", "lr_scheduler.lr_scheduler_args")
    rules = {
        "model": TEXT,
        "training_file": TEXT,
        "validation_file": TEXT,
        "n_epochs": integer(1, 50),
        "batch_size": integer(1, 4096),
        "learning_rate": number(1e-8, 0.01),
        "warmup_ratio": number(0, 0.5),
        "max_grad_norm": number(0, 100),
        "weight_decay": number(0, 1),
        "max_seq_length": integer(8, 2**20),
        "packing": SWITCH,
        "suffix": TEXT,
        "random_seed": integer(0, 2**31 - 1),
        "training_type.type": choice("Lora", "Full"),
        "training_type.lora_r": integer(1, 1024),
        "training_type.lora_alpha": integer(1, 4096),
        "training_type.lora_dropout": number(0, 0.9),
        "training_method.method": choice("sft"),
        "training_method.train_on_inputs": SWITCH,
        "lr_scheduler.lr_scheduler_type": choice("cosine", "linear"),
    }
    required = ("model", "training_file", "n_epochs", "learning_rate", "training_type.type")
    sections = {part: recorded_keys("together", part) for part in parts}
    return (Document("request.json", "json", sections, rules, required),)


RENDERER = Renderer(
    name="together",
    title="Together fine-tuning",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    notes=notes,
    documents=_documents(),
)
