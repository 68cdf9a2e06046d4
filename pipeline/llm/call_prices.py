"""What providers take for asking: an input with day and source, as other prices are; sums are exact, never a float.

A sum is in whole billionths of a US dollar, rounded up once a request. An upper bound is of what may be paid at most.
"""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pipeline.catalogues.by_name import nearest
from pipeline.catalogues.entry import Entry, same
from pipeline.catalogues.reading import parse, read_entries
from pipeline.errors import UsageError
from pipeline.llm.asking import Usage

OWN_SERVER: Final = "local"
"""The provider of models on a server of one's own."""
_TABLE: Final = "inference_prices"
_NANO_USD_A_TOKEN = 1_000  # of one US dollar for a million tokens
UsdPerMillion: TypeAlias = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Rates(BaseModel):
    """US dollars for a million tokens of each kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_usd: UsdPerMillion
    output_usd: UsdPerMillion
    cache_write_usd: UsdPerMillion
    """For the shortest time that a provider keeps it."""
    cache_read_usd: UsdPerMillion


class LongRates(Rates):
    """For all tokens of a request whose input, that of the cache included, has more than these."""

    over_tokens: int = Field(gt=0)


class InferencePrice(Entry, Rates):
    """What asking a model costs. name: of the model, as the provider has it."""

    provider: str = Field(min_length=1)
    """As a setting names who is asked: `anthropic`, `openai`, a host, `local` for a server of one's own."""
    batch_factor: Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)] = Decimal(1)
    """What a request of a batch costs of this."""
    most_output_tokens: int | None = Field(default=None, gt=0)
    """More than these a request may not ask for."""
    long: LongRates | None = None
    note: str = ""

    @property
    def price_id(self) -> str:
        """Which price a sum was made of, to be kept beside it."""
        return f"{self.provider} {self.name} {self.as_of.isoformat()}"

    def rates(self, input_tokens: int) -> Rates:
        """Those that hold for a request with so many tokens of input."""
        return self.long if self.long is not None and input_tokens > self.long.over_tokens else self


def load_inference_prices(own: Path | None = None) -> tuple[InferencePrice, ...]:
    """All prices, those of the user's file first, so that they are found before the shipped ones.

    Raises:
        UsageError: the user's file cannot be used; names each fault.
    """
    return (*read_entries(InferencePrice, _TABLE, own), *_shipped())


def price_of(prices: Iterable[InferencePrice], provider: str, model: str) -> InferencePrice:
    """The price of a model. One on a server of one's own costs nothing, unless a price says otherwise.

    Raises:
        UsageError: nothing is known of what it costs; names the nearest models that have a price.
    """
    offered = [each for each in prices if same(each.provider) == same(provider)]
    names = {same(name) for each in offered if same(model) in _names(each) for name in each.names()}
    if found := next((each for each in offered if names & _names(each)), None):
        return found
    if same(provider) == OWN_SERVER:
        return _own(model)
    near = ", ".join(nearest(model, [name for each in offered for name in each.names()]))
    raise UsageError(
        f"no price of {model} at {provider} is known{f', the nearest: {near}' if near else ''}; "
        f"write one into your file of prices, [[{_TABLE}]], before it is asked"
    )


def cost_nano_usd(usage: Usage, price: InferencePrice, *, is_batch: bool) -> int:
    """What a request cost."""
    rates = price.rates(usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens)
    usd = (
        usage.input_tokens * rates.input_usd
        + usage.output_tokens * rates.output_usd
        + usage.cache_write_tokens * rates.cache_write_usd
        + usage.cache_read_tokens * rates.cache_read_usd
    )
    return _nano_usd(usd, price, is_batch)


def most_nano_usd(input_tokens: int, output_tokens: int, price: InferencePrice, *, is_batch: bool) -> int:
    """What a request costs at most, given the most tokens of its input and of its answer."""
    kinds: list[Rates] = [price, *([price.long] if price.long and input_tokens > price.long.over_tokens else [])]
    usd = max(
        input_tokens * max(each.input_usd, each.cache_write_usd, each.cache_read_usd) + output_tokens * each.output_usd
        for each in kinds
    )
    return _nano_usd(usd, price, is_batch)


def _names(price: InferencePrice) -> set[str]:
    return set(map(same, price.names()))


def _nano_usd(usd_millions: Decimal, price: InferencePrice, is_batch: bool) -> int:
    factor = price.batch_factor if is_batch else Decimal(1)
    return int((usd_millions * factor * _NANO_USD_A_TOKEN).to_integral_value(ROUND_CEILING))


def _own(model: str) -> InferencePrice:
    nothing = Decimal(0)
    return InferencePrice(
        name=model,
        provider=OWN_SERVER,
        input_usd=nothing,
        output_usd=nothing,
        cache_write_usd=nothing,
        cache_read_usd=nothing,
        source="a server of one's own: whoever asks it pays nobody for an answer",
        as_of=date(2026, 11, 28),
    )


@cache
def _shipped() -> tuple[InferencePrice, ...]:
    return parse(InferencePrice, _TABLE, (files("pipeline.llm") / "prices.toml").read_text("utf-8"))
