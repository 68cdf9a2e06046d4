"""GPUs and their prices as shipped, how they are found, and what the user's file changes."""

from datetime import date, timedelta

import pytest

from pipeline.catalogues import Price, find_gpu, find_price, is_stale, load_gpus, load_prices
from pipeline.errors import UsageError

_PRICE = Price(
    name="L4", provider="Acme", kind="on-demand", per_gpu_hour=0.5, source="our contract", as_of=date(2026, 1, 1)
)


def test_the_gpus_that_people_rent_are_known():
    names = {
        "A100-80GB-SXM", "A100-40GB", "A10G", "A6000", "B200", "H100-PCIe", "H100-SXM", "H200-SXM", "L4", "L40S",
        "RTX-3090", "RTX-4090", "T4", "V100-32GB",
    }  # fmt: skip

    assert names <= set(load_gpus())


@pytest.mark.parametrize(
    ("name", "gpu"), [("rtx 4090", "RTX-4090"), ("h100", "H100-SXM"), ("A100_80GB", "A100-80GB-SXM")]
)
def test_a_gpu_is_found_in_any_spelling_and_by_an_alias(name, gpu):
    assert find_gpu(name).name == gpu


def test_an_unknown_gpu_names_the_nearest_ones():
    with pytest.raises(UsageError) as caught:
        find_gpu("RTX-4080")

    assert str(caught.value) == (
        "no GPU 'RTX-4080' is known; the nearest: RTX-4090, RTX-5090, RTX-3090; or describe it in LORA_GPUS_FILE"
    )


def test_shipped_prices_are_of_known_gpus_and_spot_is_never_dearer():
    prices = load_prices()
    on_demand = {(price.name, price.provider): price.per_gpu_hour for price in prices if price.kind == "on-demand"}

    dearer = [
        price
        for price in prices
        if price.kind == "spot" and price.per_gpu_hour > on_demand.get((price.name, price.provider), 1e9)
    ]

    assert {price.name for price in prices} <= set(load_gpus())
    assert dearer == []


def test_the_lowest_price_of_the_kind_is_taken():
    dear = _PRICE.model_copy(update={"provider": "Dear", "per_gpu_hour": 0.9})
    spot = _PRICE.model_copy(update={"kind": "spot", "per_gpu_hour": 0.2})
    prices = [dear, spot, _PRICE]

    assert find_price(prices, find_gpu("L4")) == _PRICE
    assert find_price(prices, find_gpu("L4"), "spot") == spot
    assert find_price(prices, find_gpu("L4"), provider="dear") == dear
    assert find_price(prices, find_gpu("T4")) is None


def test_a_gpu_that_the_user_prices_is_priced_by_the_user_alone(tmp_path):
    own = tmp_path / "prices.toml"
    own.write_text(
        '[[prices]]\nname = "l4"\nprovider = "Acme"\nkind = "on-demand"\nper_gpu_hour = 9.5\n'
        'source = "our contract"\nas_of = 2026-01-01\n'
    )

    prices = load_prices(own)

    assert [price.per_gpu_hour for price in prices if price.name.casefold() == "l4"] == [9.5]
    assert len(prices) == len([price for price in load_prices() if price.name != "L4"]) + 1


@pytest.mark.parametrize(("days", "stale"), [(0, False), (90, False), (91, True)])
def test_a_price_is_stale_after_ninety_days(days, stale):
    assert is_stale(_PRICE, _PRICE.as_of + timedelta(days)) is stale
