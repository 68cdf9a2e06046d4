"""TRL: a self-contained `train.py` that reads `config.yaml`, with PEFT's adapters.

Rows are messages. The script lets TRL mask all but the assistant's turns where it can, and else learns each answer
as the completion of what comes before it; answers that are context only always go the second way.
"""

import shlex
from collections.abc import Iterable, Mapping

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.adapted_layers import WIDENINGS, beside_towers, expert_patterns
from pipeline.trainers.chat_rows import messages_of, tools_of
from pipeline.trainers.course import EVALUATIONS, can_keep_best, grouping_note, is_grouped, keeping_note
from pipeline.trainers.job import Adapter, TrainingJob
from pipeline.trainers.learning import answers_apart
from pipeline.trainers.renderer import (
    CHAT_TEMPLATE_FILE,
    CHAT_TEMPLATE_NOTE,
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
from pipeline.trainers.trl.trl_sharding import DOCUMENT, START, sharded, sharding_files, sharding_note
from pipeline.trainers.value_rule import SWITCH, TEXT, ValueRule, choice, integer, number
from pipeline.trainers.yaml_text import Entry, yaml_text

_VERSIONS = recorded_versions("trl")
_COURSE = "trl_course.py.txt"
VERSION = f"trl {_VERSIONS['trl']} with peft {_VERSIONS['peft']} and transformers {_VERSIONS['transformers']}"


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Messages, with tools where the dataset has any; a row an answer where some answers are context only."""
    for part in answers_apart(talk) if survey.has_unlearned_answers else (talk,):
        row: Row = {"messages": messages_of(part, survey, lost, has_argument_objects=True)}
        yield row | ({"tools": tools_of(part)} if survey.has_tools else {})


def training_arguments(job: TrainingJob, survey: Survey) -> dict[str, object]:
    """The arguments of SFTConfig that Unsloth's script shares."""
    how = job.optimisation
    every = 1 / EVALUATIONS  # of all steps, which are more than planned where each answer is a row of its own
    arguments: dict[str, object] = {
        "output_dir": "output",
        "num_train_epochs": how.epochs,
        "per_device_train_batch_size": how.micro_batch,
        "gradient_accumulation_steps": how.gradient_accumulation,
        "learning_rate": how.learning_rate,
        "lr_scheduler_type": hub_schedule(job),
        "warmup_steps": how.warmup_share,
        "weight_decay": how.weight_decay,
        "max_grad_norm": how.max_grad_norm,
        "max_length": job.max_length,
        "packing": job.is_packed,
        "bf16": job.hardware.has_bf16,
        "fp16": not job.hardware.has_bf16,
        "seed": how.seed,
        "logging_steps": 1 if how.steps < 100 else 10,
        "eval_strategy": "steps" if survey.validation_rows else "no",
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,  # the best and the last
        "report_to": "none",
    }
    if survey.validation_rows:
        arguments |= {
            "per_device_eval_batch_size": how.micro_batch,
            "eval_steps": every,
            "eval_on_start": True,
            "load_best_model_at_end": can_keep_best(job),
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
        }
    if is_grouped(job, has_own_order=True):
        arguments["train_sampling_strategy"] = "group_by_length"
    return arguments


def checkpointing_arguments(job: TrainingJob) -> dict[str, object]:
    """Of TRL's own, which Unsloth does not share."""
    if not job.has_gradient_checkpointing:
        return {"activation_checkpointing": False}
    return {"activation_checkpointing": True, "activation_checkpointing_kwargs": {"use_reentrant": False}}


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`config.yaml`, `train.py`, and a chat template for base models that have none."""
    return {
        "config.yaml": _config(job, survey),
        "train.py": script("trl/trl_train.py.txt"),
        **sharding_files(job, VERSION),
        CHAT_TEMPLATE_FILE: template_file(CHAT_TEMPLATE_FILE),
    }


def script(name: str) -> str:
    """A script, with what both of them do alike: to go on from a checkpoint, and to end."""
    return template_file(name).replace(f"# {_COURSE}\n", template_file(f"trl/{_COURSE}"))


def _config(job: TrainingJob, survey: Survey) -> str:
    why = because(job)
    arguments = training_arguments(job, survey)
    arguments |= checkpointing_arguments(job)
    arguments["loss_type"] = "nll"  # in chunks, since 1.16
    if job.is_packed:
        arguments["packing_strategy"] = "bfd"
    arguments["assistant_only_loss"] = not survey.has_unlearned_answers
    arguments["truncation_mode"] = "keep_start"
    data = {"train": TRAIN_FILE} | ({"validation": VALIDATION_FILE} if survey.validation_rows else {})
    learned = "last-answer" if survey.has_unlearned_answers else "all-answers"
    entries = [
        Entry("base_model", job.hub_id, "The base model: a name on the model hub, or a folder."),
        Entry("data", data | {"learn_from": learned}, "Messages a line; learn_from: which answers of a row."),
        Entry("training", arguments, f"Arguments of trl.SFTConfig. {why_training(why)}"),
        *sharded(job, adapter_entries(job)),
    ]
    return yaml_text(header(job, VERSION), entries)


def adapter_entries(job: TrainingJob) -> list[Entry]:
    """The adapter and the base model's quantisation."""
    why, entries = because(job), []
    if job.adapter:
        lora = {
            "r": job.adapter.rank,
            "lora_alpha": job.adapter.alpha,
            "lora_dropout": job.adapter.dropout,
            "use_rslora": job.adapter.is_rank_stabilised,
            **_targets(job.adapter),
            "bias": "none",
            "task_type": "CAUSAL_LM",
        }
        entries.append(Entry("lora", lora, f"Arguments of peft.LoraConfig. Rank: {why['adapter.rank']}."))
    if job.own_quantisation:
        said = f"The base model comes in {job.own_quantisation.upper()} and is widened to BF16."
        entries.append(Entry("widening", WIDENINGS[job.own_quantisation], said))
    if job.auto_class != "AutoModelForCausalLM":
        entries.append(Entry("auto_class", job.auto_class, "What of Transformers loads the base model."))
    if job.method == "qlora":
        quantization = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": "bfloat16" if job.hardware.has_bf16 else "float16",
        }
        entries.append(Entry("quantization", quantization, f"The base model in 4 bits: {why['method']}."))
    return entries


def _targets(adapter: Adapter) -> dict[str, object]:
    """What PEFT adapts: names, a pattern where layers of a vision tower have the same names, and stacks of experts."""
    targets: dict[str, object] = {"target_modules": list(adapter.targets.modules) or "all-linear"}
    if adapter.targets.is_vision:
        targets["target_modules"] = beside_towers(adapter.targets.modules)
    if adapter.targets.experts:
        patterns = expert_patterns(adapter)
        targets["target_parameters"] = list(adapter.targets.experts)
        targets |= {"rank_pattern": patterns.rank, "alpha_pattern": patterns.alpha}
    return targets


def why_training(why: Mapping[str, str]) -> str:
    """The sentences above the arguments."""
    return f"Epochs: {why['optimisation.epochs']}. Length: {why['max_length']}."


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    return f"{INSTALL}\n{shlex.join(command(job))}"


def command(job: TrainingJob) -> list[str]:
    """What trains it."""
    if job.hardware.is_sharded:
        return shlex.split(START)
    count = job.hardware.gpu_count
    return ["accelerate", "launch", "--num_processes", str(count), "train.py"] if count > 1 else ["python", "train.py"]


def course_notes(job: TrainingJob, survey: Survey, config_class: str) -> list[str]:
    """How it is run and what it writes. config_class: whose arguments can be set."""
    made = "adapter" if job.adapter else "model"
    compared = ", with `eval_loss_before` of the base model," if survey.validation_rows else ""
    return [
        "`python train.py --model FOLDER` takes the base model from elsewhere; `--set key=value` changes an argument "
        f"of {config_class}, as `--set max_steps=5` for a try.",
        "`--resume`, with everything else as before, goes on from the newest checkpoint that is whole, with the "
        "losses that the training would have had without the break.",
        f"The {made} is written to `output/{made}`, the figures of the last evaluation{compared} to "
        "`output/metrics.json`, every loss on the way to `output/trainer_state.json`.",
        *keeping_note(survey, can_keep_best(job)),
        *grouping_note(job, has_own_order=True),
        *sharding_note(job),
    ]


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    said = [*course_notes(job, survey, "SFTConfig"), CHAT_TEMPLATE_NOTE]
    if survey.has_unlearned_answers:
        answers = survey.train_answers
        said.append(
            f"Some answers are context only, so each of the {answers:,} answers to learn is a row of its own, as the "
            f"completion of what comes before it; a pass takes more steps than the {survey.train_rows:,} conversations "
            "would."
        )
    else:
        said.append(
            "TRL masks all but the assistant's turns when the model's chat template marks them, or is one that TRL has "
            "a marked version of. With any other template the script makes each answer the completion of what comes "
            "before it, and says so; a pass then takes more steps."
        )
    return said


def config_document(own_keys: frozenset[str], arguments: str, own_rules: Mapping[str, ValueRule]) -> Document:
    """How `config.yaml` is checked. own_keys: of data; arguments: where those of the trainer's class are recorded."""
    sections = {
        "": frozenset(
            {"base_model", "objective", "data", "training", "lora", "quantization", "widening", "auto_class"}
        ),
        "data": frozenset({"train", "validation"}) | own_keys,
        "training": recorded_keys("trl", arguments),
        "lora": recorded_keys("trl", "lora"),
        "quantization": recorded_keys("trl", "quantization"),
    }
    rules = {
        "base_model": TEXT,
        **own_rules,
        **{f"training.{key}": rule for key, rule in TRAINING_RULES.items()},
        "lora.r": integer(1, 1024),
        "lora.lora_alpha": integer(1, 4096),
        "lora.lora_dropout": number(0, 0.9),
        "lora.use_rslora": SWITCH,
        "lora.bias": choice("none", "all", "lora_only"),
        "lora.task_type": choice("CAUSAL_LM"),
        "quantization.load_in_4bit": SWITCH,
        "quantization.bnb_4bit_quant_type": choice("nf4", "fp4"),
        "quantization.bnb_4bit_use_double_quant": SWITCH,
        "quantization.bnb_4bit_compute_dtype": choice("bfloat16", "float16", "float32"),
        "quantization.bnb_4bit_quant_storage": choice("bfloat16", "float16", "float32"),
    }
    required = ("base_model", "data.train", "training.learning_rate", "training.max_length")
    return Document("config.yaml", "yaml", sections, rules, required)


TRAINING_RULES = {
    "num_train_epochs": number(1, 50),
    "per_device_train_batch_size": integer(1, 1024),
    "per_device_eval_batch_size": integer(1, 1024),
    "gradient_accumulation_steps": integer(1, 4096),
    "learning_rate": number(1e-8, 0.01),
    "lr_scheduler_type": HUB_SCHEDULES,
    "warmup_steps": number(0, 0.5),
    "weight_decay": number(0, 1),
    "max_grad_norm": number(0.001, 100),
    "max_length": integer(8, 2**20),
    "packing": SWITCH,
    "packing_strategy": choice("bfd", "bfd_split", "wrapped"),
    "bf16": SWITCH,
    "fp16": SWITCH,
    "seed": integer(0, 2**31 - 1),
    "activation_checkpointing": SWITCH,
    "loss_type": choice("nll", "dft"),
    "assistant_only_loss": SWITCH,
    "completion_only_loss": SWITCH,
    "truncation_mode": choice("keep_start", "keep_end"),
    "eval_strategy": choice("no", "steps", "epoch"),
    "save_strategy": choice("no", "steps", "epoch"),
    "eval_on_start": SWITCH,
    "load_best_model_at_end": SWITCH,
    "metric_for_best_model": choice("eval_loss"),
    "greater_is_better": SWITCH,
    "train_sampling_strategy": choice("random", "sequential", "group_by_length"),
}

RENDERER = Renderer(
    name="trl",
    title="TRL SFTTrainer",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    command=command,
    notes=notes,
    documents=(
        config_document(
            frozenset({"learn_from"}), "training", {"data.learn_from": choice("all-answers", "last-answer")}
        ),
        DOCUMENT,
    ),
)
