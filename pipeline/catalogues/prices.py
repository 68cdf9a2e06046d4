"""Prices of GPUs: an input with provider, day and source, never a constant."""

from typing import Literal, TypeAlias

from pydantic import Field

from pipeline.catalogues.entry import Entry

PriceKind: TypeAlias = Literal["on-demand", "spot"]


class Price(Entry):
    """What one GPU costs for an hour. name: of the GPU."""

    provider: str = Field(min_length=1)
    kind: PriceKind
    per_gpu_hour: float = Field(gt=0)
    currency: Literal["USD", "EUR", "GBP"] = "USD"
