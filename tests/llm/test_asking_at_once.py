"""One request at a time: what came of it is told, also where that is not known."""

import pytest

from pipeline.llm.asking import Usage
from pipeline.llm.call_prices import cost_nano_usd, load_inference_prices, price_of
from pipeline.llm.llm_errors import (
    AskingRefused,
    KeyRefused,
    LowCredit,
    NotThere,
    Overloaded,
    RateLimited,
    SpendingCap,
)
from tests.llm.requests import request


def test_an_answer_has_its_text_and_its_cost(fake, backend):
    """The cache counts once, whichever way a provider counts it."""
    fake.has_cache = True
    fake.answer = lambda asked: f"yes to {asked.prompt}"

    answers = [backend.ask(request("a"), 5), backend.ask(request("b"), 5)]

    assert [(each.custom_id, each.outcome, each.text) for each in answers] == [
        ("a", "succeeded", "yes to Write conversation a."),
        ("b", "succeeded", "yes to Write conversation b."),
    ]
    assert [each.usage for each in answers] == [Usage(6, 8, 5, 0), Usage(6, 8, 0, 5)]
    price = price_of(load_inference_prices(), "anthropic", "claude-haiku-4-5")
    costs = [cost_nano_usd(each.usage, price, is_batch=False) for each in answers]
    assert costs == [row.nano_usd for row in fake.bill] == [52_250, 46_500]


@pytest.mark.parametrize("fault", ["lost", "cut", "garbled", "dropped", "gateway"])
def test_a_request_whose_answer_is_lost_is_unknown(fake, backend, fault):
    """It may have been done, and is not asked again by itself."""
    fake.fail("ask", fault)

    answer = backend.ask(request(), 5)

    assert (answer.outcome, answer.usage, answer.fault) == ("unknown", None, "provider")
    assert len(fake.calls) == 1
    assert len(fake.bill) == (fault in ("lost", "cut", "garbled"))


def test_a_provider_that_hangs_is_unknown_after_the_time_that_was_given(fake, backend):
    fake.fail("ask", "hung")

    answer = backend.ask(request(), 0.2)

    assert (answer.outcome, len(fake.bill)) == ("unknown", 1)


def test_a_provider_that_says_that_it_failed_is_an_error(fake, backend):
    """A local server answers 500 where a model wrote what is no text."""
    fake.fail("ask", "broken")

    answer = backend.ask(request(), 5)

    assert (answer.outcome, answer.fault, fake.bill) == ("errored", "provider", [])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rate_limited", RateLimited),
        ("overloaded", Overloaded),
        ("spending_cap", SpendingCap),
        ("low_credit", LowCredit),
        ("forbidden", KeyRefused),
        ("invalid", AskingRefused),
        ("missing", NotThere),
    ],
)
def test_what_was_not_done_is_raised(fake, backend, fault, expected):
    fake.fail("ask", fault)

    with pytest.raises(expected):
        backend.ask(request(), 5)

    assert fake.bill == []


def test_waiting_is_as_the_provider_says(fake, backend):
    """Or not told."""
    for retry_after in ("12", None, "soon"):
        fake.fail("ask", "rate_limited", retry_after)
    told = []
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            backend.ask(request(), 5)
        told.append(caught.value.retry_after_s)

    assert told == [12.0, None, None]
