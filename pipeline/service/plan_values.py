"""What a training would take, or why there is none, as the contract shows it."""

from dataclasses import asdict

from pipeline.catalogues.prices import Price
from pipeline.catalogues.token_prices import TokenPrice
from pipeline.contract.estimate_values import (
    ComparedJob,
    EstimatedRange,
    JobChange,
    JobEstimate,
    JobPrice,
    JobRefusal,
    JobSetup,
    SettingReason,
)
from pipeline.trainers.registry import BY_NAME
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.estimates.result import Range
from pipeline.training.hosted_estimate import HostedEstimate


def compared_job(outcome: Considered | NotPossible) -> ComparedJob:
    """A training that was considered among others."""
    setup = JobSetup.model_validate(asdict(outcome.setup))
    if isinstance(outcome, NotPossible):
        return ComparedJob(setup=setup, estimate=None, refusal=_refusal(outcome))
    return ComparedJob(setup=setup, estimate=job_estimate(outcome), refusal=None)


def job_estimate(considered: Considered) -> JobEstimate:
    """What a training would take."""
    job, estimate, price = considered.job, considered.estimate, job_price(considered)
    gpu_count = None if considered.is_hosted else job.hardware.gpu_count
    speed = estimate.tokens_per_s_per_gpu
    return JobEstimate(
        dataset_id=job.data.dataset_id,
        dataset_name=job.data.dataset_name,
        base_model=job.base_model,
        preset=job.preset,
        method=job.method,
        targets=list(job.targets),
        gpu=None if considered.is_hosted else job.hardware.gpu,
        gpu_count=gpu_count,
        fits=estimate.fits,
        cost_usd=_range(estimate.cost_usd),
        hours=_range(estimate.hours),
        peak_memory_gb=_range(estimate.peak_memory_gb),
        tokens_per_s=_range(speed, gpu_count or 1),
        hourly_rate=price.per_gpu_hour * gpu_count if price and price.per_gpu_hour and gpu_count else None,
        price=price,
        epochs=job.optimisation.epochs,
        steps_per_epoch=job.optimisation.steps // job.optimisation.epochs,
        total_steps=job.optimisation.steps,
        warnings=list(job.warnings),
        basis=list(estimate.basis),
        extrapolated=[] if isinstance(estimate, HostedEstimate) else list(estimate.rests_on.extrapolated),
        reasons=[SettingReason(**each.model_dump()) for each in job.explanations],
    )


def job_price(considered: Considered) -> JobPrice | None:
    """Of the GPU, or of the tokens where a provider trains."""
    estimate, price = considered.estimate, considered.price
    if not isinstance(estimate, HostedEstimate):
        return gpu_price(price) if price else None
    return token_price(estimate.price) if estimate.price else None


def token_price(tokens: TokenPrice) -> JobPrice:
    """Of a million trained tokens."""
    return JobPrice(
        provider=BY_NAME[tokens.provider].title,
        kind="tokens",
        per_gpu_hour=None,
        per_million_tokens=tokens.usd_per_million,
        currency="USD",
        as_of=tokens.as_of,
        source=tokens.source,
    )


def gpu_price(price: Price) -> JobPrice:
    """Of a GPU for an hour."""
    return JobPrice(
        provider=price.provider,
        kind=price.kind,
        per_gpu_hour=price.per_gpu_hour,
        per_million_tokens=None,
        currency=price.currency,
        as_of=price.as_of,
        source=price.source,
    )


def _refusal(outcome: NotPossible) -> JobRefusal:
    changes = [JobChange(key=each.key, value=each.value, note=each.note) for each in outcome.would_fit]
    return JobRefusal(kind=outcome.kind, reason=outcome.reason, would_fit=changes)


def _range(found: Range | None, factor: int = 1) -> EstimatedRange | None:
    if found is None:
        return None
    return EstimatedRange(low=found.low * factor, expected=found.expected * factor, high=found.high * factor)
