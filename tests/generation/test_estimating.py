"""What a plan takes: counted before it is made, learnt from what is finished, and a range that holds."""

import json
from random import Random

import numpy as np
import pytest

from pipeline.generation.estimating import (
    CALIBRATING_ITEMS,
    READINGS,
    Calls,
    Range,
    estimate,
    estimate_plan,
    writing_calls,
)
from pipeline.generation.plan import make_plan
from pipeline.generation.wish import PlanWish
from pipeline.generation.writing import write_request
from pipeline.llm.asking import Usage
from tests.generation.small_scaffolds import scaffolds

GIVEN = scaffolds()
ITEMS = make_plan(PlanWish(items=400, seed=2), GIVEN).items


def _cost(usage):
    return (
        1_000 * (usage.input_tokens + usage.cache_write_tokens)
        + 100 * usage.cache_read_tokens
        + 5_000 * usage.output_tokens
    )


def _usage(turns):
    return Usage(2_000, 100 + 150 * turns)


def _calls(**changed):
    return Calls(**{"purpose": "generate", "usage": _usage, "cost": _cost, **changed})


class _Tokenizer:
    """Each text has a token a character."""

    name = "characters"

    def count(self, texts):
        return np.array([len(text) for text in texts])


def test_the_input_of_requests_is_counted():
    item = ITEMS[0]
    request = write_request(item, GIVEN, "", "")

    calls = writing_calls([item], GIVEN, _cost, tokenizer=_Tokenizer())

    texts = (request.system, request.messages[0].content, json.dumps(request.schema))
    assert calls.usage(4).input_tokens == calls.usage(8).input_tokens == sum(map(len, texts))
    assert calls.usage(8).output_tokens > calls.usage(4).output_tokens


def test_only_what_has_a_price_is_estimated():
    took = {"judge": {1: Usage(7, 7)}}

    found = estimate_plan(ITEMS, GIVEN, {"generate": _cost, "judge": _cost}, took)

    judged = estimate(
        ITEMS, [_calls(purpose="judge", usage=READINGS["judge"].usage, share=1.05, observed=took["judge"])]
    )
    assert [calls.purpose for calls in found.calls] == ["generate", "judge"]
    assert found.calls[1] == judged.calls[0]


def test_a_plan_that_nobody_has_begun_has_a_range_of_what_is_usual():
    usual = sum(_cost(_usage(item.turns)) for item in ITEMS)

    found = estimate(ITEMS, [_calls()])

    low, expected, high = (found.nano_usd.low / usual, found.nano_usd.expected / usual, found.nano_usd.high / usual)
    assert (low, expected, high) == pytest.approx((0.7, 1.08, 1.7))
    assert found.calls[0].usage.input_tokens == round(1.08 * 2_000 * len(ITEMS))
    assert not found.calls[0].is_calibrated


def test_calls_of_other_purposes_are_added_by_their_share():
    writing = estimate(ITEMS, [_calls()])
    judged = estimate(ITEMS, [_calls(purpose="judge", usage=READINGS["judge"].usage, share=1.05)])
    some = estimate(ITEMS, [_calls(purpose="annotate", usage=READINGS["annotate"].usage, share=0.1)])
    all_of_it = estimate(
        ITEMS,
        [
            _calls(),
            _calls(purpose="judge", usage=READINGS["judge"].usage, share=1.05),
            _calls(purpose="annotate", usage=READINGS["annotate"].usage, share=0.1),
        ],
    )

    whole = estimate(ITEMS, [_calls(usage=READINGS["annotate"].usage)])
    assert all_of_it.nano_usd == writing.nano_usd + judged.nano_usd + some.nano_usd
    assert some.nano_usd.expected == pytest.approx(whole.nano_usd.expected / 10)
    assert all_of_it.usage.output_tokens == sum(each.usage.output_tokens for each in (writing, judged, some))


def _took(item, random):
    """Some 30 % more than usual, each by its own luck; now and then an item is asked twice."""
    attempts = 1 + (random.random() < 0.05)
    factor = 1.3 * random.lognormvariate(-0.03, 0.25)
    usual = _usage(item.turns)
    return Usage(attempts * usual.input_tokens, round(attempts * factor * usual.output_tokens))


def test_nine_in_ten_plans_cost_what_was_said_once_fifty_items_were_finished():
    held, off = 0, []
    for seed in range(200):
        random = Random(seed)
        took = {item.number: _took(item, random) for item in ITEMS}
        actual = sum(map(_cost, took.values()))

        said = estimate(ITEMS, [_calls(observed={number: took[number] for number in range(1, CALIBRATING_ITEMS + 1)})])

        held += said.nano_usd.low <= actual <= said.nano_usd.high
        off.append(abs(said.nano_usd.expected - actual) / actual)
    assert 0.86 <= held / 200 <= 0.97
    assert sorted(off)[180] < 0.15


def test_fewer_finished_items_are_paid_and_change_nothing_else():
    took = {number: Usage(1, 1) for number in range(1, CALIBRATING_ITEMS)}

    found = estimate(ITEMS, [_calls(observed=took)])

    rest = sum(_cost(_usage(item.turns)) for item in ITEMS[CALIBRATING_ITEMS - 1 :])
    assert not found.calls[0].is_calibrated
    assert found.nano_usd.expected == sum(map(_cost, took.values())) + round(1.08 * rest)


def test_a_plan_that_is_finished_costs_what_it_did():
    random = Random(1)
    took = {item.number: _took(item, random) for item in ITEMS}

    found = estimate(ITEMS, [_calls(observed=took)])

    paid = sum(map(_cost, took.values()))
    assert found.nano_usd == Range(paid, paid, paid)
    assert found.usage == Usage(
        sum(usage.input_tokens for usage in took.values()), sum(usage.output_tokens for usage in took.values())
    )


def test_what_costs_nothing_stays_free():
    took = {item.number: _usage(item.turns) for item in ITEMS[:60]}

    found = estimate(ITEMS, [_calls(cost=lambda _: 0, observed=took)])

    assert found.nano_usd == Range(0, 0, 0)
    assert found.usage.input_tokens == 2_000 * len(ITEMS)
