"""What makes conversations in an installation, from its settings."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from pipeline.flow.generation.making import Making
from pipeline.flow.generation.online import AT_ONCE
from pipeline.llm.account_limits import Limiters
from pipeline.llm.asking import Backend
from pipeline.llm.backends import OTHER_KEY, make_backend
from pipeline.llm.call_prices import load_inference_prices
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


@contextmanager
def making_of(catalog: Catalog, lake: Lake, settings: Settings, environment: Mapping[str, str]) -> Iterator[Making]:
    """What the sensor, runs, commands and the service work with. environment: where keys are; nothing is asked yet.

    Raises:
        UsageError: the installation's file of prices cannot be used.
    """
    prices = load_inference_prices(settings.llm_prices_file)

    def backend_of(provider: str) -> Backend:
        """The key for another address is for the one in the settings, not for one that a stored batch still names."""
        is_set = provider == settings.llm
        return make_backend(provider, environment if is_set else {**environment, OTHER_KEY: ""})

    making = Making(catalog, lake, prices, backend_of, _limiters(), month_budget_usd=settings.budget_per_month_usd)
    try:
        yield making
    finally:
        making.close()


@cache
def _limiters() -> Limiters:
    """Of this process: whoever asks the same account and model shares them."""
    return Limiters(AT_ONCE, time.monotonic)
