"""Axolotl: one YAML file. Each message says whether it is trained on, so answers that are context only stay so."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.dataset.convert.conversations import Talk
from pipeline.trainers.adapted_layers import WIDENINGS, beside_towers, expert_patterns, is_loaded_once
from pipeline.trainers.chat_rows import messages_of, tools_of
from pipeline.trainers.course import EVALUATIONS, can_keep_best, grouping_note, is_grouped, keeping_note
from pipeline.trainers.job import Adapter, TrainingJob
from pipeline.trainers.learning import is_learned
from pipeline.trainers.objectives import JUDGED
from pipeline.trainers.renderer import (
    HUB_SCHEDULES,
    TRAIN_FILE,
    VALIDATION_FILE,
    Renderer,
    Row,
    because,
    header,
    hub_schedule,
)
from pipeline.trainers.requirements import INSTALL
from pipeline.trainers.strict_keys import Document, recorded_keys, recorded_versions
from pipeline.trainers.survey import Survey
from pipeline.trainers.value_rule import SWITCH, TEXT, ValueRule, choice, integer, number
from pipeline.trainers.yaml_text import Entry, yaml_text

VERSION = f"axolotl {recorded_versions('axolotl')['axolotl']}"
_TRAIN_FIELD = "train"
_EVERY = 1 / EVALUATIONS
# For base models without a chat template of their own: Axolotl's template of the family, and how its turns end. The
# one for all others ends turns with the tokenizer's own mark.
_FAMILIES = {
    "llama3": ("llama3", "<|eot_id|>"),
    "gemma2": ("gemma", "<end_of_turn>"),
    "gemma3": ("gemma3", "<end_of_turn>"),
    "qwen": ("chatml", "<|im_end|>"),
    "qwen3": ("chatml", "<|im_end|>"),
}


def make_rows(talk: Talk, survey: Survey, lost: set[str]) -> Iterable[Row]:
    """Messages that say whether they are trained on; tools as JSON text, which is of one type in every row."""
    messages = messages_of(talk, survey, lost, has_argument_objects=False)
    for message, said in zip(messages, talk.turns, strict=True):
        message[_TRAIN_FIELD] = is_learned(said)
    row: Row = {"messages": messages}
    yield row | ({"tools": msgspec.json.encode(tools_of(talk)).decode()} if survey.has_tools else {})


def make_files(job: TrainingJob, survey: Survey) -> dict[str, str]:
    """`config.yaml`."""
    return {"config.yaml": yaml_text(header(job, VERSION), settings(job, survey))}


def settings(job: TrainingJob, survey: Survey) -> list[Entry]:
    """The entries of `config.yaml`, for answers."""
    how, why = job.optimisation, because(job)
    entries = [
        Entry("base_model", job.hub_id, "The base model: a name on the model hub, or a folder."),
        *_method(job, why),
        *_template(job),
        Entry("datasets", [_dataset(TRAIN_FILE)], "Each message says whether it is trained on."),
    ]
    if survey.validation_rows:
        entries.append(Entry("test_datasets", [_dataset(VALIDATION_FILE)]))
    entries += [
        Entry("dataset_prepared_path", "prepared"),
        Entry("sequence_len", job.max_length, why["max_length"]),
        Entry("excess_length_strategy", "truncate", "Longer rows are cut, as was counted; Axolotl would drop them."),
        Entry("sample_packing", job.is_packed, why["is_packed"]),
        Entry("num_epochs", how.epochs, why["optimisation.epochs"]),
        Entry("micro_batch_size", how.micro_batch, why["optimisation.micro_batch"]),
        Entry(
            "gradient_accumulation_steps",
            how.gradient_accumulation,
            why["optimisation.gradient_accumulation"],
        ),
        Entry("learning_rate", how.learning_rate, why["optimisation.learning_rate"]),
        Entry("optimizer", "adamw_torch_fused"),
        Entry("lr_scheduler", hub_schedule(job)),
        Entry("warmup_ratio", how.warmup_share),
        Entry("weight_decay", how.weight_decay),
        Entry("max_grad_norm", how.max_grad_norm),
        Entry("bf16", job.hardware.has_bf16, why["hardware.has_bf16"]),
        Entry("fp16", not job.hardware.has_bf16),
        *_checkpointing(job, why),
        Entry("attn_implementation", "sdpa", "PyTorch's own attention: nothing more to install."),
        Entry("seed", how.seed),
        Entry("output_dir", "output"),
        Entry("logging_steps", 1 if how.steps < 100 else 10),
        Entry("save_steps", _EVERY, "A share of all steps."),
        Entry("save_total_limit", 2, "The best and the last."),
    ]
    if job.loss_kernel == "chunked":
        entries.append(Entry("chunked_cross_entropy", True, why["loss_kernel"]))
    if survey.validation_rows:
        entries.append(
            Entry("eval_steps", _EVERY, "With each checkpoint; Axolotl evaluates before the first step, too.")
        )
        if _keeps_best(job):
            entries += [
                Entry("load_best_model_at_end", True, "A later checkpoint may have learned by heart."),
                Entry("metric_for_best_model", "eval_loss"),
                Entry("greater_is_better", False),
            ]
    if is_grouped(job):
        entries.append(Entry("group_by_length", True, "Every row of a batch is padded to its longest."))
    return entries


def _keeps_best(job: TrainingJob) -> bool:
    """Whether it goes back to the best checkpoint; of judgements Axolotl does not."""
    return job.objective not in JUDGED and can_keep_best(job)


def _checkpointing(job: TrainingJob, why: Mapping[str, str]) -> list[Entry]:
    """Whether activations are computed again, and how a model is shared out.

    FSDP's own way to compute them again wraps each layer, and what PEFT saves of wrapped layers does not load.
    """
    entries = [
        Entry("gradient_checkpointing", job.has_gradient_checkpointing, why["has_gradient_checkpointing"]),
    ]
    if job.has_gradient_checkpointing:
        entries.append(Entry("gradient_checkpointing_kwargs", {"use_reentrant": False}))
    if not job.hardware.is_sharded:
        return entries
    fsdp = {
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        **({"transformer_layer_cls_to_wrap": job.layer_class} if job.layer_class else {}),
        "reshard_after_forward": True,
        "state_dict_type": "FULL_STATE_DICT" if job.adapter else "SHARDED_STATE_DICT",
        "final_state_dict_type": "FULL_STATE_DICT",
        "cpu_ram_efficient_loading": is_loaded_once(job),
        "activation_checkpointing": False,
        "offload_params": False,
    }
    return [
        *entries,
        Entry("fsdp_version", 2, why["hardware.is_sharded"]),
        Entry("fsdp_config", fsdp, "Each layer is gathered when it is needed, and given up again."),
    ]


def _method(job: TrainingJob, why: Mapping[str, str]) -> list[Entry]:
    if not job.adapter:
        return _widening(job)
    experts = []
    if job.adapter.targets.experts and job.method == "qlora":
        said = "Experts are no linear layers, so they are quantised apart; needs an NVIDIA GPU."
        experts.append(Entry("quantize_moe_experts", True, said))
    return [
        Entry("adapter", job.method, why["method"]),
        Entry("load_in_4bit", job.method == "qlora"),
        *experts,
        *_widening(job),
        Entry("lora_r", job.adapter.rank, why["adapter.rank"]),
        Entry("lora_alpha", job.adapter.alpha),
        Entry("lora_dropout", job.adapter.dropout, why["adapter.dropout"]),
        *_targets(job.adapter, why),
        Entry("peft_use_rslora", job.adapter.is_rank_stabilised),
    ]


def _widening(job: TrainingJob) -> list[Entry]:
    if not job.own_quantisation:
        return []
    said = f"The base model comes in {job.own_quantisation.upper()} and is widened to BF16."
    return [
        Entry("model_quantization_config", WIDENINGS[job.own_quantisation], said),
        Entry("model_quantization_config_kwargs", {"dequantize": True}),
    ]


def _targets(adapter: Adapter, why: Mapping[str, str]) -> list[Entry]:
    if not adapter.targets.modules:
        return [Entry("lora_target_linear", True, "All linear layers.")]
    named: object = (
        beside_towers(adapter.targets.modules) if adapter.targets.is_vision else list(adapter.targets.modules)
    )
    entries = [Entry("lora_target_modules", named, why["adapter.targets"])]
    if adapter.targets.experts:
        patterns = expert_patterns(adapter)
        entries += [
            Entry("lora_target_parameters", list(adapter.targets.experts), why["adapter.targets"]),
            Entry("lora_rank_pattern", patterns.rank),
            Entry("lora_alpha_pattern", patterns.alpha),
        ]
    return entries


def _template(job: TrainingJob) -> list[Entry]:
    name, end_of_turn = _FAMILIES.get(job.chat_template, ("alpaca", ""))
    entry = Entry("chat_template", f"tokenizer_default_fallback_{name}", "The model's own; the other if it has none.")
    return [entry, *([Entry("eot_tokens", [end_of_turn])] if end_of_turn else [])]


def _dataset(file: str) -> dict[str, object]:
    return {
        "path": file,
        "ds_type": "json",
        "split": "train",
        "type": "chat_template",
        "field_messages": "messages",
        "message_property_mappings": {"role": "role", "content": "content"},
        "message_field_training": _TRAIN_FIELD,
        "roles_to_train": [],
        "train_on_eos": "turn",
    }


def start(job: TrainingJob, survey: Survey) -> str:
    """The commands."""
    return f"{INSTALL}\n{' '.join(command(job))}"


def command(job: TrainingJob) -> list[str]:
    """What trains it."""
    return ["axolotl", "train", "config.yaml"]


def notes(job: TrainingJob, survey: Survey) -> list[str]:
    """What to know."""
    said = [
        "Run it in this folder: the paths of the data are relative.",
        "The model's own chat template is applied; a base model without one gets Axolotl's of its family, or Alpaca's.",
        *keeping_note(survey, _keeps_best(job)),
        *grouping_note(job),
        "`axolotl train config.yaml --auto-resume-from-checkpoints` goes on from the newest checkpoint; one that is "
        "half written, without a `trainer_state.json`, has to be deleted first.",
    ]
    if job.hardware.gpu_count > 1:
        said.append("Axolotl uses all GPUs it sees; CUDA_VISIBLE_DEVICES chooses.")
    if job.hardware.is_sharded:
        said.append("They share the model out (FSDP, version 2); what is written at the end is whole.")
    return said


def documents(own_rules: Mapping[str, ValueRule] | None = None) -> tuple[Document, ...]:
    """How `config.yaml` is checked. own_rules: of an objective."""
    datasets = recorded_keys("axolotl", "datasets")
    rules = {
        "base_model": TEXT,
        "adapter": choice("lora", "qlora"),
        "load_in_4bit": SWITCH,
        "lora_r": integer(1, 1024),
        "lora_alpha": integer(1, 4096),
        "lora_dropout": number(0, 0.9),
        "sequence_len": integer(8, 2**20),
        "excess_length_strategy": choice("drop", "truncate", "raise"),
        "sample_packing": SWITCH,
        "num_epochs": number(1, 50),
        "micro_batch_size": integer(1, 1024),
        "gradient_accumulation_steps": integer(1, 4096),
        "learning_rate": number(1e-8, 0.01),
        "lr_scheduler": HUB_SCHEDULES,
        "warmup_ratio": number(0, 0.5),
        "save_steps": number(0.001, 10**9),
        "eval_steps": number(0.001, 10**9),
        "load_best_model_at_end": SWITCH,
        "metric_for_best_model": choice("eval_loss"),
        "greater_is_better": SWITCH,
        "group_by_length": SWITCH,
        "fsdp_version": integer(2, 2),
        "fsdp_config.state_dict_type": choice("FULL_STATE_DICT", "SHARDED_STATE_DICT"),
        "fsdp_config.final_state_dict_type": choice("FULL_STATE_DICT"),
        "fsdp_config.auto_wrap_policy": choice("TRANSFORMER_BASED_WRAP"),
        "weight_decay": number(0, 1),
        "max_grad_norm": number(0.001, 100),
        "seed": integer(0, 2**31 - 1),
        "bf16": SWITCH,
        "fp16": SWITCH,
        **(own_rules or {}),
    }
    sections = {
        "": recorded_keys("axolotl"),
        "datasets[]": datasets,
        "test_datasets[]": datasets,
        "fsdp_config": recorded_keys("axolotl", "fsdp_config"),
    }
    return (Document("config.yaml", "yaml", sections, rules, ("base_model", "datasets", "learning_rate")),)


RENDERER = Renderer(
    name="axolotl",
    title="Axolotl",
    version=VERSION,
    make_rows=make_rows,
    make_files=make_files,
    start=start,
    command=command,
    notes=notes,
    documents=documents(),
)
