"""mlx-lm: one `config.yaml` that `mlx_lm.lora` reads, and the data beside it.

It learns the last message of a row (`mask_prompt`), so each answer is a row of its own. It counts iterations, not
passes, takes whole batches only, and stops where a file has fewer rows than one: both follow from the rows here.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from shlex import quote

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.chat_rows import messages_of, tools_of
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import answers_apart
from pipeline.trainers.renderer import Renderer, Row, because, header
from pipeline.trainers.requirements import INSTALL
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.value_rule import SWITCH, TEXT, choice, integer, number
from pipeline.trainers.yaml_text import Entry, yaml_text
from pipeline.wording import count_of

VERSION = f"mlx-lm {recorded_versions('mlx-lm')['mlx-lm']}"
_QUANTISED = "base_model"  # where the commands put the base model in 4 bits
_EVALUATIONS = 10  # in all


@dataclass(frozen=True, slots=True)
class _Pace:
    """What mlx-lm counts."""

    batch: int
    """Rows at once."""
    accumulation: int
    updates: int
    left_out: int
    """Rows of a pass that fill no whole batch."""

    @property
    def iterations(self) -> int:
        return self.updates * self.accumulation


def _pace(job: TrainingJob, survey: Survey) -> _Pace:
    how, rows = job.optimisation, survey.train_answers
    batch = min(how.micro_batch, rows, survey.validation_answers or rows)
    wanted = how.micro_batch * how.gradient_accumulation * job.hardware.gpu_count
    accumulation = max(1, min(round(wanted / batch), rows // batch))
    updates = -(-how.epochs * (rows // batch) // accumulation)
    return _Pace(batch, accumulation, updates, rows % batch)


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Messages that end with an answer, for each answer that is learned."""
    for part in answers_apart(talk):
        row: Row = {"messages": messages_of(part, survey, lost, has_argument_objects=True)}
        yield row | ({"tools": tools_of(part)} if survey.has_tools else {})


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`config.yaml`."""
    return {"config.yaml": yaml_text(header(job, VERSION), _entries(job, survey))}


def _entries(job: TrainingJob, survey: Survey) -> list[Entry]:
    why, how, pace = because(job), job.optimisation, _pace(job, survey)
    model = "In 4 bits, as the commands make it." if job.method == "qlora" else "A name on the model hub, or a folder."
    entries = [
        Entry("model", _QUANTISED if job.method == "qlora" else job.hub_id, f"The base model. {model}"),
        Entry("train", True),
        Entry("data", ".", "train.jsonl and valid.jsonl beside this file."),
        Entry("fine_tune_type", "full" if job.method == "full" else "lora", why["method"]),
        Entry("num_layers", -1, "All of them."),
        *_adapter(job),
        Entry("mask_prompt", True, "Each row teaches its last message; the others are context."),
        Entry("max_seq_length", job.max_length, why["max_length"]),
        Entry("batch_size", pace.batch, "Rows at once; at most as many as either file has."),
        Entry("grad_accumulation_steps", pace.accumulation, why["optimisation.gradient_accumulation"]),
        Entry("iters", pace.iterations, f"Batches. {why['optimisation.epochs']}."),
        Entry("optimizer", "adamw"),
        Entry("optimizer_config", {"adamw": {"weight_decay": how.weight_decay}}),
        Entry("learning_rate", how.learning_rate, why["optimisation.learning_rate"]),
        Entry("lr_schedule", _schedule(job, pace), "In updates of the weights, not in batches."),
        Entry("grad_checkpoint", job.has_gradient_checkpointing, why["has_gradient_checkpointing"]),
        Entry("seed", how.seed),
        Entry("steps_per_report", 1 if pace.iterations < 100 else 10),
        Entry("save_every", max(1, pace.iterations // _EVALUATIONS)),
        Entry("adapter_path", "output/adapter" if job.adapter else "output/weights"),
    ]
    if survey.validation_rows:
        entries += [
            Entry("steps_per_eval", max(1, pace.iterations // _EVALUATIONS)),
            Entry("val_batches", -1, "All of them."),
        ]
    return entries


def _adapter(job: TrainingJob) -> list[Entry]:
    if not job.adapter:
        return []
    adapter = job.adapter
    divisor = adapter.rank**0.5 if adapter.is_rank_stabilised else adapter.rank
    values = {"rank": adapter.rank, "scale": round(adapter.alpha / divisor, 4), "dropout": adapter.dropout}
    root = "√" if adapter.is_rank_stabilised else ""
    because_rank = because(job)["adapter.rank"]
    return [Entry("lora_parameters", values, f"Scale: alpha {adapter.alpha} / {root}rank. Rank: {because_rank}.")]


def _schedule(job: TrainingJob, pace: _Pace) -> dict[str, object]:
    rate, warmup = job.optimisation.learning_rate, round(job.optimisation.warmup_share * pace.updates)
    left = max(1, pace.updates - warmup)
    match job.optimisation.schedule:
        case "cosine":
            shape: dict[str, object] = {"name": "cosine_decay", "arguments": [rate, left]}
        case "linear":
            shape = {"name": "linear_schedule", "arguments": [rate, 0.0, left]}
        case "constant":
            shape = {"name": "linear_schedule", "arguments": [rate, rate, left]}
    return shape | {"warmup": warmup}


def start(job: TrainingJob) -> str:
    """The commands."""
    quantise = f"mlx_lm.convert --hf-path {quote(job.hub_id)} -q --q-bits 4 --mlx-path {_QUANTISED}\n"
    made = quantise if job.method == "qlora" else ""
    return f"{INSTALL}\n{made}mlx_lm.lora --config config.yaml"


def command(job: TrainingJob) -> list[str]:
    """What trains it; in 4 bits, what quantises the model comes before."""
    _, *lines = start(job).split("\n")
    return shlex.split(lines[0]) if len(lines) == 1 else ["sh", "-ec", "\n".join(lines)]


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    pace = _pace(job, survey)
    said = [
        "Run it in this folder: the paths of the data are relative. On a Mac with Apple's chip; on Linux "
        "`pip install mlx[cuda13]` or `mlx[cpu]` comes first.",
        f"Each of the {survey.train_answers:,} answers to learn is a row of its own; a pass takes more steps than "
        f"{survey.train_rows:,} conversations with several answers would.",
        "The base model must have a chat template: mlx-lm has none to put in its place.",
        f"It does not clip gradients, so the {job.optimisation.max_grad_norm:g} of the job does not apply. Estimates "
        "of memory and time are of the GPU that is named here, not measured with MLX.",
    ]
    if pace.left_out:
        said.append(
            f"It takes whole batches of {pace.batch}, so of each pass {count_of(pace.left_out, 'row')} at the end "
            "are left out."
        )
    if job.is_packed:
        said.append("It does not pack: each answer stays a row.")
    if job.hardware.gpu_count > 1:
        said.append("It trains on one chip; `mlx.launch` starts it on several machines.")
    return said


def _document() -> Document:
    sections = {
        part: recorded_keys("mlx-lm", part)
        for part in ("", "lora_parameters", "lr_schedule", "optimizer_config", "optimizer_config.adamw")
    }
    rules = {
        "model": TEXT,
        "train": SWITCH,
        "fine_tune_type": choice("lora", "full"),
        "lora_parameters.rank": integer(1, 1024),
        "lora_parameters.scale": number(0, 4096),
        "lora_parameters.dropout": number(0, 0.9),
        "mask_prompt": SWITCH,
        "max_seq_length": integer(8, 2**20),
        "batch_size": integer(1, 1024),
        "grad_accumulation_steps": integer(1, 2**20),
        "iters": integer(1, 10**9),
        "optimizer": choice("adamw"),
        "optimizer_config.adamw.weight_decay": number(0, 1),
        "learning_rate": number(1e-8, 0.01),
        "lr_schedule.name": choice("cosine_decay", "linear_schedule"),
        "lr_schedule.warmup": integer(0, 10**9),
        "grad_checkpoint": SWITCH,
        "seed": integer(0, 2**31 - 1),
    }
    required = ("model", "train", "data", "iters", "learning_rate", "max_seq_length")
    return Document("config.yaml", "yaml", sections, rules, required)


RENDERER = Renderer(
    name="mlx-lm",
    title="mlx-lm",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=lambda job, _survey: start(job),
    command=command,
    notes=notes,
    documents=(_document(),),
    validation_file="valid.jsonl",
)
