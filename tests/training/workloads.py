"""Workloads that tests ask about, and how hypothesis makes them."""

from dataclasses import replace

from hypothesis import strategies as st

from pipeline.catalogues import load_gpus, load_models
from pipeline.trainers.workload import Workload

MODELS, GPUS = load_models(), load_gpus()
PLAIN = Workload(
    model=MODELS["Llama-3.1-8B"],
    gpu=GPUS["RTX-4090"],
    method="lora",
    sequence_length=2048,
    micro_batch=1,
    gradient_accumulation=16,
)


def workload(**changes: object) -> Workload:
    """The plain one with other values; models and GPUs by name."""
    named = {"model": MODELS, "gpu": GPUS}
    return replace(PLAIN, **{name: named[name][value] if name in named else value for name, value in changes.items()})


def workloads() -> st.SearchStrategy[Workload]:
    """Any that the catalogues and the trainers allow."""
    return st.builds(
        Workload,
        model=st.sampled_from(sorted(MODELS.values(), key=lambda each: each.name)),
        gpu=st.sampled_from(sorted(GPUS.values(), key=lambda each: each.name)),
        method=st.sampled_from(["lora", "qlora", "full"]),
        sequence_length=st.integers(1, 32_768),
        micro_batch=st.integers(1, 64),
        gradient_accumulation=st.integers(1, 128),
        gpu_count=st.sampled_from([1, 2, 4, 8]),
        rank=st.integers(1, 256),
        has_gradient_checkpointing=st.booleans(),
        loss_kernel=st.sampled_from(["full", "chunked"]),
        trainer=st.sampled_from([None, "trl", "torchtune", "unsloth", "axolotl"]),
    )
