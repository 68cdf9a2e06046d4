"""What a batch is said to take before, meanwhile and after."""

import pytest

from pipeline.dataset.tokens import load_tokenizer
from pipeline.errors import UsageError
from pipeline.flow.generation.batch_estimates import estimate_batch, estimate_plan
from pipeline.flow.generation.planning import BatchWish, is_paid, lay_out
from pipeline.generation.wish import PlanWish
from tests.fakes.anthropic import FakeAnthropic
from tests.flow.generation.places import opened
from tests.flow.generation.writer import answer


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with FakeAnthropic(answer=answer) as fake, opened(tmp_path_factory.mktemp("estimates"), fake) as found:
        yield found


def test_a_batch_is_estimated_as_its_plan_and_once_it_is_made_as_what_it_did_cost(place):
    batch = place.batch(60, annotating_model=place.models[1])
    wish = BatchWish(
        PlanWish(items=60, seed=3),
        place.setting,
        place.models[0],
        annotating_model=place.models[1],
        judging_model=place.models[1],
    )
    tokenizer = load_tokenizer()
    planned = estimate_plan(place.making, lay_out(place.making, "ann", wish), tokenizer)

    assert estimate_batch(place.making, batch, tokenizer) == planned
    assert [each.purpose for each in planned.calls] == ["generate", "annotate", "judge"]
    assert planned.nano_usd.low < planned.nano_usd.expected < planned.nano_usd.high

    place.work()
    made, spent = estimate_batch(place.making, batch, tokenizer), place.catalog.spending_of(batch.id).spent_nano_usd
    assert all(each.is_calibrated for each in made.calls)
    assert made.nano_usd.low <= made.nano_usd.expected <= made.nano_usd.high
    assert made.nano_usd.expected == pytest.approx(spent, rel=0.02)


def test_a_model_of_which_no_price_is_known_is_not_estimated(place):
    with pytest.raises(UsageError, match="no price of strange-model at anthropic is known"):
        is_paid(place.making, place.setting, ["strange-model"])


def test_a_server_of_ones_own_costs_nothing(place):
    assert not is_paid(place.making, "http://127.0.0.1:8080/v1", ["any-model", None])
    assert is_paid(place.making, "anthropic", ["claude-haiku-4-5"])
