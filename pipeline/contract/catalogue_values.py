"""What a job can be made of: base models, GPUs, presets, prices, trainers, and what may be set by hand.

The facts themselves are in the catalogues, the presets and the trainers' records; here is only how they are shown.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from pipeline.contract.estimate_values import JobPrice
from pipeline.contract.http_answers import Value


class CatalogueModel(Value):
    """A base model."""

    name: str
    hub_id: str
    instruct_hub_id: str | None = Field(description="Of the sibling that was taught to answer.")
    parameters: int = Field(description="All experts counted.")
    layers: int
    hidden_size: int
    experts: int
    active_experts: int = Field(description="Of a token.")
    context_length: int
    licence: str
    source: str
    as_of: date


class CatalogueGpu(Value):
    """A kind of GPU."""

    name: str
    maker: str
    memory_gb: float
    peak_tflops: float
    bandwidth_gb_per_s: float
    interconnect_gb_per_s: float
    has_bf16: bool
    source: str
    as_of: date


class CataloguePreset(Value):
    """How strongly a job trains."""

    name: str
    title: str
    values: dict[str, object] = Field(description="All that it says (docs/catalogues.md).")
    source: str
    as_of: date


class CataloguePrice(JobPrice):
    """What an hour of a GPU costs, or a million tokens of a provider's model, or of a class of its models."""

    name: str


class CatalogueTrainer(Value):
    """What jobs can be written for."""

    name: str
    title: str
    is_hosted: bool = Field(description="Whether a provider trains.")
    objectives: list[str]
    has_several_gpus: bool
    can_shard: bool


class SettableKey(Value):
    """What may be set by hand (`overrides`)."""

    key: str
    setting: str = Field(description="Its path in the job.", examples=["adapter.rank"])
    kind: Literal["integer", "number", "choice", "switch", "text"]
    low: float | None = Field(description="Of a number; both bounds are included.")
    high: float | None
    choices: list[str]
    expected: str = Field(examples=["an integer from 1 to 1024"])


class Catalogue(Value):
    """Everything that a job can be made of; an installation's own entries come before ours."""

    models: list[CatalogueModel]
    gpus: list[CatalogueGpu]
    presets: list[CataloguePreset]
    prices: list[CataloguePrice]
    trainers: list[CatalogueTrainer]
    settings: list[SettableKey]
