"""Warnings of tool use: calls without results, results without calls, arguments that no caller can read."""

import pytest

from tests.dataset.rich_rows import CALL, called, chat, found, rich, said


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([said("user"), {"role": "assistant", "tool_calls": CALL}], []),
        ([said("user"), {"role": "assistant", "tool_calls": CALL}, said("tool"), said("assistant")], []),
        (
            [said("user"), {"role": "assistant", "tool_calls": CALL}, said("user"), said("assistant")],
            [("tool-call-without-result", "$.messages[1]")],
        ),
        (
            [said("user"), said("assistant"), said("tool"), {"role": "assistant", "tool_calls": CALL}],
            [("tool-result-without-call", "$.messages[2].role")],
        ),
        ([said("user"), called(arguments={"x": 1})], []),
        ([said("user"), called(arguments='"{}"')], [("double-encoded-arguments", "$.messages[1]")]),
        ([said("user"), called(arguments="{x}")], [("arguments-not-json", "$.messages[1]")]),
        ([said("user"), called(arguments="")], [("arguments-not-json", "$.messages[1]")]),
        ([said("user"), called(arguments="[1]")], [("arguments-not-json", "$.messages[1]")]),
        ([said("user"), called()], []),
    ],
)
def test_calls_and_their_arguments_are_told_where_they_stand(messages, expected):
    assert chat(*messages) == expected


def test_a_finding_says_what_was_expected_and_what_was_found():
    columns = rich(
        {"messages": [said("user"), called(arguments='"{}"')]},
        {"messages": [said("user"), called(arguments="3")]},
    )

    expected = "expected arguments that are the JSON of an object"
    assert [(f.line, f.code, f.fault) for f in found(columns)] == [
        (1, "double-encoded-arguments", f"{expected}, found the JSON of a string"),
        (2, "arguments-not-json", f"{expected}, found another value"),
    ]
