"""A path in words."""

import pytest

from pipeline.dataset.findings.path_words import path_in_words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$.messages[0].tool_calls[1].function.arguments", "arguments of function of tool_calls item 2 of message 1"),
        ("$.conversations[11].value", "value of turn 12"),
        ("$[0].role", "role of item 1"),
        ("$.a[0][1]", "item 2 of a item 1"),
        ("$.prompt", "prompt"),
        ("nothing of the kind", "nothing of the kind"),
        ("$." + "x" * 400, "x" * 159 + "…"),
    ],
)
def test_from_the_inside_to_the_outside(path, words):
    assert path_in_words(path, "wrong-type") == words


def test_where_only_a_column_is_known_it_is_said():
    assert path_in_words("$", "malformed-json", column=1_204) == "character 1,204 of the line"
