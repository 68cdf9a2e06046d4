"""A base model, GPUs, datasets and a plain estimate to plan with; each test changes the one thing it is about."""

from dataclasses import replace
from datetime import date

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.workload import Workload
from pipeline.training.estimates.result import Basis, Estimate, Range
from pipeline.training.jobs.choosing import plan_job
from pipeline.training.jobs.dataset_facts import DatasetFacts, TargetAcceptance
from pipeline.training.jobs.job_refusals import DoesNotFit
from pipeline.training.presets import find_preset

LLAMA_8B = BaseModelSpec(
    name="Llama-3.1-8B-Instruct",
    source="config.json",
    as_of=date(2026, 11, 24),
    hub_id="meta-llama/Llama-3.1-8B-Instruct",
    parameters=8_030_261_248,
    layers=32,
    hidden_size=4096,
    intermediate_size=14336,
    vocabulary=128256,
    attention_heads=32,
    key_value_heads=8,
    head_size=128,
    is_tied=False,
    context_length=131072,
    template="llama3",
    licence="llama3.1",
)


def gpu(name: str = "L4", memory_gb: float = 24, has_bf16: bool = True) -> Gpu:
    return Gpu(
        name=name,
        source="data sheet",
        as_of=date(2026, 11, 24),
        memory_gb=memory_gb,
        peak_tflops=121,
        bandwidth_gb_per_s=300,
        interconnect_gb_per_s=32,
        has_bf16=has_bf16,
    )


FACTS = DatasetFacts(
    id="support-chat-0001",
    name="support_chat",
    content_sha256="ab" * 32,
    format="openai",
    rows=2_000,
    train_rows=1_900,
    validation_rows=100,
    tokens=600_000,
    turns=8_000,
    tokens_per_conversation={"min": 20, "p50": 250, "p95": 700, "p99": 950, "max": 3000},
    truncation=(
        {"max_length": 512, "rows_cut": 300, "share_cut": 0.15, "rows_without_supervised_tokens": 12},
        {"max_length": 1024, "rows_cut": 18, "share_cut": 0.009, "rows_without_supervised_tokens": 3},
        {"max_length": 2048, "rows_cut": 2, "share_cut": 0.001, "rows_without_supervised_tokens": 0},
        {"max_length": 4096, "rows_cut": 0, "share_cut": 0.0, "rows_without_supervised_tokens": 0},
    ),
    acceptance={
        "trl": TargetAcceptance("accepted"),
        "together": TargetAcceptance(
            "refused",
            ("roles-not-alternating", "partial-weight"),
            ("The user and the assistant must alternate.", "A weight is an integer, 0 or 1."),
        ),
    },
    roles={"assistant": 4_000, "user": 4_000},
)


def rough_estimate(workload: Workload) -> Estimate:
    """Weights, adapters and what grows with tokens, in round figures; fast enough for properties."""
    bytes_per_parameter = {"lora": 2.0, "qlora": 0.65, "full": 16.0}[workload.method]
    tokens = workload.micro_batch * workload.sequence_length
    logits = 6 if workload.loss_kernel == "full" else 1
    model = workload.model
    kept = model.hidden_size * 100 * (1 if workload.has_gradient_checkpointing else model.layers)
    gb = (model.parameters * bytes_per_parameter + tokens * (model.vocabulary * logits + kept)) / 1e9
    gb /= workload.gpu_count if workload.is_sharded else 1
    memory = Range(gb * 0.95, gb, gb * 1.1)
    limit = workload.gpu.memory_gb
    fits = "yes" if memory.high <= limit else "tight" if memory.expected <= limit else "no"
    return Estimate(memory, fits, Range(1, 1, 1), Range(1, 1, 1), None, None, Basis("round figures", "measured"))


def planned(
    facts: DatasetFacts = FACTS,
    model: BaseModelSpec = LLAMA_8B,
    on: Gpu | None = None,
    gpu_count: int = 1,
    preset: str = "balanced",
    method: str | None = None,
    targets: tuple[str, ...] = ("trl",),
    other_gpus: tuple[Gpu, ...] = (),
    **own: object,
) -> TrainingJob | DoesNotFit:
    overrides = {key: str(value) for key, value in own.items()}
    return plan_job(
        facts,
        model,
        on or gpu(),
        gpu_count,
        find_preset(preset),
        method,
        targets,
        overrides,
        estimate=rough_estimate,
        other_gpus=other_gpus,
    )


def rows(count: int, **changes: object) -> DatasetFacts:
    """The dataset with so many training rows."""
    return replace(FACTS, rows=count, train_rows=count, validation_rows=0, tokens=count * 300, **changes)
