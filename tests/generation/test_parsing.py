"""An answer becomes a conversation that is whole, or says why it is none; nothing is made up."""

import json

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.generation.model import Failed, MadeConversation
from pipeline.generation.parsing import faults_of, parsed
from pipeline.generation.written_answers import answer_schema
from tests.generation.made_samples import ARC, SYSTEM, answer, conversation, item, written

MADE = conversation()
WRITTEN = written(MADE)
_LONG = "This answer is long enough that whoever reads it expects an end with a mark of some kind and"


def parse(value: object, turns: int = 4, **changed: object) -> MadeConversation | Failed:
    return parsed(answer(value, **changed), item(turns=turns), ARC, SYSTEM)


def with_turn(number: int, **changed: object) -> dict:
    turns = [{**turn, **(changed if place == number else {})} for place, turn in enumerate(WRITTEN["turns"])]
    return {**WRITTEN, "turns": turns}


@given(seed=st.integers(0, 2**32), turns=st.sampled_from([2, 4, 6]))
def test_what_was_written_is_what_is_made(seed, turns):
    made = conversation(seed, turns)

    assert parse(written(made), turns) == made


def test_the_schema_takes_what_is_written_and_asks_for_all_of_it():
    schema = jsonschema_rs.validator_for(answer_schema(ARC))

    assert schema.is_valid(WRITTEN)
    assert not any(
        schema.is_valid({name: value for name, value in WRITTEN.items() if name != left_out}) for left_out in WRITTEN
    )
    assert not schema.is_valid(with_turn(0, emotion="cheesy"))
    with_system = jsonschema_rs.validator_for(answer_schema(ARC, with_system=True))
    assert with_system.is_valid({**WRITTEN, "system": "Be kind."})
    assert not with_system.is_valid(WRITTEN)


@given(end=st.integers(0, len(json.dumps(WRITTEN)) - 1))
@example(json.dumps(WRITTEN).index("0.5") + 2)
def test_no_beginning_of_an_answer_is_a_conversation(end):
    failed = parse(json.dumps(WRITTEN)[:end])

    assert isinstance(failed, Failed)
    assert failed.kind == ("truncation" if end else "parse_error")


@given(text=st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_whatever_comes_is_a_conversation_or_a_failure(text):
    assert isinstance(parse(text), Failed)


@pytest.mark.parametrize(
    ("told", "kind", "detail"),
    [
        ({"outcome": "refused"}, "refusal", "expected an answer, found a refusal: 'I would rather not.'"),
        ({"stop_reason": "refusal"}, "refusal", "expected an answer, found a refusal: 'I would rather not.'"),
        (
            {"outcome": "errored", "error": "bad luck"},
            "api_error",
            "expected an answer, found that the request failed: bad luck",
        ),
        (
            {"outcome": "expired"},
            "api_error",
            "expected an answer, found that the request expired before it was answered",
        ),
        ({"outcome": "canceled"}, "api_error", "expected an answer, found that the request was cancelled"),
        ({"outcome": "unknown"}, "unknown", "the request was sent, and no answer came; it may be paid"),
        ({"text": " "}, "parse_error", "expected an answer, found none"),
        ({"text": "", "outcome": "truncated"}, "truncation", "expected an answer, found one cut off before it began"),
        ({"text": '{"title": "T'}, "truncation", "the answer ends within its JSON, after 12 characters"),
        ({"text": "{", "outcome": "truncated"}, "truncation", "the answer ends within its JSON, after 1 character"),
        (
            {},
            "parse_error",
            "expected one JSON value, found: JSON is malformed: invalid character (byte 0): 'I would rather not.'",
        ),
        ({"text": "[]"}, "validation_error", "the answer is not as it was asked for: Expected `object`, got `array`"),
    ],
)
def test_an_answer_that_is_none_says_why(told, kind, detail):
    assert parse("I would rather not.", **told) == Failed(kind, detail)


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ({**WRITTEN, "title": " "}, "expected a title, found none"),
        ({**WRITTEN, "turns": WRITTEN["turns"][:3]}, "expected the assistant to have the last turn, found none of it"),
        (
            {**WRITTEN, "turns": [WRITTEN["turns"][1], *WRITTEN["turns"][1:]]},
            "turn 1: expected the user, found the assistant",
        ),
        (with_turn(2, content=" \n"), "turn 3: expected words, found none"),
        (
            with_turn(2, role="system"),
            "the answer is not as it was asked for: Invalid enum value 'system' - at `$.turns[2].role`",
        ),
        (
            with_turn(1, content=5),
            "the answer is not as it was asked for: Expected `str`, got `int` - at `$.turns[1].content`",
        ),
        (
            {**WRITTEN, "mood": "good"},
            "the answer is not as it was asked for: Object contains unknown field `mood`",
        ),
    ],
)
def test_a_conversation_that_is_not_whole_says_where(value, detail):
    assert parse(value) == Failed("validation_error", detail)


def test_as_many_turns_as_planned_or_as_the_arc_takes():
    eight = written(conversation(turns=8))

    assert isinstance(parse(WRITTEN, turns=2), MadeConversation)
    assert isinstance(parse(eight, turns=8), MadeConversation)
    assert parse(eight) == Failed("validation_error", "expected 4 turns, or 2 to 6, found 8")


def test_all_faults_are_told_at_once_and_no_more_than_can_be_read():
    turns = [{**turn, "content": ""} for turn in written(conversation(turns=6))["turns"]]

    failed = parse({**WRITTEN, "title": "", "turns": turns})

    assert failed == Failed(
        "validation_error",
        "expected a title, found none; turn 1: expected words, found none; turn 2: expected words, found none; "
        "turn 3: expected words, found none; turn 4: expected words, found none; and 2 more",
    )


@pytest.mark.parametrize(
    ("content", "sign"),
    [
        (_LONG, "the word 'and'"),
        ("I would begin with the smallest of the loans, and then,", "','"),
        ("What helps are these:", "':'"),
        ("Write down the sum (", "'('"),
        ("We could look at it to-", "a dash"),
        ("```\nsum = 4\n", "a code block that is not closed"),
        ("There are many ways to look at this, and one of them is to wait for the win", "'win', a piece of a word"),
    ],
)
def test_a_turn_that_was_cut_in_valid_json_is_told(content, sign):
    turns = [
        {**turn, "content": content if place == 3 else "We talked of winter and of windows, and of more."}
        for place, turn in enumerate(WRITTEN["turns"])
    ]

    expected = Failed("truncation", f"turn 4: expected the end of a sentence, found {sign}")
    assert parse({**WRITTEN, "turns": turns}) == expected


@pytest.mark.parametrize(
    "content",
    [
        "Ask for the window and the win.",
        "You could try:\n- a walk\n- a letter to your bank, or to somebody else who knows the sum and the day",
        "So it is done 😊",
        "I know (and you do, too)",
        "*Take your time!*",
        "これで大丈夫です",
        "It went badly :(",
        "Yours, Ines",
    ],
)
def test_what_ends_well_is_not_taken_for_cut(content):
    assert isinstance(parse(with_turn(3, content=content)), MadeConversation)


def test_an_answer_that_was_cut_off_is_taken_where_nothing_is_missing():
    assert parse(WRITTEN, outcome="truncated", stop_reason="max_tokens") == MADE
    assert parse(with_turn(3, content="Yours, Ines"), outcome="truncated") == Failed(
        "truncation", "turn 4: expected the end of a sentence, found no mark, in an answer that was cut off"
    )


def test_what_is_not_told_of_a_turn_stays_none_and_says_why():
    told = with_turn(0, emotion="Afraid", intensity=7, valence=None, phase="the beginning")

    made = parse(told)

    assert isinstance(made, MadeConversation)
    turn = made.turns[0]
    assert (turn.emotion, turn.intensity, turn.valence, turn.phase) == ("afraid", None, None, None)
    assert turn.missing == (
        "intensity: expected a number from 0 to 1, found 7; "
        "phase: expected a word of the arc, found 'the beginning'; valence: not told by the writer"
    )


def test_the_system_prompt_is_the_writers_where_nobody_else_has_one():
    made = parsed(answer({**WRITTEN, "system": " Be kind. "}), item(), ARC)

    assert isinstance(made, MadeConversation)
    assert made.system == "Be kind."
    assert parsed(answer(WRITTEN), item(), ARC) == Failed("validation_error", "expected a system prompt, found none")


def test_what_a_person_wrote_is_held_to_the_same_form():
    first, *others = MADE.turns

    assert faults_of(MADE) == []
    assert faults_of(MadeConversation(" ", SYSTEM, (type(first)("user", ""), *others[:2]))) == [
        "expected a title, found none",
        "expected the assistant to have the last turn, found none of it",
        "turn 1: expected words, found none",
    ]
