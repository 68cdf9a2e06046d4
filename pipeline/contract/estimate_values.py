"""What a training would take, before a job is made of it: estimates, comparisons of them, and why there is none.

What is made is in `values.py`. What is asked for is in `service/new_job.py`, by names of catalogues.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from pipeline.contract.http_answers import Value


class EstimatedRange(Value):
    """An expected value, and the bounds that most real ones lie within."""

    low: float
    expected: float
    high: float


class JobPrice(Value):
    """Whose price an estimate takes; `tokens`: a provider trains, and bills a million trained tokens."""

    provider: str
    kind: Literal["on-demand", "spot", "tokens"]
    per_gpu_hour: float | None
    per_million_tokens: float | None
    currency: str
    as_of: date
    source: str


class SettingReason(Value):
    """A value of a plan, and why it is what it is."""

    setting: str = Field(description="Its path in the job.", examples=["optimisation.epochs"])
    value: str
    because: str


class JobEstimate(Value):
    """What a training would take. Where a provider trains there is no GPU, no memory and no time."""

    dataset_id: str
    dataset_name: str
    base_model: str
    preset: str
    method: str
    targets: list[str]
    gpu: str | None
    gpu_count: int | None
    fits: str | None = Field(description="`tight`: only the upper bound of its memory does not fit.")
    cost_usd: EstimatedRange | None = Field(description="Null: no price in USD is listed.")
    hours: EstimatedRange | None
    peak_memory_gb: EstimatedRange | None = Field(description="Of one GPU.")
    tokens_per_s: EstimatedRange | None = Field(description="Of all GPUs.")
    hourly_rate: float | None = Field(description="Of all GPUs, in the currency of the price.")
    price: JobPrice | None
    epochs: int
    steps_per_epoch: int
    total_steps: int
    warnings: list[str]
    basis: list[str] = Field(description="What the estimate rests on.")
    extrapolated: list[str] = Field(description="What of it lies beyond measured runs.")
    reasons: list[SettingReason]


class JobChange(Value):
    """One thing to choose otherwise, so that a training fits."""

    key: str = Field(examples=["method"])
    value: str = Field(examples=["qlora"])
    note: str


class JobRefusal(Value):
    """Why there can be no such training, and what would fit instead."""

    kind: str = Field(examples=["does-not-fit"])
    reason: str
    would_fit: list[JobChange]


class JobSetup(Value):
    """What was asked for."""

    model: str
    preset: str
    gpu: str
    gpu_count: int
    method: str | None
    targets: list[str]
    overrides: dict[str, str]
    provider: str | None
    price_kind: str


class ComparedJob(Value):
    """A training with what it would take, or why there can be none: one of both is null."""

    setup: JobSetup
    estimate: JobEstimate | None
    refusal: JobRefusal | None


class JobComparison(Value):
    """The cheapest first, then those without a price, then what cannot be."""

    items: list[ComparedJob]
