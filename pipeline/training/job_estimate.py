"""The estimate of a whole job: memory of its longest rows, hours of the rows that the dataset really has.

`pipeline.training.estimates` knows workloads, whose rows all have one length. Rows that stand alone are shorter, so a
step is quicker than one of full rows, and there are more steps than their tokens would fill.
"""

from dataclasses import replace
from datetime import date

from pipeline.training.catalogues.gpus import Gpu
from pipeline.training.catalogues.models import BaseModelSpec
from pipeline.training.catalogues.prices import Price
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.result import Estimate, Range
from pipeline.training.jobs.facts import DatasetFacts
from pipeline.training.jobs.inputs import HOSTED
from pipeline.training.jobs.job import TrainingJob
from pipeline.training.workload import Workload

_HOUR_S = 3600


def estimate_job(
    job: TrainingJob, facts: DatasetFacts, model: BaseModelSpec, gpu: Gpu, price: Price | None, today: date
) -> Estimate:
    """What a job takes. A hosted one has neither hours nor a cost of ours: its provider bills tokens."""
    workload = workload_of(job, model, gpu)
    if set(job.targets) <= HOSTED:
        billed = "cost: the provider bills tokens, on GPUs of its own; memory and speed are those of the GPU named here"
        whole = estimate(workload)
        return replace(whole, basis=(*whole.basis, billed))
    whole = estimate(workload, tokens=job.data.train_tokens, epochs=job.optimisation.epochs, price=price, today=today)
    return whole if job.is_packed else _of_real_rows(whole, job, facts, workload, price)


def workload_of(job: TrainingJob, model: BaseModelSpec, gpu: Gpu) -> Workload:
    """What a job asks of its GPUs."""
    return Workload(
        model=model,
        gpu=gpu,
        method=job.method,
        sequence_length=job.max_length,
        micro_batch=job.optimisation.micro_batch,
        gradient_accumulation=job.optimisation.gradient_accumulation,
        gpu_count=job.hardware.gpu_count,
        rank=job.adapter.rank if job.adapter else 0,
        has_gradient_checkpointing=job.has_gradient_checkpointing,
        loss_kernel=job.loss_kernel,
        trainer=next((target for target in job.targets if target not in HOSTED), None),
    )


def _of_real_rows(
    whole: Estimate, job: TrainingJob, facts: DatasetFacts, workload: Workload, price: Price | None
) -> Estimate:
    """Expected as if every row were of mean length; high as if padded to the 95th percentile."""
    mean = _within(facts.tokens / max(1, facts.rows), job.max_length)
    long = max(mean, _within(facts.tokens_per_conversation.get("p95") or mean, job.max_length))
    usual = estimate(replace(workload, sequence_length=mean)).step_time_s
    padded = estimate(replace(workload, sequence_length=long)).step_time_s
    steps = job.optimisation.steps
    hours = _range(*(steps * seconds / _HOUR_S for seconds in (usual.low, usual.expected, padded.high)))
    cost = None
    if price is not None and price.currency == "USD":
        each = price.per_gpu_hour * job.hardware.gpu_count
        cost = _range(hours.low * each, hours.expected * each, hours.high * each)
    told = f"hours: {steps:,} steps of rows of {mean:,} tokens, the mean; high: padded to {long:,}, the 95th percentile"
    basis = tuple(told if sentence.startswith("hours: ") else sentence for sentence in whole.basis)
    return replace(whole, hours=hours, cost_usd=cost, basis=basis)


def _within(length: float, max_length: int) -> int:
    return max(1, min(max_length, round(length)))


def _range(low: float, expected: float, high: float) -> Range:
    """Four digits, as every estimate has."""
    return Range(*(float(f"{value:.4g}") for value in (low, expected, high)))
