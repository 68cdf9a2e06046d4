"""Prices of trained tokens: which one holds for a job, and what the user's file changes."""

from datetime import date

import pytest

from pipeline.catalogues import TokenPrice, find_token_price, load_token_prices
from pipeline.errors import UsageError
from pipeline.trainers.registry import HOSTED

_OF_MODEL = TokenPrice(
    name="gpt-9", aliases=("gpt-9-2030",), provider="openai", usd_per_million=5, source="s", as_of=date(2026, 11, 1)
)
_SMALL, _LARGE = (
    TokenPrice(
        name=name,
        provider="together",
        usd_per_million=usd,
        method="lora",
        objective="sft",
        parameters_over=over,
        parameters_up_to=up_to,
        source="s",
        as_of=date(2026, 11, 1),
    )
    for name, usd, over, up_to in (("up to 16B", 0.5, 0, 16e9), ("over 16B", 3.0, 16e9, None))
)
_PRICES = (_SMALL, _LARGE, _OF_MODEL)


@pytest.mark.parametrize("name", ["gpt-9", "GPT-9-2030"])
def test_a_model_is_found_by_its_name_and_its_other_names(name):
    assert find_token_price(_PRICES, "openai", name, None, "lora", "sft") == _OF_MODEL


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [(1, _SMALL), (16_000_000_000, _SMALL), (16_000_000_001, _LARGE), (10**13, _LARGE), (None, None)],
)
def test_a_model_without_a_price_of_its_own_has_that_of_its_size(parameters, expected):
    assert find_token_price(_PRICES, "together", "any", parameters, "qlora", "sft") == expected


@pytest.mark.parametrize(("method", "objective"), [("full", "sft"), ("lora", "preference")])
def test_another_method_and_another_objective_have_other_prices(method, objective):
    assert find_token_price(_PRICES, "together", "any", 8_000_000_000, method, objective) is None


def test_another_provider_s_prices_are_not_taken():
    assert find_token_price(_PRICES, "fireworks", "gpt-9", 8_000_000_000, "lora", "sft") is None


def test_shipped_prices_are_of_hosted_trainers_and_no_class_of_one_overlaps():
    prices = load_token_prices()

    assert {price.provider for price in prices} == HOSTED
    kinds = {(price.provider, price.method, price.objective) for price in prices if price.is_of_class}
    for kind in kinds:
        classes = [price for price in prices if (price.provider, price.method, price.objective) == kind]
        for parameters in (1e9, 16e9, 17e9, 70e9, 99e9, 250e9, 1e12):
            assert sum(price.has_size(int(parameters)) for price in classes) <= 1


def test_the_user_s_prices_come_first(tmp_path):
    own = tmp_path / "token_prices.toml"
    own.write_text(
        '[[token_prices]]\nname = "gpt-4.1"\nprovider = "openai"\nusd_per_million = 20.0\n'
        'source = "our contract"\nas_of = 2026-11-01\n'
    )

    prices = load_token_prices(own)

    ours = find_token_price(prices, "openai", "gpt-4.1", None, "lora", "sft")
    assert (ours.usd_per_million, ours.source) == (20.0, "our contract")
    assert len(prices) == len(load_token_prices()) + 1


def test_a_file_that_cannot_be_used_is_said(tmp_path):
    own = tmp_path / "token_prices.toml"
    own.write_text('[[token_prices]]\nname = "gpt-4.1"\nprovider = "openai"\nsource = "s"\nas_of = 2026-11-01\n')

    with pytest.raises(UsageError) as caught:
        load_token_prices(own)

    assert str(caught.value) == (
        f"{own}: entries of [[token_prices]] that cannot be used:\n  gpt-4.1, usd_per_million: Field required"
    )
