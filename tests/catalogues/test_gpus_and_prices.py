"""GPUs and their prices as shipped, how they are found, and what the user's file changes."""

import re
from datetime import date, timedelta

import pytest

from pipeline.catalogues import Price, find_gpu, find_price, is_stale, load_gpus, load_prices
from pipeline.catalogues.entry import same
from pipeline.errors import UsageError

_PRICE = Price(
    name="L4", provider="Acme", kind="on-demand", per_gpu_hour=0.5, source="our contract", as_of=date(2026, 1, 1)
)


def test_the_gpus_that_people_rent_or_own_are_known():
    names = {
        "A100-80GB-SXM", "A100-40GB", "A10G", "A4000", "A5000", "A6000", "A800-80GB-SXM", "B200", "B300", "GB200",
        "GB300", "H100-PCIe", "H100-SXM", "H20", "H200-SXM", "H800-SXM", "L4", "L40S", "MI210", "MI250X", "MI300X",
        "MI325X", "MI355X", "RTX-3060-12GB", "RTX-3070-8GB", "RTX-3080-10GB", "RTX-3090", "RTX-3090-Ti",
        "RTX-4060-8GB", "RTX-4060-Ti-16GB", "RTX-4070-12GB", "RTX-4080-16GB", "RTX-4090", "RTX-5060-Ti-16GB",
        "RTX-5070-12GB", "RTX-5070-Ti-16GB", "RTX-5080-16GB", "RTX-5090", "RTX-PRO-6000", "T4", "V100-32GB",
    }  # fmt: skip

    assert names <= set(load_gpus())


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("rtx 4090", "RTX-4090"),
        ("h100", "H100-SXM"),
        ("A100_80GB", "A100-80GB-SXM"),
        ("RTX 4060", "RTX-4060-8GB"),
        ("4070 Ti Super", "RTX-4070-Ti-Super-16GB"),
        ("MI300X-192GB", "MI300X"),
    ],
)
def test_a_gpu_is_found_in_any_spelling_and_by_an_alias(name, gpu):
    assert find_gpu(name).name == gpu


def test_products_reach_what_was_measured_or_four_fifths_of_the_data_sheet():
    assert (find_gpu("L4").reached_tflops, find_gpu("L4").peak_tflops) == (70.9, 121)
    assert find_gpu("A30").reached_tflops == 0.8 * 165


def test_measured_products_are_near_the_data_sheet_and_over_it_on_consumer_cards_alone():
    shares = {gpu.name: gpu.reached_tflops / gpu.peak_tflops for gpu in load_gpus().values()}

    assert all(0.38 <= share <= 1.15 for share in shares.values()), shares
    assert {name.partition("-")[0] for name, share in shares.items() if share > 1} == {"RTX"}


def test_no_two_gpus_share_a_name():
    names = [same(name) for gpu in load_gpus().values() for name in gpu.names()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RTX-2080", "the nearest: RTX-3080-10GB, RTX-4080-16GB, RTX-5080-16GB"),
        ("MI308X", "the nearest: MI300X, MI250X, MI325X"),
        ("B100", "the nearest: B200, B300"),
        ("RX 7900 XTX", "`lora-pipeline gpus` lists them"),
    ],
)
def test_an_unknown_gpu_names_the_nearest_ones_of_its_family(name, expected):
    with pytest.raises(UsageError) as caught:
        find_gpu(name)

    assert str(caught.value) == f"no GPU {name!r} is known; {expected}; or describe it in LORA_GPUS_FILE"


def test_a_gpu_says_whose_software_it_runs():
    assert {gpu.name for gpu in load_gpus().values() if gpu.maker == "AMD"} == {
        "MI210", "MI250X", "MI300X", "MI325X", "MI355X",
    }  # fmt: skip


def test_what_a_process_can_use_is_less_than_the_label():
    labels = {gpu.name: int(found[1]) for gpu in load_gpus().values() if (found := re.search(r"-(\d+)GB", gpu.name))}

    shares = {name: load_gpus()[name].memory_gb / label for name, label in labels.items()}

    assert all(0.94 < share < 1 for share in shares.values()), shares


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
