"""What a target cannot hold is named, with how many conversations and where."""

import io
import json

import pytest

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.convert.losses import LOSSES
from pipeline.dataset.model.conversation import Limits


def converted(rows: list[dict], target: str) -> tuple[list[dict], dict]:
    return converted_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows), target)


def converted_bytes(data: bytes, target: str) -> tuple[list[dict], dict]:
    written: list[bytes] = []
    done = convert_stream(io.BytesIO(data), written.append, target, None, Limits())
    return [json.loads(line) for line in written], done.losses.as_dict()


ASKED, ANSWERED = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
PICTURE = {"type": "image_url", "image_url": {"url": "x"}}
PLAIN = {"messages": [ASKED, ANSWERED]}
REPLIES = [{"role": "prompter", "text": "a"}, {"role": "assistant", "text": "b"}]


def lost_at(*lines: int) -> dict:
    return {"conversations": len(lines), "first_lines": list(lines[:3])}


@pytest.mark.parametrize(
    ("row", "target", "kinds"),
    [
        (PLAIN, "openai", []),
        (PLAIN, "sharegpt", []),
        (PLAIN, "native", []),
        (PLAIN | {"id": "x"}, "openai", ["ids"]),
        (PLAIN | {"id": "x"}, "sharegpt", []),
        ({"messages": [ASKED | {"name": "ann"}, ANSWERED]}, "sharegpt", ["names"]),
        ({"messages": [ASKED | {"name": "ann"}, ANSWERED]}, "native", []),
        ({"messages": [ASKED, ANSWERED | {"weight": 0}]}, "sharegpt", ["weights"]),
        ({"messages": [ASKED, ANSWERED | {"weight": 1}]}, "sharegpt", []),
        ({"messages": [ASKED, ANSWERED | {"weight": 0.5}]}, "openai", ["weights"]),
        ({"messages": [ASKED, ANSWERED | {"weight": 0.5}]}, "native", []),
        ({"messages": [ASKED | {"weight": 1}, ANSWERED]}, "openai", ["weights"]),
        ({"messages": [ASKED | {"weight": 0}, ANSWERED]}, "openai", []),
        ({"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL]}]}, "sharegpt", ["call-ids"]),
        (
            {"messages": [ASKED, ANSWERED | {"tool_calls": [CALL]}]},
            "sharegpt",
            ["call-ids", "text-beside-calls"],
        ),
        ({"messages": [ASKED, ANSWERED | {"tool_calls": [CALL]}]}, "native", []),
        ({"messages": [ASKED, {"role": "function_call", "content": "f()"}]}, "sharegpt", ["roles"]),
        ({"messages": [{"role": "user", "content": [PICTURE]}, ANSWERED]}, "openai", []),
        ({"messages": [{"role": "user", "content": [PICTURE]}, ANSWERED]}, "native", ["content-parts"]),
        ({"messages": [{"role": "user", "content": [PICTURE]}, ANSWERED]}, "sharegpt", ["content-parts"]),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "openai", ["rejected-answers"]),
        ({"message_tree_id": 1, "messages": REPLIES, "other_replies": REPLIES[1:]}, "native", ["other-replies"]),
        ({"prompt": "a", "completion": "b", "label": False}, "native", ["labels"]),
        ({"text": "a"}, "native", ["plain-texts"]),
        ({"messages": [ASKED, ANSWERED | {"reasoning": "c"}]}, "openai", []),
        ({"messages": [ASKED, ANSWERED | {"reasoning": "c"}]}, "sharegpt", ["reasoning"]),
        (PLAIN | {"images": ["x"]}, "native", ["media"]),
        ({"messages": [ASKED, ANSWERED] * 2}, "prompt-completion", ["earlier-answers"]),
        ({"messages": [ANSWERED]}, "prompt-completion", ["no-pairs"]),
        (PLAIN, "preference", ["no-alternatives"]),
        (PLAIN, "kto", ["no-labels"]),
        ({"messages": [ASKED | {"images": ["x"]}, ANSWERED]}, "openai", ["content-parts"]),
        ({"messages": [ASKED | {"content": "<image>a"}, ANSWERED]}, "sharegpt", ["media-marks"]),
    ],
)
def test_a_loss_has_its_name(row, target, kinds):
    _, losses = converted([row], target)

    assert losses == {kind: lost_at(1) for kind in kinds}


@pytest.mark.parametrize("target", ["openai", "sharegpt", "native"])
@pytest.mark.parametrize(
    "twice",
    [
        b'{"messages": [], "messages": [%s, %s]}',
        b'{"messages": [%s, {"role": "assistant", "content": "lost", "content": "b"}], "x": [%s]}',
    ],
)
def test_what_stands_first_under_a_field_named_twice_is_lost(twice, target):
    data = twice % (json.dumps(ASKED).encode(), json.dumps(ANSWERED).encode())

    rows, losses = converted_bytes(data + b"\n", target)

    assert "lost" not in json.dumps(rows)
    assert losses == {"repeated-fields": lost_at(1)}


def test_conversations_are_counted_and_the_first_lines_named():
    rows = [row for _ in range(5) for row in (PLAIN, PLAIN | {"id": "x"})]

    assert converted(rows, "openai")[1] == {"ids": lost_at(2, 4, 6, 8, 10)}


def test_of_two_answers_the_chosen_one_is_written():
    rows, _ = converted([{"prompt": "a", "chosen": "b", "rejected": "c"}], "openai")

    assert rows == [{"messages": [ASKED, ANSWERED]}]


def test_an_answer_that_a_prompt_holds_keeps_its_place_and_gets_no_weight():
    prompt = [ASKED, ANSWERED, {"role": "user", "content": "c"}]

    rows, losses = converted([{"prompt": prompt, "completion": [{"role": "assistant", "content": "d"}]}], "openai")

    assert rows == [{"messages": [ASKED, ANSWERED | {"weight": 0}, prompt[2], {"role": "assistant", "content": "d"}]}]
    assert losses == {}


def test_calls_get_the_ids_that_openai_wants():
    """Results answer the calls in their order."""
    call = json.dumps([{"name": "f", "arguments": {"x": 1}}, {"name": "g", "arguments": {}}])
    said = [("human", "a"), ("function_call", call), ("observation", "1"), ("observation", "2"), ("gpt", "b")]

    rows, losses = converted([{"conversations": [{"from": role, "value": text} for role, text in said]}], "openai")

    calls = [
        {"id": "call00100", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "call00101", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    assert rows == [
        {
            "messages": [
                ASKED,
                {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "content": "1", "tool_call_id": "call00100"},
                {"role": "tool", "content": "2", "tool_call_id": "call00101"},
                ANSWERED,
            ]
        }
    ]
    assert losses == {}


def test_every_loss_has_words_for_people():
    """And none is left that nothing reports: the cases above name each."""
    (mark,) = test_a_loss_has_its_name.pytestmark

    of_pairs = {"tools", "unpaired-turns", "pairs-without-target", "annotations"}  # test_brightrun.py
    elsewhere = {*of_pairs, "repeated-fields"}  # no JSON that Python writes names a field twice
    assert {kind for *_, kinds in mark.args[1] for kind in kinds} == set(LOSSES) - elsewhere
