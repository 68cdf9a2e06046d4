"""TRL on GPUs that share one model out (FSDP2): `accelerate.yaml`, and what differs for it in `config.yaml`."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.trainers.adapted_layers import is_loaded_once
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.renderer import because, header
from pipeline.trainers.strict_keys import Document, recorded_keys
from pipeline.trainers.value_rule import SWITCH, choice, integer
from pipeline.trainers.yaml_text import Entry, yaml_text

ACCELERATE_FILE = "accelerate.yaml"
START = f"accelerate launch --config_file {ACCELERATE_FILE} train.py"


def sharding_files(job: TrainingJob, version: str) -> dict[str, str]:
    """`accelerate.yaml`, where the job is sharded."""
    return {ACCELERATE_FILE: yaml_text(header(job, version), _entries(job))} if job.hardware.is_sharded else {}


def _entries(job: TrainingJob) -> list[Entry]:
    # An adapter is small enough for one file of each checkpoint; of a whole model every GPU writes its own part, since
    # the optimiser's state would not fit into the memory of one machine's process. The result is always one piece.
    state = "FULL_STATE_DICT" if job.adapter else "SHARDED_STATE_DICT"
    fsdp = {
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        **({"fsdp_transformer_layer_cls_to_wrap": job.layer_class} if job.layer_class else {}),
        "fsdp_reshard_after_forward": True,
        "fsdp_state_dict_type": state,
        "fsdp_cpu_ram_efficient_loading": is_loaded_once(job),
        # The trainer's own (config.yaml) gathers a layer once more; with FSDP's, PEFT 0.21 saves an adapter of nothing.
        "fsdp_activation_checkpointing": False,
        "fsdp_offload_params": False,
    }
    return [
        Entry("compute_environment", "LOCAL_MACHINE"),
        Entry("distributed_type", "FSDP", because(job)["hardware.is_sharded"]),
        Entry("mixed_precision", "bf16" if job.hardware.has_bf16 else "fp16"),
        Entry("num_machines", 1),
        Entry("machine_rank", 0),
        Entry("num_processes", job.hardware.gpu_count, "One for each GPU."),
        Entry("main_training_function", "main"),
        Entry("use_cpu", False),
        Entry("fsdp_config", fsdp, "Each layer is gathered when it is needed, and given up again."),
    ]


def sharded(job: TrainingJob, entries: Iterable[Entry]) -> list[Entry]:
    """Entries of `config.yaml` as they are for it.

    4 bits are kept in the type that is computed in: FSDP leaves parameters whole that are of no floating type.
    """
    return [_with_storage(job, entry) for entry in entries]


def _with_storage(job: TrainingJob, entry: Entry) -> Entry:
    if entry.key != "quantization" or not job.hardware.is_sharded or not isinstance(entry.value, dict):
        return entry
    return replace(entry, value=entry.value | {"bnb_4bit_quant_storage": entry.value["bnb_4bit_compute_dtype"]})


def sharding_note(job: TrainingJob) -> list[str]:
    """How the GPUs work together, where they share the model out."""
    if not job.hardware.is_sharded:
        return []
    return [
        f"The model is shared out over {job.hardware.gpu_count} GPUs (FSDP, version 2), as `{ACCELERATE_FILE}` says: "
        "each holds a part of weights, gradients and optimiser. What is written at the end is whole."
    ]


DOCUMENT = Document(
    ACCELERATE_FILE,
    "yaml",
    {"": recorded_keys("trl", "accelerate"), "fsdp_config": recorded_keys("trl", "accelerate.fsdp_config")},
    {
        "distributed_type": choice("FSDP"),
        "mixed_precision": choice("bf16", "fp16"),
        "num_processes": integer(2, 4096),
        "fsdp_config.fsdp_version": integer(2, 2),
        "fsdp_config.fsdp_auto_wrap_policy": choice("TRANSFORMER_BASED_WRAP"),
        "fsdp_config.fsdp_reshard_after_forward": SWITCH,
        "fsdp_config.fsdp_state_dict_type": choice("FULL_STATE_DICT", "SHARDED_STATE_DICT"),
        "fsdp_config.fsdp_cpu_ram_efficient_loading": SWITCH,
        "fsdp_config.fsdp_activation_checkpointing": SWITCH,
        "fsdp_config.fsdp_offload_params": SWITCH,
    },
    is_optional=True,
)
