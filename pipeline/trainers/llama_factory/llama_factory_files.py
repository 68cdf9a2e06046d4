"""LLaMA-Factory: `train.yaml` and `dataset_info.json`, the data in the ShareGPT layout.

It learns all answers of a row, or with `mask_history` the last alone; that, with a row an answer, is how answers that
are context only stay so.
"""

import json
from collections.abc import Iterable, Mapping

from pipeline.dataset.convert.conversations import Talk
from pipeline.dataset.convert.output_formats import sharegpt
from pipeline.trainers.course import EVALUATIONS, grouping_note, is_grouped, keeping_note
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import answers_apart, has_fraction
from pipeline.trainers.renderer import (
    HUB_SCHEDULES,
    TRAIN_FILE,
    VALIDATION_FILE,
    Renderer,
    Row,
    because,
    header,
    hub_schedule,
    template_file,
)
from pipeline.trainers.requirements import INSTALL
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.value_rule import SWITCH, TEXT, choice, integer, number
from pipeline.trainers.yaml_text import Entry, yaml_text

VERSION = f"llamafactory {recorded_versions('llama-factory')['llamafactory']}"
TRAIN, VALIDATION = "train", "validation"
_DEEPSPEED = "ds_z3_config.json"
_EVERY = 1 / EVALUATIONS
TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "observation_tag": "observation",
    "function_tag": "function_call",
    "system_tag": "system",
}


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Conversations of from and value; tools in every row where the dataset has any."""
    for part in answers_apart(talk) if survey.has_unlearned_answers else (talk,):
        row = sharegpt(part, lost)
        kept: Row = {"conversations": row["conversations"]}
        yield kept | ({"tools": row.get("tools", "")} if survey.has_tools else {})
    if not any(map(has_fraction, talk.turns)):
        lost.discard("weights")  # a row an answer says the same


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`train.yaml` and `dataset_info.json`."""
    info = {TRAIN: _dataset(TRAIN_FILE, survey)}
    if survey.validation_rows:
        info[VALIDATION] = _dataset(VALIDATION_FILE, survey)
    return {
        "train.yaml": yaml_text(header(job, VERSION), settings(job, survey)),
        "dataset_info.json": json.dumps(info, indent=2) + "\n",
        **sharding_files(job),
    }


def sharding_files(job: TrainingJob) -> dict[str, str]:
    """DeepSpeed's, where the job is sharded: LLaMA-Factory's own example, with the batch left to its arguments."""
    return {_DEEPSPEED: template_file(f"llama_factory/{_DEEPSPEED}")} if job.hardware.is_sharded else {}


def settings(job: TrainingJob, survey: Survey) -> list[Entry]:
    """The entries of `train.yaml`, for answers."""
    how, why = job.optimisation, because(job)
    is_by_answer = survey.has_unlearned_answers
    entries = [
        Entry("model_name_or_path", job.hub_id, "The base model: a name on the model hub, or a folder."),
        Entry("stage", "sft"),
        Entry("do_train", True),
        Entry("finetuning_type", "full" if job.method == "full" else "lora", why["method"]),
        *_adapter(job, why),
        Entry("dataset_dir", ".", "dataset_info.json beside this file describes the data."),
        Entry("dataset", TRAIN),
        Entry("template", job.chat_template, f"The chat template of {job.base_model}."),
        Entry("cutoff_len", job.max_length, why["max_length"]),
        Entry("packing", job.is_packed, why["is_packed"]),
        Entry("train_on_prompt", False),
        Entry(
            "mask_history",
            is_by_answer,
            "Each row teaches its last answer; the others are context." if is_by_answer else "Each answer is learned.",
        ),
        Entry("num_train_epochs", how.epochs, why["optimisation.epochs"]),
        Entry("per_device_train_batch_size", how.micro_batch, why["optimisation.micro_batch"]),
        Entry(
            "gradient_accumulation_steps",
            how.gradient_accumulation,
            why["optimisation.gradient_accumulation"],
        ),
        Entry("learning_rate", how.learning_rate, why["optimisation.learning_rate"]),
        Entry("lr_scheduler_type", hub_schedule(job)),
        Entry("warmup_ratio", how.warmup_share),
        Entry("weight_decay", how.weight_decay),
        Entry("max_grad_norm", how.max_grad_norm),
        Entry("bf16", job.hardware.has_bf16, why["hardware.has_bf16"]),
        Entry("fp16", not job.hardware.has_bf16),
        Entry(
            "disable_gradient_checkpointing",
            not job.has_gradient_checkpointing,
            why["has_gradient_checkpointing"],
        ),
        Entry("flash_attn", "sdpa", "PyTorch's own attention: nothing more to install."),
        Entry("seed", how.seed),
        Entry("output_dir", "output"),
        Entry("logging_steps", 1 if how.steps < 100 else 10),
        Entry("save_strategy", "steps"),
        Entry("save_steps", _EVERY, "A share of all steps."),
        Entry("save_total_limit", 2, "The best and the last."),
        Entry("report_to", "none"),
    ]
    if job.hardware.is_sharded:
        entries.append(Entry("deepspeed", _DEEPSPEED, why["hardware.is_sharded"]))
    if job.loss_kernel == "chunked":
        entries.append(Entry("enable_liger_kernel", True, why["loss_kernel"]))
    if survey.validation_rows:
        entries += [
            Entry("eval_dataset", VALIDATION),
            Entry("eval_strategy", "steps"),
            Entry("eval_steps", _EVERY, "With each checkpoint."),
            Entry("eval_on_start", True, "The loss of the base model, to compare with."),
            Entry("per_device_eval_batch_size", how.micro_batch),
            Entry("load_best_model_at_end", True, "A later checkpoint may have learned by heart."),
            Entry("metric_for_best_model", "eval_loss"),
            Entry("greater_is_better", False),
        ]
    if is_grouped(job):
        entries.append(
            Entry("train_sampling_strategy", "group_by_length", "Every row of a batch is padded to its longest.")
        )
    return entries


def _adapter(job: TrainingJob, why: Mapping[str, str]) -> list[Entry]:
    if not job.adapter:
        return []
    entries = [
        Entry("lora_rank", job.adapter.rank, why["adapter.rank"]),
        Entry("lora_alpha", job.adapter.alpha),
        Entry("lora_dropout", job.adapter.dropout, why["adapter.dropout"]),
        Entry("lora_target", "all", "All linear layers."),
        Entry("use_rslora", job.adapter.is_rank_stabilised),
    ]
    if job.method == "qlora":
        entries += [Entry("quantization_method", "bnb", "The base model in 4 bits."), Entry("quantization_bit", 4)]
    return entries


def _dataset(file: str, survey: Survey) -> dict[str, object]:
    columns = {"messages": "conversations"} | ({"tools": "tools"} if survey.has_tools else {})
    return {
        "file_name": file,
        "formatting": "sharegpt",
        "columns": columns,
        "tags": TAGS,
    }


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    return f"{INSTALL}\n{' '.join(command(job)).removeprefix('env ')}"


def command(job: TrainingJob) -> list[str]:
    """What trains it."""
    variables = ["env", "FORCE_TORCHRUN=1"] if job.hardware.gpu_count > 1 else []
    return [*variables, "llamafactory-cli", "train", "train.yaml"]


def course_notes(job: TrainingJob, survey: Survey) -> list[str]:
    """How it is run, and what of it is kept."""
    return [
        "Run it in this folder: the paths of the data are relative.",
        *keeping_note(survey),
        *grouping_note(job),
        "Started once more, it goes on from the newest checkpoint of `output`; one that is half written, without a "
        "`trainer_state.json`, has to be deleted first. To begin anew, delete the folder.",
        *(
            [f"The GPUs share the model out (ZeRO-3), as `{_DEEPSPEED}` says; what is written at the end is whole."]
            if job.hardware.is_sharded
            else []
        ),
    ]


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    said = course_notes(job, survey)
    if survey.has_unlearned_answers:
        said.append(
            f"Some answers are context only, so each of the {survey.train_answers:,} answers to learn is a row of its "
            f"own; a pass takes more steps than the {survey.train_rows:,} conversations would."
        )
    return said


def documents(stage: str) -> tuple[Document, ...]:
    """How the files are checked. stage: what LLaMA-Factory calls the objective."""
    rules = {
        "model_name_or_path": TEXT,
        "stage": choice(stage),
        "pref_beta": number(0.001, 10),
        "kto_chosen_weight": number(0.001, 10**9),
        "kto_rejected_weight": number(0.001, 10**9),
        "do_train": SWITCH,
        "finetuning_type": choice("lora", "full"),
        "lora_rank": integer(1, 1024),
        "lora_alpha": integer(1, 4096),
        "lora_dropout": number(0, 0.9),
        "quantization_bit": integer(4, 8),
        "cutoff_len": integer(8, 2**20),
        "mask_history": SWITCH,
        "train_on_prompt": SWITCH,
        "num_train_epochs": number(1, 50),
        "per_device_train_batch_size": integer(1, 1024),
        "per_device_eval_batch_size": integer(1, 1024),
        "gradient_accumulation_steps": integer(1, 4096),
        "learning_rate": number(1e-8, 0.01),
        "lr_scheduler_type": HUB_SCHEDULES,
        "warmup_ratio": number(0, 0.5),
        "save_steps": number(0.001, 10**9),
        "eval_steps": number(0.001, 10**9),
        "eval_on_start": SWITCH,
        "load_best_model_at_end": SWITCH,
        "metric_for_best_model": choice("eval_loss"),
        "greater_is_better": SWITCH,
        "train_sampling_strategy": choice("random", "sequential", "group_by_length"),
        "weight_decay": number(0, 1),
        "max_grad_norm": number(0.001, 100),
        "seed": integer(0, 2**31 - 1),
        "bf16": SWITCH,
        "fp16": SWITCH,
        "template": TEXT,
    }
    required = ("model_name_or_path", "dataset", "template", "learning_rate", "cutoff_len")
    known = recorded_keys("llama-factory", "dataset_info")
    columns, tags = (recorded_keys("llama-factory", f"dataset_info.{part}") for part in ("columns", "tags"))
    sections = {"": frozenset({TRAIN, VALIDATION})}
    for name in (TRAIN, VALIDATION):
        sections |= {name: known, f"{name}.columns": columns, f"{name}.tags": tags}
    return (
        Document("train.yaml", "yaml", {"": recorded_keys("llama-factory")}, rules, required),
        Document(
            "dataset_info.json",
            "json",
            sections,
            {"train.formatting": choice("alpaca", "sharegpt", "openai"), "train.file_name": TEXT},
            ("train.file_name",),
        ),
    )


RENDERER = Renderer(
    name="llama-factory",
    title="LLaMA-Factory",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    command=command,
    notes=notes,
    documents=documents("sft"),
)
