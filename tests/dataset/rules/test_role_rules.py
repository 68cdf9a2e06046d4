"""Warnings for what trainers trip over: one a line and code, at its first place, and never a rejection."""

import pytest

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.role_rules import ROLE_RULES
from tests.engine_blocks import columns_of, line_of

U, A = ("user", "hi"), ("assistant", "hello")


def warnings(columns: Columns) -> list[Finding]:
    return all_findings_of(warning_groups(frames_of(columns), ROLE_RULES[:5]))


def found(*lines: bytes) -> list[tuple[int, str, str, str]]:
    return [(f.line, f.code, f.path, f.fault) for f in warnings(columns_of(*lines))]


@pytest.mark.parametrize(
    "turns",
    [
        [A],
        [U, A],
        [("system", "be kind"), U, A],
        [("developer", "be kind"), U, A, U, A],
        [U, A, ("tool", "1"), ("tool", "2"), A],
        [U, A, ("function", "1"), ("function", "2"), A],
    ],
)
def test_what_trainers_take_has_no_warning(turns):
    assert found(line_of("a", *turns)) == []


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("human", "'human' (for user?)"),
        ("GPT", "'GPT' (for assistant?)"),
        ("User", "'User' (for user?)"),
        ("critic", "'critic'"),
        ("", "''"),
        ("a\n\x1b" + "x" * 50, "'a\ufffd\ufffd" + "x" * 37 + "…'"),
    ],
)
def test_a_role_that_trainers_do_not_know_is_named_with_the_likely_one(role, shown):
    assert found(line_of("a", (role, "hi"), A)) == [
        (1, "unknown-role", "$.turns[0].role", f"expected a role that trainers know, found {shown}")
    ]


@pytest.mark.parametrize("content", ["", " ", "\n\t", "\u00a0\u3000\u2028", "\x1c\x85"])
def test_a_turn_without_a_word_is_told(content):
    assert found(line_of("a", U, ("assistant", content))) == [
        (1, "empty-content", "$.turns[1].content", "expected at least one word, found none")
    ]


def test_a_zero_width_space_is_a_word_as_it_is_for_str_split():
    assert found(line_of("a", U, ("assistant", "\u200b"))) == []


def test_a_conversation_without_an_assistant_is_told_and_so_is_its_end():
    assert found(line_of("a", U)) == [
        (1, "no-assistant-turn", "$.turns", "expected at least one turn by the assistant, found none"),
        (1, "last-turn-not-assistant", "$.turns[0].role", "expected the last turn by the assistant, found user"),
    ]


def test_the_same_role_twice_in_a_row_is_told_once_with_all_its_places():
    assert found(line_of("a", U, U, U, A, A)) == [
        (
            1,
            "roles-not-alternating",
            "$.turns[1].role",
            "expected roles to take turns, found user twice in a row (also at $.turns[2].role, $.turns[4].role)",
        )
    ]


def test_two_conversations_side_by_side_are_not_one():
    """The last role of a line and the first of the next may be equal."""
    assert found(line_of("a", A), line_of("b", A)) == []


def test_each_line_has_its_own_warnings_in_line_order():
    lines = [line_of("a", ("x", ""), A), line_of("b", U, A), line_of("c", ("x", "hi"), ("y", ""))]

    assert [(line, code, path) for line, code, path, _ in found(*lines)] == [
        (1, "unknown-role", "$.turns[0].role"),
        (1, "empty-content", "$.turns[0].content"),
        (3, "unknown-role", "$.turns[0].role"),
        (3, "empty-content", "$.turns[1].content"),
        (3, "no-assistant-turn", "$.turns"),
        (3, "last-turn-not-assistant", "$.turns[1].role"),
    ]


def test_no_conversations_have_no_warnings():
    assert found(b"{}\n") == []
