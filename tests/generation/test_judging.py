"""A score stands only with a quote that is in the text; what was not judged has none, and no other stands for it."""

import re
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.generation
from pipeline.errors import UsageError
from pipeline.generation.agreement import RepeatAgreement, repeat_agreement
from pipeline.generation.judging import check_judge, judge_request, judged_twice, read_judgement, score_of
from pipeline.generation.model import Failed, Judgement
from pipeline.generation.quotes import is_quoted_from
from pipeline.generation.rubric import CRITERIA, VERSION, in_order
from tests.generation.made_samples import ARC, PERSONAS, answer, conversation, judgement

MADE = conversation()
QUOTE = MADE.turns[1].content[:60]
JUDGED = {
    "reason": "It is sound.",
    "criteria": {name: {"quote": QUOTE, "score": 4} for name in CRITERIA},
    "is_arc_reached": True,
}


def request(seed: int = 1):
    return judge_request("id", MADE, PERSONAS["careful_planner"], ARC, judge="judge", writer="writer", seed=seed)


def with_criterion(**judged: object) -> dict:
    criteria = {**JUDGED["criteria"], "clarity": {**JUDGED["criteria"]["clarity"], **judged}}
    return {**JUDGED, "criteria": criteria}


def test_a_request_holds_all_turns_and_the_rubric_and_asks_for_reasons_first():
    asked = request()

    assert all(turn.content in asked.messages[0].content for turn in MADE.turns)
    assert all(f"- {name}: " in asked.messages[0].content for name in CRITERIA)
    assert jsonschema_rs.validator_for(asked.schema).is_valid(JUDGED)
    assert list(asked.schema["properties"]) == ["reason", "criteria", "is_arc_reached"]
    assert list(asked.schema["properties"]["criteria"]["properties"]["voice"]["properties"]) == ["quote", "score"]


def test_criteria_stand_in_the_order_of_the_seed():
    orders = {tuple(request(seed).schema["properties"]["criteria"]["properties"]) for seed in range(30)}

    assert request(7) == request(7)
    assert len(orders) > 5
    assert all(sorted(order) == sorted(CRITERIA) for order in orders)
    assert tuple(in_order(7)) == tuple(request(7).schema["properties"]["criteria"]["properties"])


def test_a_judgement_that_holds_has_all_scores():
    assert read_judgement(answer(JUDGED), MADE, "judge-1") == Judgement(
        dict.fromkeys(CRITERIA, 4), dict.fromkeys(CRITERIA, QUOTE), "It is sound.", True, "judge-1", VERSION
    )


@pytest.mark.parametrize(
    ("judged", "why"),
    [
        ({"score": None}, "the judge gave no score"),
        ({"score": 6}, "expected a score from 1 to 5, found 6"),
        ({"score": 0}, "expected a score from 1 to 5, found 0"),
        (
            {"quote": "Nobody said this sentence."},
            "expected a quote of the conversation, found 'Nobody said this sentence.'",
        ),
        ({"quote": ""}, "expected a quote of the conversation, found ''"),
        ({"quote": "the"}, "expected a quote of the conversation, found 'the'"),
    ],
)
def test_a_score_that_does_not_hold_is_none_with_the_reason(judged, why):
    read = read_judgement(answer(with_criterion(**judged)), MADE, "judge-1")

    assert isinstance(read, Judgement)
    assert read.scores == {**dict.fromkeys(CRITERIA, 4), "clarity": None}
    assert read.missing == {"clarity": why}
    assert score_of(read) is None


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ({**JUDGED, "reason": " "}, "expected a reason before the scores, found none"),
        (
            with_criterion(score="4"),
            "the answer is not as it was asked for: Expected `int | null`, got `str` - at `$.criteria[...].score`",
        ),
        (
            with_criterion(score=4.5),
            "the answer is not as it was asked for: Expected `int | null`, got `float` - at `$.criteria[...].score`",
        ),
    ],
)
def test_what_is_no_judgement_is_a_failure(value, detail):
    assert read_judgement(answer(value), MADE, "judge-1") == Failed("validation_error", detail)


def test_a_criterion_that_is_not_there_is_not_judged():
    left = {name: each for name, each in JUDGED["criteria"].items() if name != "voice"}

    read = read_judgement(answer({**JUDGED, "criteria": left}), MADE, "judge-1")

    assert isinstance(read, Judgement)
    assert (read.scores["voice"], read.missing) == (None, {"voice": "not judged"})


@given(given=st.lists(st.sampled_from([None, 1, 2, 3, 4, 5]), min_size=4, max_size=4))
def test_the_score_is_the_mean_of_all_or_none(given):
    score = score_of(judgement(**dict(zip(CRITERIA, given, strict=True))))

    assert score == (None if None in given else sum(given) / 4)
    assert score_of(None) is None


@pytest.mark.parametrize("writer", ["writer-4-5", "writer-4-5-20250929", "anthropic/Writer-4-5", "writer-4-5-latest"])
def test_nobody_judges_what_it_wrote(writer):
    with pytest.raises(UsageError) as refused:
        check_judge("writer-4-5-2025-09-29", writer)

    assert str(refused.value) == (
        f"expected another model as judge than the one that writes, {writer}; found writer-4-5-2025-09-29"
    )
    check_judge("writer-4-5-mini", writer)
    with pytest.raises(UsageError):
        judge_request("id", MADE, PERSONAS["careful_planner"], ARC, judge="w", writer="w", seed=1)


@pytest.mark.parametrize(
    ("quote", "is_there"),
    [
        ("I'm not sure that", True),
        ("“I’m NOT   sure that”", True),
        ("I'm not … anyone said", True),
        ("I'm not [...] anyone said", True),
        ("anyone said … I'm not", False),
        ("I am not sure that", False),
        ("", False),
        ("...", False),
    ],
)
def test_a_quote_is_known_however_its_marks_are_written(quote, is_there):
    assert is_quoted_from(quote, ["Hello.", "“I’m not sure that anyone said so — ever.”"]) is is_there


def test_a_twentieth_is_judged_twice_and_always_the_same():
    ids = [f"c-{number}" for number in range(200)]

    chosen = judged_twice(ids, seed=1)

    assert len(chosen) == 10
    assert chosen == judged_twice(reversed(ids), seed=1)
    assert chosen != judged_twice(ids, seed=2)
    assert len(judged_twice(ids[:3], seed=1)) == 1
    assert judged_twice([], seed=1) == judged_twice(ids, seed=1, share=0) == []


def test_agreement_of_a_judge_with_itself_is_of_scores_given_twice():
    pairs = [(judgement(4), judgement(4, voice=5)), (judgement(3, clarity=1), judgement(None, clarity=3))]

    assert repeat_agreement(pairs) == RepeatAgreement(5, 0.6, 0.8, 0.6)
    assert repeat_agreement([]) == RepeatAgreement(0, None, None, None)


def test_no_score_is_written_into_the_code():
    """A default would make of "not judged" a judgement."""
    folder = Path(pipeline.generation.__file__).parent
    default = re.compile(r"\bscores?\b[^\n]*(?:\bor [0-9]|, [0-9]\)|: (?:int|float) = [0-9])")

    found = [line for path in folder.glob("*.py") for line in path.read_text().splitlines() if default.search(line)]

    assert found == []
    assert default.search("scores.get(name, 3)")
    assert default.search("score = told or 3")
