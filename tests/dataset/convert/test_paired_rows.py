"""Targets of a question and its answer: what they hold comes back, what they do not is named."""

import io
import json

import pytest

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.convert.output_formats import PAIRED
from pipeline.dataset.formats.opening import open_text
from pipeline.dataset.model.conversation import Limits
from tests.training.jobs.datasets import chat, judgement, preference, with_call


def _converted(rows, target):
    written: list[bytes] = []
    done = convert_stream(
        io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)), written.append, target, None, Limits()
    )
    return [json.loads(line) for line in written], done


def _turns(*said):
    return {"messages": [{"role": role, "content": content} for role, content in said]}


TALK = _turns(("system", "Be brief."), ("user", "a?"), ("assistant", "b"), ("user", "c?"), ("assistant", "d"))


def test_alpaca_has_the_last_pair_and_those_before_it_as_history():
    [row], done = _converted([TALK], "alpaca")

    assert row == {
        "system": "Be brief.",
        "instruction": "c?",
        "input": "",
        "output": "d",
        "history": [["a?", "b"]],
    }
    assert done.is_whole


def test_alpaca_is_read_again_as_it_was():
    rows, _ = _converted([TALK, _turns(("user", "x?"), ("assistant", "y"))], "alpaca")

    assert _converted(rows, "openai")[0] == [TALK, _turns(("user", "x?"), ("assistant", "y"))]


def test_a_prompt_has_all_before_the_last_answer_that_is_learned():
    [row], done = _converted([TALK], "prompt-completion")

    assert row == {"prompt": TALK["messages"][:-1], "completion": TALK["messages"][-1:]}
    assert set(done.losses.counts) == {"earlier-answers"}


def test_a_call_of_a_tool_stays_what_it_is():
    [row], done = _converted([with_call(3)], "prompt-completion")

    assert row["prompt"][2]["tool_calls"][0]["function"]["name"] == "forecast"
    assert row["tools"] == with_call(3)["tools"]
    assert set(done.losses.counts) == {"earlier-answers"}


def test_a_preference_and_a_judgement_come_back_as_they_were():
    for target, row in (("preference", preference(1)), ("kto", judgement(1))):
        [written], done = _converted([row], target)
        [again], _ = _converted([written], target)

        assert (written, done.is_whole) == (again, True)
    assert written["label"] is True
    [chosen], _ = _converted([preference(1)], "preference")
    assert chosen == preference(1)


@pytest.mark.parametrize(
    ("target", "row", "lost"),
    [
        ("alpaca", _turns(("user", "a?"), ("user", "b?")), {"no-pairs", "unpaired-turns"}),
        ("prompt-completion", _turns(("assistant", "Hello")), {"no-pairs"}),
        ("preference", chat(1), {"no-alternatives"}),
        ("kto", chat(1), {"no-labels"}),
    ],
)
def test_a_conversation_that_the_target_cannot_hold_is_left_out_and_counted(target, row, lost):
    rows, done = _converted([row], target)

    assert (rows, done.written, set(done.losses.counts)) == ([], 0, lost)


@pytest.mark.parametrize("target", PAIRED)
def test_what_is_written_is_recognised_as_what_it_is(target):
    row = {"preference": preference(2), "kto": judgement(2)}.get(target, chat(2))
    rows, _ = _converted([row], target)

    opened = open_text(io.BytesIO(json.dumps(rows[0]).encode() + b"\n"), None, 2**62)

    assert opened.reading.form.name == target


def test_what_texts_alone_do_not_say_is_named():
    [row], done = _converted([with_call(1)], "alpaca")

    assert (row["instruction"], row["output"]) == ("Weather in town 1?", "")
    assert set(done.losses.counts) == {"tools", "unpaired-turns"}
