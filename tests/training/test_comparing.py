"""Promises of `pipeline.training.comparing`."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import load_token_prices
from pipeline.training.comparing import compare
from pipeline.training.setup import Setup
from tests.training.examples import CATALOGUES, PRICE, facts

GPUS = ["A100-80GB-SXM", "H200-SXM", "L4", "T4"]
PRICES = tuple(
    Price(name=gpu, provider="p", kind="on-demand", per_gpu_hour=dollars, source="s", as_of=date(2026, 11, 1))
    for gpu, dollars in (("A100-80GB-SXM", 2.0), ("H200-SXM", 4.0), ("L4", 0.8))
)
PRICED = replace(CATALOGUES, prices=PRICES)
TOKENS = load_token_prices()


@pytest.fixture(scope="module")
def by_cost():
    return compare(facts(), Setup("Qwen3-8B"), GPUS, ["balanced", "aggressive"], PRICED, "cost")


def _key(option):
    return option.considered.setup.gpu, option.considered.setup.method, option.considered.setup.preset


def test_every_combination_is_an_option_or_has_a_reason(by_cost):
    found = [_key(option) for option in by_cost.options]
    found += [(each.setup.gpu, each.setup.method, each.setup.preset) for each in by_cost.not_possible]

    assert sorted(found) == sorted(
        (gpu, method, preset) for gpu in GPUS for method in ("lora", "qlora") for preset in ("balanced", "aggressive")
    )
    assert {each.kind for each in by_cost.not_possible} == {"does-not-fit"}


def test_options_are_in_the_order_of_cost_and_unpriced_ones_last(by_cost):
    costs = [option.cost_usd for option in by_cost.options]

    assert costs == sorted(costs)
    assert all(option.considered.setup.gpu == "T4" for option in by_cost.options if option.cost_usd == float("inf"))


def test_by_time_the_quickest_is_first():
    options = compare(facts(), Setup("Qwen3-8B"), GPUS, ["balanced"], PRICED, "time").options

    hours = [option.hours for option in options]
    assert hours == sorted(hours)


def test_the_best_are_those_that_nothing_of_their_preset_beats_in_both(by_cost):
    for preset in ("balanced", "aggressive"):
        options = [option for option in by_cost.options if option.considered.setup.preset == preset]
        best = [option for option in options if option.is_best]

        assert best
        assert min(options, key=lambda option: (option.cost_usd, option.hours)) in best
        assert min(options, key=lambda option: (option.hours, option.cost_usd)) in best
        for option in options:
            beaten = any(other.cost_usd < option.cost_usd and other.hours < option.hours for other in options)
            assert not (beaten and option.is_best)


def test_a_method_that_is_asked_for_is_the_only_one():
    options = compare(facts(), Setup("Qwen3-8B", method="qlora"), GPUS, ["balanced"], PRICED, "cost").options

    assert {option.considered.job.method for option in options} == {"qlora"}


def test_a_provider_s_training_is_one_option_of_each_preset_whatever_the_gpus():
    wanted = Setup("Qwen3-8B", targets=("openai",))

    found = compare(facts(), wanted, GPUS, ["balanced", "aggressive"], replace(PRICED, token_prices=TOKENS), "cost")

    assert sorted(_key(option) for option in found.options) == [
        ("A100-80GB-SXM", "lora", "aggressive"),
        ("A100-80GB-SXM", "lora", "balanced"),
    ]
    assert found.not_possible == ()
    assert all(0 < option.cost_usd < 100 and option.hours == float("inf") for option in found.options)


def test_prices_are_taken_from_the_catalogue():
    [option] = compare(
        facts(), Setup("Qwen3-8B", method="lora"), ["A100-80GB-SXM"], ["balanced"], CATALOGUES, "cost"
    ).options

    assert option.considered.price == PRICE
