"""Warnings of structure: one a line and code, at its first place, whatever the neighbours in the block."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dataset.rich_rows import CALL, chat, codes, found, rich, said
from tests.engine_blocks import columns_of, line_of

S, U, A, T = ("system", "be kind"), ("user", "hi"), ("assistant", "hello"), ("tool", "1")


def native(*turns: tuple[str, str]) -> list[tuple[str, str]]:
    return [(code, path) for _, code, path in codes(columns_of(line_of("a", *turns)))]


@pytest.mark.parametrize("turns", [[U, A], [S, U, A], [("developer", "x"), U, A, U, A], [U, A, T, A], [U], [S]])
def test_what_every_trainer_takes_has_no_warning(turns):
    assert native(*turns) == []


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([U, S, A], [("system-not-first", "$.turns[1].role")]),
        ([U, A, ("developer", "x")], [("system-not-first", "$.turns[2].role")]),
        (
            [S, S, U, A],
            [("system-not-first", "$.turns[1].role"), ("several-system-turns", "$.turns[1].role")],
        ),
        ([A], [("first-turn-not-user", "$.turns[0].role")]),
        ([S, A], [("first-turn-not-user", "$.turns[1].role")]),
        ([U, A, T, T, A], [("consecutive-tool-results", "$.turns[3].role")]),
        ([U, T, A], [("tool-result-without-call", "$.turns[1].role")]),
        ([U, ("function", "1"), A], [("tool-result-without-call", "$.turns[1].role")]),
        (
            [T, A],
            [("first-turn-not-user", "$.turns[0].role"), ("tool-result-without-call", "$.turns[0].role")],
        ),
        ([U, ("assistant", "")], [("nothing-supervised", "$.turns")]),
    ],
)
def test_each_fault_of_roles_is_told_where_it_stands(turns, expected):
    assert native(*turns) == expected


def test_an_unknown_role_at_the_beginning_is_told_elsewhere():
    assert native(("human", "hi"), A) == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([said("user"), said("assistant", weight=0.5)], [("partial-weight", "$.messages[1]")]),
        ([said("user"), said("assistant", weight=1)], []),
        ([said("user", weight=0), said("assistant", weight=1)], []),
        ([said("user", weight=1), said("assistant")], [("weight-on-non-assistant", "$.messages[0]")]),
        ([said("user"), said("assistant", weight=0)], [("nothing-supervised", "$.messages")]),
        (
            [said("user", [{"type": "text", "text": "a"}, {"type": "image_url"}]), said("assistant")],
            [("unsupported-content-part", "$.messages[0].content")],
        ),
        ([said("user", [{"type": "text", "text": "a"}]), said("assistant")], []),
    ],
)
def test_weights_and_parts_are_told_where_they_stand(messages, expected):
    assert chat(*messages) == expected


def test_a_finding_says_what_was_expected_and_what_was_found():
    columns = rich({"messages": [said("assistant"), said("system"), said("assistant", [{"type": "a\nb"}], weight=2.5)]})

    assert sorted((f.code, f.fault) for f in found(columns)) == [
        ("first-turn-not-user", "expected the user to begin, found assistant"),
        ("partial-weight", "expected a weight of 0 or 1, found 2.5"),
        ("system-not-first", "expected the system turn before all others, found system after another turn"),
        ("unsupported-content-part", "expected parts of text, found one of type 'a\ufffdb'"),
    ]


def test_the_alternatives_of_a_preference_are_not_compared():
    tools = [{"role": "assistant", "tool_calls": CALL}, said("tool"), said("assistant", "a")]
    row = {"prompt": [said("user")], "chosen": tools, "rejected": [said("assistant", "b")]}
    whole = {
        "chosen": [said("system", "x"), said("user"), said("assistant", "a")],
        "rejected": [said("system", "y"), said("user"), said("assistant", "b")],
    }

    assert codes(rich(row, whole, form="preference")) == []


def test_a_text_on_its_own_has_no_role_to_begin_with():
    assert codes(rich({"text": "once upon a time"}, form="plain-text")) == []


MESSAGES = st.one_of(
    st.builds(said, st.sampled_from(["system", "user", "assistant", "tool", "x"]), st.sampled_from(["", "words"])),
    st.builds(said, st.sampled_from(["user", "assistant"]), weight=st.sampled_from([0, 0.5, 1])),
    st.just({"role": "assistant", "tool_calls": CALL}),
)


@given(st.lists(st.lists(MESSAGES, min_size=1, max_size=6), min_size=1, max_size=5))
def test_what_is_said_of_a_line_does_not_depend_on_its_neighbours(conversations):
    together = codes(rich(*({"messages": messages} for messages in conversations)))

    alone = [
        (line, code, path)
        for line, messages in enumerate(conversations, 1)
        for _, code, path in codes(rich({"messages": messages}))
    ]
    assert together == alone


@given(st.lists(st.sampled_from([S, U, A, T]), min_size=1, max_size=8))
def test_the_rules_of_roles_mean_what_they_say(turns):
    roles = [role for role, _ in turns]
    first = next((role for role in roles if role != "system"), "user")
    expected = {
        "system-not-first": "system" in roles[1:],
        "several-system-turns": roles.count("system") > 1,
        "first-turn-not-user": first != "user",
        "consecutive-tool-results": ("tool", "tool") in pairwise(roles),
        "tool-result-without-call": any(
            role == "tool" and [r for r in roles[:i] if r != "tool"][-1:] != ["assistant"]
            for i, role in enumerate(roles)
        ),
    }

    assert {code for code, _ in native(*turns)} == {code for code, is_found in expected.items() if is_found}
