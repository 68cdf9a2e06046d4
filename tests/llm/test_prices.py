"""Sums of money are exact, and a model whose price is not known is not asked."""

from dataclasses import astuple
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.llm.asking import Usage
from pipeline.llm.call_prices import cost_nano_usd, load_inference_prices, most_nano_usd, price_of
from tests.fakes.provider import BATCH_PERCENT
from tests.fakes.provider import PRICES as FAKES

PRICES = load_inference_prices()
COUNTS = st.integers(0, 300_000)


def test_a_request_costs_what_its_tokens_do():
    sonnet = price_of(PRICES, "anthropic", "claude-sonnet-4-5-20250929")

    usage = Usage(input_tokens=1_500, output_tokens=2_500)

    assert cost_nano_usd(usage, sonnet, is_batch=False) == 42_000_000
    assert 10_000 * cost_nano_usd(usage, sonnet, is_batch=True) == 210 * 10**9


def test_less_than_a_billionth_is_rounded_up_once():
    haiku = price_of(PRICES, "anthropic", "claude-haiku-5-5")

    assert cost_nano_usd(Usage(1, 1, 1, 1), haiku, is_batch=True) == 368  # of 367.5


def test_a_long_prompt_has_its_own_price_for_all_of_its_tokens():
    """Those of the cache count for its length."""
    haiku = price_of(PRICES, "anthropic", "claude-haiku-5-5")

    short = cost_nano_usd(Usage(40_000, 10, 30_000, 30_000), haiku, is_batch=False)
    long = cost_nano_usd(Usage(40_000, 10, 30_000, 30_001), haiku, is_batch=False)

    assert (short, long) == (8_055_000, 40_275_050)


@given(st.sampled_from(PRICES), COUNTS, COUNTS, COUNTS, COUNTS, st.booleans())
def test_a_sum_is_exact_and_below_its_bound(price, fresh, output, written, read, is_batch):
    usage = Usage(fresh, output, written, read)
    rates = price.rates(fresh + written + read)
    a_million = (rates.input_usd, rates.output_usd, rates.cache_write_usd, rates.cache_read_usd)
    exact = sum(Fraction(price_usd) * count for price_usd, count in zip(a_million, astuple(usage), strict=True)) * 1_000
    exact *= Fraction(price.batch_factor) if is_batch else 1

    cost = cost_nano_usd(usage, price, is_batch=is_batch)

    assert 0 <= cost - exact < 1
    assert cost <= most_nano_usd(fresh + written + read, output, price, is_batch=is_batch)


def test_a_model_without_a_price_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        price_of(PRICES, "openai", "gpt-6-lunar")

    assert str(caught.value) == (
        "no price of gpt-6-lunar at openai is known, the nearest: gpt-6-luna, gpt-5.6-luna, gpt-6-sol; "
        "write one into your file of prices, [[inference_prices]], before it is asked"
    )
    with pytest.raises(UsageError, match=r"no price of some-model at router\.example is known; write"):
        price_of(PRICES, "router.example", "some-model")


def test_a_server_of_ones_own_costs_nothing_unless_a_price_says_so(tmp_path):
    own = tmp_path / "prices.toml"
    own.write_text(
        '[[inference_prices]]\nname = "my-model"\nprovider = "local"\ninput_usd = 0.01\noutput_usd = 0.02\n'
        'cache_write_usd = 0\ncache_read_usd = 0\nsource = "power"\nas_of = 2026-11-01\n'
        '[[inference_prices]]\nname = "claude-haiku-4-5"\nprovider = "anthropic"\ninput_usd = 0.9\noutput_usd = 4.5\n'
        'cache_write_usd = 1.125\ncache_read_usd = 0.09\nsource = "our contract"\nas_of = 2026-11-01\n'
    )
    prices = load_inference_prices(own)
    usage = Usage(1_000, 1_000)

    costs = [
        cost_nano_usd(usage, price_of(prices, provider, model), is_batch=False)
        for provider, model in [("local", "any"), ("local", "my-model"), ("anthropic", "claude-haiku-4-5-20251001")]
    ]

    assert costs == [0, 30_000, 5_400_000]  # ours holds for the other names that the shipped one has
    assert (
        price_of(prices, "anthropic", "claude-haiku-4-5-20251001").price_id == "anthropic claude-haiku-4-5 2026-11-01"
    )


@pytest.mark.parametrize("model", sorted(FAKES))
def test_the_fakes_take_what_is_shipped(model):
    """So that a bill of theirs is one of the providers'."""
    (price,) = [each for each in PRICES if each.name == model]

    nano_usd = [1_000 * usd for usd in (price.input_usd, price.output_usd, price.cache_write_usd, price.cache_read_usd)]

    assert tuple(nano_usd) == FAKES[model]
    assert price.batch_factor * 100 == BATCH_PERCENT


def test_every_shipped_price_has_its_relations():
    """Output is dearer than input, writing the cache a quarter, reading it less than a fifth; batches cost half."""
    for each in PRICES:
        for rates in (each, *([each.long] if each.long else [])):
            assert rates.output_usd > rates.input_usd > 5 * rates.cache_read_usd > 0, each.name
            assert rates.cache_write_usd == rates.input_usd * Decimal("1.25"), each.name
        assert each.batch_factor == Decimal("0.5"), each.name
    assert len({(each.provider, name) for each in PRICES for name in each.names()}) == sum(
        len(each.names()) for each in PRICES
    )
