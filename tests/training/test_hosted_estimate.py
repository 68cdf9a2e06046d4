"""Promises of `pipeline.training.hosted_estimate`: what a training at a provider takes, through `consider`."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.catalogues import TokenPrice, load_token_prices
from pipeline.state.catalog.job_records import NewCost
from pipeline.training.considering import Considered, consider
from pipeline.training.estimates.result import Range
from pipeline.training.hosted_estimate import HostedEstimate
from pipeline.training.setup import Setup
from tests.training.examples import CATALOGUES, facts

OPENAI, TOGETHER = (
    TokenPrice(
        name=name,
        provider=provider,
        usd_per_million=usd,
        source="their list",
        as_of=date(2026, 11, 1),
        parameters_over=over,
        method="lora" if over is not None else None,
    )
    for name, provider, usd, over in (
        ("gpt-4.1-mini-2025-04-14", "openai", 5.0, None),
        ("any size", "together", 0.5, 0),
    )
)
WITH_PRICES = replace(CATALOGUES, token_prices=(OPENAI, TOGETHER))
TALK = replace(facts(), turns=3_000)  # 1,000 rows of 100 tokens, none for validation


def _considered(targets=("openai",), of=TALK, catalogues=WITH_PRICES, **overrides):
    setup = Setup("Qwen3-8B", targets=targets, overrides={"epochs": "3", **overrides})
    outcome = consider(of, setup, catalogues)
    assert isinstance(outcome, Considered)
    assert isinstance(outcome.estimate, HostedEstimate)
    return outcome


def test_openai_bills_the_training_rows_with_the_marks_of_their_turns_in_every_pass():
    found = _considered().estimate

    assert found.billed_tokens == Range(300_000, 336_000, 369_600)
    assert found.cost_usd == Range(1.5, 1.68, 1.848)
    assert found.basis == (
        "tokens: OpenAI bills the contents of the training rows and about 4 marks round each turn, in 3 passes; low: "
        "the contents alone; high: 10% more, as its tokenizer is not ours",
        "price: 5 USD for a million trained tokens of gpt-4.1-mini-2025-04-14 at OpenAI, as of 2026-11-01 (their list)",
    )


def test_what_only_a_gpu_has_is_none():
    found = _considered()

    ranges = (found.estimate.hours, found.estimate.peak_memory_gb, found.estimate.fits, found.estimate.step_time_s)
    assert ranges == (None, None, None, None)
    assert found.price is None
    assert found.estimate.as_dict() == {
        "peak_memory_gb": None,
        "fits": None,
        "step_time_s": None,
        "tokens_per_s_per_gpu": None,
        "hours": None,
        "cost_usd": {"low": 1.5, "expected": 1.68, "high": 1.848},
        "billed_tokens": {"low": 300_000.0, "expected": 336_000.0, "high": 369_600.0},
        "basis": list(found.estimate.basis),
        "extrapolated": [],
    }


def test_what_the_catalog_keeps_names_the_provider_the_price_and_its_day():
    found = _considered()

    assert found.cost() == NewCost(
        kind="estimate",
        cost_usd=1.68,
        cost_usd_low=1.5,
        cost_usd_high=1.848,
        hours=None,
        provider="OpenAI",
        price_currency="USD",
        price_as_of=date(2026, 11, 1),
        source="5 USD for a million tokens, their list",
        basis=found.estimate.basis,
    )


def test_together_bills_rows_that_are_not_packed_at_their_full_length_and_the_validation_rows():
    of = replace(TALK, train_rows=900, validation_rows=100)

    found = _considered(("together",), of, max_length="512", is_packed="false").estimate

    validation, full = 10 * 10_000, 3 * 900 * 512
    assert found.billed_tokens == Range(3 * 90_000 + validation, 1_482_000, 1_482_000)
    assert full + validation == 1_482_400
    assert found.cost_usd.expected == pytest.approx(0.5 * 1.4824, rel=1e-3)
    assert found.basis[0] == (
        "tokens: Together bills rows that are not packed at their full length, 900 of 512 tokens in 3 passes; low: "
        "their contents alone; and the validation rows 10 times"
    )


def test_together_bills_packed_rows_by_their_tokens():
    found = _considered(("together",), is_packed="true").estimate

    assert found.billed_tokens == Range(300_000, 336_000, 369_600)


def test_without_a_price_there_are_tokens_and_no_cost_and_it_says_so():
    found = _considered(openai_model="gpt-9")

    unpriced = "no price of gpt-9 at OpenAI is listed; yours go into LORA_TOKEN_PRICES_FILE"
    assert (found.estimate.billed_tokens.expected, found.estimate.cost_usd) == (336_000, None)
    assert found.estimate.basis[-1] == f"cost: {unpriced}"
    cost = found.cost()
    assert (cost.cost_usd, cost.price_as_of, cost.provider, cost.source) == (None, None, "OpenAI", unpriced)


def test_of_several_providers_the_first_with_a_price_is_taken_and_all_are_told():
    found = _considered(("openai", "together"), openai_model="gpt-9").estimate

    assert (found.provider, found.price) == ("Together", TOGETHER)
    assert [sentence.partition(":")[0] for sentence in found.basis] == ["tokens", "price", "tokens", "cost"]


def test_the_smallest_training_costs_the_minimum():
    least = replace(WITH_PRICES, token_prices=(OPENAI.model_copy(update={"minimum_usd": 4.0}),))

    found = _considered(catalogues=least).estimate

    assert found.cost_usd == Range(4, 4, 4)
    assert "at OpenAI, at least 4 USD, as of" in found.basis[-1]


def test_an_old_price_is_marked_and_its_note_told():
    old = OPENAI.model_copy(update={"as_of": date(2026, 1, 1), "note": "ends soon"})

    found = _considered(catalogues=replace(WITH_PRICES, token_prices=(old,))).estimate

    assert found.basis[-1].endswith("as of 2026-01-01 (their list); older than 90 days; ends soon")


def test_the_shipped_prices_know_the_model_that_jobs_name_by_default():
    shipped = replace(WITH_PRICES, token_prices=load_token_prices())

    assert _considered(catalogues=shipped).estimate.cost_usd == Range(1.5, 1.68, 1.848)
    assert _considered(("together",), catalogues=shipped).estimate.price.usd_per_million == 0.48


def test_a_model_that_fits_on_no_gpu_can_be_trained_by_a_provider():
    setup = Setup("Llama-3.1-70B", gpu="T4", targets=("together",))

    assert isinstance(consider(TALK, setup, WITH_PRICES), Considered)


def test_conversations_are_packed_where_rows_are_billed_whole():
    """Nobody pays for padding unless asked to; the reason is with the job."""
    packed, own = _considered(("together",), TALK), _considered(("together",), TALK, is_packed="false")

    assert (packed.job.is_packed, own.job.is_packed) == (True, False)
    assert packed.estimate.billed_tokens.expected < own.estimate.billed_tokens.expected
    reasons = {each.setting: each.because for each in packed.job.explanations}
    assert "bills a row that is not packed at its full length" in reasons["is_packed"]


def test_a_job_of_both_kinds_tells_what_the_provider_would_take():
    setup = Setup("Qwen3-8B", targets=("trl", "openai"))

    found = consider(TALK, setup, replace(CATALOGUES, token_prices=load_token_prices()))

    [told] = [sentence for sentence in found.estimate.basis if sentence.startswith("trained by OpenAI instead it is ")]
    assert "USD" in told
    assert found.estimate.peak_memory_gb is not None
