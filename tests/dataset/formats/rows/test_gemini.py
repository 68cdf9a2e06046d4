"""What of Gemini's rows is no plain text: the system's words, pictures, calls, results, tools; and their faults."""

import json

import pytest

from pipeline.dataset.findings.faults import Faults, NoFaults
from pipeline.dataset.formats.rows.gemini import GEMINI

USER, MODEL = {"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"text": "b"}]}


def turns(*contents, **beside):
    return GEMINI.read({"contents": list(contents), **beside}, NoFaults()).turns


@pytest.mark.parametrize("name", ["systemInstruction", "system_instruction"])
def test_the_systems_words_come_first_whatever_role_they_name(name):
    first, *others = turns(USER, MODEL, **{name: {"role": "user", "parts": [{"text": "Be short."}]}})

    assert (first.role, first.content, first.path, first.is_supervised) == (
        "system",
        "Be short.",
        f"$.{name}.parts",
        False,
    )
    assert [(turn.role, turn.is_supervised) for turn in others] == [("user", False), ("assistant", True)]


def test_a_thought_is_reasoning_and_no_words_of_the_answer():
    [turn] = turns({"role": "model", "parts": [{"text": "The list says so.", "thought": True}, {"text": "4.50."}]})

    assert (turn.content, turn.reasoning) == ("4.50.", "The list says so.")


def test_a_picture_is_kept_as_a_part_with_a_type():
    [turn] = turns(
        {"role": "user", "parts": [{"text": "What?"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]}
    )

    assert turn.content == "What?"
    assert json.loads(turn.parts) == [
        {"type": "text", "text": "What?"},
        {"type": "inlineData", "inlineData": {"mimeType": "image/png", "data": "AA"}},
    ]


def test_two_results_in_one_content_are_two_turns_of_the_tool():
    results = [{"functionResponse": {"name": name, "response": {"found": name}}} for name in "xy"]

    found = turns({"role": "user", "parts": results})

    assert [(turn.role, turn.name, turn.content, turn.path) for turn in found] == [
        ("tool", "x", '{"found":"x"}', "$.contents[0].parts[0].functionResponse"),
        ("tool", "y", '{"found":"y"}', "$.contents[0].parts[1].functionResponse"),
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"contents": []}, {"empty-turns": "$.contents"}),
        ({"contents": {}}, {"wrong-type": "$.contents"}),
        ({"contents": [12]}, {"turn-not-an-object": "$.contents[0]"}),
        ({"contents": [{"parts": []}]}, {"missing-field": "$.contents[0].role"}),
        ({"contents": [{"role": "user", "parts": "a"}]}, {"wrong-type": "$.contents[0].parts"}),
        ({"contents": [{"role": "user", "parts": ["a"]}]}, {"wrong-type": "$.contents[0].parts[0]"}),
        ({"contents": [{"role": "user", "parts": [{"text": 1}]}]}, {"wrong-type": "$.contents[0].parts[0].text"}),
        (
            {"contents": [{"role": "model", "parts": [{"functionCall": {"args": {}}}]}]},
            {"missing-field": "$.contents[0].parts[0].functionCall.name"},
        ),
        (
            {"contents": [{"role": "user", "parts": [{"functionResponse": "x"}]}]},
            {"wrong-type": "$.contents[0].parts[0].functionResponse"},
        ),
        ({"contents": [USER], "tools": "x"}, {"wrong-type": "$.tools"}),
        ({"contents": [USER], "systemInstruction": "x"}, {"wrong-type": "$.systemInstruction"}),
    ],
)
def test_a_fault_is_found_at_its_place(row, found):
    faults = Faults(1, 0)

    GEMINI.read(row, faults)

    assert {finding.code: finding.path for finding in faults.findings()} == found
