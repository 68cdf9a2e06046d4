"""The estimate of a whole job: memory of its longest rows, hours of the rows that the dataset really has.

`pipeline.training.estimates` knows workloads, whose rows all have one length. Rows that stand alone are shorter, so a
step is quicker than one of full rows, and there are more steps than their tokens would fill. Where answers are compared
(DPO, KTO), passes of the reference are added by rule: none of the measured runs is one of those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.objectives import JUDGED, sequences_per_row
from pipeline.trainers.registry import HOSTED
from pipeline.trainers.trainer import Objective
from pipeline.trainers.workload import Workload
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.result import Estimate, Range
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.overheads import overheads, total
from pipeline.training.own_runs import OwnRun, calibrated
from pipeline.wording import plural_of

_HOUR_S = 3600
# Of a preference's tokens, which count its question once and both answers, how many a sequence has: a half where there
# is no question, all where there are no answers, so in between.
_SEQUENCE_SHARE = 0.75
# Forward passes besides those that learn: of the reference; for KTO of the answers in another order, by both, too.
_REFERENCE_PASSES: Mapping[Objective, int] = {"preference": 1, "kto": 3}


def estimate_job(
    job: TrainingJob,
    facts: DatasetFacts,
    model: BaseModelSpec,
    gpu: Gpu,
    price: Price | None,
    today: date,
    own_runs: Sequence[OwnRun] = (),
) -> Estimate:
    """What a job takes on GPUs that are rented or owned; see `hosted_estimate.py` for those that a provider trains."""
    workload = workload_of(job, model, gpu)
    whole = estimate(workload, tokens=job.data.train_tokens, epochs=job.optimisation.epochs, price=price, today=today)
    found = whole if job.is_packed else _of_real_rows(whole, job, facts, workload, price)
    trained = _with_reference(found, job) if job.objective in JUDGED else found
    return _with_overheads(calibrated(trained, job, own_runs), job, model)


def workload_of(job: TrainingJob, model: BaseModelSpec, gpu: Gpu) -> Workload:
    """What a job asks of its GPUs; a row of the workload is a sequence, of which a preference has two."""
    return Workload(
        model=model,
        gpu=gpu,
        method=job.method,
        sequence_length=job.max_length,
        micro_batch=job.optimisation.micro_batch * sequences_per_row(job.objective),
        gradient_accumulation=job.optimisation.gradient_accumulation,
        gpu_count=job.hardware.gpu_count,
        rank=job.adapter.rank if job.adapter else 0,
        has_gradient_checkpointing=job.has_gradient_checkpointing,
        loss_kernel=job.loss_kernel,
        trainer=next((target for target in job.targets if target not in HOSTED), None),
        is_sharded=job.hardware.is_sharded,
    )


def _of_real_rows(
    whole: Estimate, job: TrainingJob, facts: DatasetFacts, workload: Workload, price: Price | None
) -> Estimate:
    """Expected as if every row were of mean length; high as if padded to the 95th percentile."""
    average = facts.tokens / max(1, facts.rows)
    if job.objective == "preference":
        average *= _SEQUENCE_SHARE
    mean = _within(average, job.max_length)
    long = max(mean, _within(facts.tokens_per_conversation.get("p95") or mean, job.max_length))
    usual = estimate(replace(workload, sequence_length=mean)).step_time_s
    padded = estimate(replace(workload, sequence_length=long)).step_time_s
    if usual is None or padded is None:
        return whole
    steps = job.optimisation.steps
    hours = _range(*(steps * seconds / _HOUR_S for seconds in (usual.low, usual.expected, padded.high)))
    cost = None
    if price is not None and price.currency == "USD":
        each = price.per_gpu_hour * job.hardware.gpu_count
        cost = _range(hours.low * each, hours.expected * each, hours.high * each)
    told = f"hours: {steps:,} steps of rows of {mean:,} tokens, the mean; high: padded to {long:,}, the 95th percentile"
    return replace(whole, hours=hours, cost_usd=cost, rests_on=replace(whole.rests_on, hours=told))


def _with_reference(found: Estimate, job: TrainingJob) -> Estimate:
    """With the passes that learn nothing: forward alone, 2 of the 4 FLOPs a parameter and token, 6 if recomputed."""
    passes = _REFERENCE_PASSES[job.objective]
    factor = 1 + 2 * passes / (6 if job.has_gradient_checkpointing else 4)
    is_pair = sequences_per_row(job.objective) == 2
    sequences = f"two sequences of {_SEQUENCE_SHARE:.0%} of its tokens each" if is_pair else "one sequence"
    told = (
        f"{job.objective}: a row is {sequences}, at {factor:.2f} times the time of learning, for {passes} more "
        f"forward {plural_of('pass', passes, 'passes')} of each (by FLOPs, not measured); the reference is the base "
        "model with the adapter off, so it takes no memory of its own"
    )
    return replace(
        found,
        step_time_s=_times(found.step_time_s, factor) if found.step_time_s else None,
        tokens_per_s_per_gpu=_times(found.tokens_per_s_per_gpu, 1 / factor) if found.tokens_per_s_per_gpu else None,
        hours=_times(found.hours, factor) if found.hours else None,
        cost_usd=_times(found.cost_usd, factor) if found.cost_usd else None,
        rests_on=replace(found.rests_on, more=(*found.rests_on.more, told)),
    )


def _with_overheads(found: Estimate, job: TrainingJob, model: BaseModelSpec) -> Estimate:
    """With what is paid for besides the steps."""
    if found.hours is None:
        return found
    hours, steps = found.hours, job.optimisation.steps
    parts = overheads(job, model, _times(hours, _HOUR_S / steps))
    more = total(parts)
    whole = _range(
        hours.low + more.low / _HOUR_S, hours.expected + more.expected / _HOUR_S, hours.high + more.high / _HOUR_S
    )
    cost = found.cost_usd and _range(
        found.cost_usd.low * whole.low / hours.low,
        found.cost_usd.expected * whole.expected / hours.expected,
        found.cost_usd.high * whole.high / hours.high,
    )
    told = f"of the hours, besides steps: {'; '.join(map(str, parts))}"
    return replace(
        found, hours=whole, cost_usd=cost, rests_on=replace(found.rests_on, more=(*found.rests_on.more, told))
    )


def _times(value: Range, factor: float) -> Range:
    return _range(value.low * factor, value.expected * factor, value.high * factor)


def _within(length: float, max_length: int) -> int:
    return max(1, min(max_length, round(length)))


def _range(low: float, expected: float, high: float) -> Range:
    """Four digits, as every estimate has."""
    return Range(*(float(f"{value:.4g}") for value in (low, expected, high)))
