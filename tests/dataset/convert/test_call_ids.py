"""Each call has an id and each result that of its call, whatever the file said."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.convert.call_ids import made_id, with_call_ids
from pipeline.dataset.convert.conversations import Said, Talk

NINE = re.compile(r"[A-Za-z0-9]{9}")


def call(call_id=None):
    named = {} if call_id is None else {"id": call_id}
    return named | {"type": "function", "function": {"name": "f", "arguments": "{}"}}


def calling(*ids):
    return Said("assistant", "", is_supervised=True, tool_calls=json.dumps([call(each) for each in ids]))


def result(call_id=None):
    return Said("tool", "1", is_supervised=False, tool_call_id=call_id)


def talk_of(*turns, rejected=()):
    return Talk(1, 1, "x", [Said("user", "hi", is_supervised=False), *turns], None, frozenset(), rejected=rejected)


def ids_of(turns):
    """The ids of calls and of results, in order."""
    calls = [each["id"] for said in turns if said.tool_calls for each in json.loads(said.tool_calls)]
    return calls, [said.tool_call_id for said in turns if said.role == "tool"]


@pytest.mark.parametrize(
    ("turns", "calls", "results"),
    [
        ([calling("call_abcdef"), result("call_abcdef")], ["call00100"], ["call00100"]),
        ([calling("abcdefgh1"), result("abcdefgh1")], ["abcdefgh1"], ["abcdefgh1"]),
        ([calling(None, None), result(), result()], ["call00100", "call00101"], ["call00100", "call00101"]),
        ([calling("a", "b"), result("b"), result("a")], ["call00100", "call00101"], ["call00101", "call00100"]),
        (
            [calling("a"), result("a"), calling("a"), result("a")],
            ["call00100", "call00300"],
            ["call00100", "call00300"],
        ),
        ([calling("a"), result("another")], ["call00100"], ["another"]),
    ],
)
def test_ids_of_nine_stand_in_call_and_result(turns, calls, results):
    named = with_call_ids(talk_of(*turns), are_nine=True)

    assert ids_of(named.turns) == (calls, results)


def test_ids_of_the_file_stay_where_any_will_do():
    named = with_call_ids(talk_of(calling("call_abcdef", None), result("call_abcdef"), result()))

    assert ids_of(named.turns) == (["call_abcdef", "call00101"], ["call_abcdef", "call00101"])


def test_the_other_answer_is_named_too():
    named = with_call_ids(talk_of(calling("x"), rejected=(calling("x"),)), are_nine=True)

    assert ids_of(named.rejected)[0] == ["call00200"]


def test_a_conversation_without_calls_is_left_alone():
    talk = talk_of(Said("assistant", "ho", is_supervised=True))

    assert with_call_ids(talk, are_nine=True) is talk


@given(st.integers(0, 10**6), st.integers(0, 10**4))
def test_an_id_that_we_make_has_nine_letters_and_digits(turn, index):
    assert NINE.fullmatch(made_id(turn, index))
