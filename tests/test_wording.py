"""Counts, sizes, shares and times as people say them; each is said in one module."""

import ast
import doctest
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import wording
from pipeline.wording import ago, compact, moment, number, opening, percent, sentence, size, usd

ROOT = Path(__file__).resolve().parent.parent

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),  # two clocks
        (9, "just now"),
        (42, "42 s ago"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (7_200, "2 h ago"),
        (86_400, "yesterday"),
        (3 * 86_400, "3 days ago"),
        (30 * 86_400, "26 Oct 2026"),
    ],
)
def test_how_long_ago(seconds, said):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10k"),
        (128_044, "128k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (12_345_678, "12.3M"),
        (10**16, "1e+04T"),
    ],
)
def test_a_count_in_little_space(count, shown):
    assert compact(count) == shown


@given(st.integers(0, 10**14))
def test_a_count_takes_six_characters_at_most(count):
    assert len(compact(count)) <= 6


@pytest.mark.parametrize(
    ("text", "said"), [("", ""), ("no file", "No file."), (" what? ", "What?"), ("Done.", "Done.")]
)
def test_a_message_is_a_sentence(text, said):
    assert sentence(text) == said


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (0.00003, "<0.1%"), (0.0033, "0.3%"), (1 / 3, "33.3%"), (0.5, "50%"), (0.9996, ">99.9%"), (1, "100%")],
)
def test_a_share_that_exists_is_neither_none_nor_all(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5 * 10**8, "500.0 MB"),
    ],
)
def test_a_size_has_a_unit(size_bytes, text):
    assert size(size_bytes) == text


def test_numbers_and_times_are_for_people():
    assert [number(value) for value in (1234567, 2.0, 2.79)] == ["1,234,567", "2", "2.8"]
    assert moment(datetime(2026, 11, 24, 9, 5, tzinfo=UTC)) == "2026-11-24 09:05 UTC"
    assert moment(datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC), seconds=True) == "2026-11-24 09:05:07 UTC"
    assert [usd(amount) for amount in (0.001, 1_234.5)] == ["under 1 cent", "$1,234.50"]


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("short", "short"),
        ("fifteen letters", "fifteen letters"),
        ("a few words and more words", "a few…"),
        ("x" * 16, "x" * 10 + "…"),
        ("a" + "x" * 16, "a" + "x" * 9 + "…"),
    ],
)
def test_a_long_text_opens_with_whole_words_where_it_has_some(text, begin):
    assert opening(text, 10) == begin


@given(st.integers(0, 999 * 10**12))
def test_a_size_has_no_more_than_three_digits_before_its_point(size_bytes):
    assert re.fullmatch(r"\d{1,3} bytes?|\d{1,3}\.\d [kMGT]B", size(size_bytes))


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(wording).failed == 0


def test_plurals_and_moments_are_made_in_one_place():
    """A plural by hand, or a time formatted by hand: `count_of`, `plural_of`, `moment` and `day` say it alike."""
    by_hand = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("pipeline", "assets", "resources", "sensors")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "wording.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if _is_plural(node) or _is_time(node)
    }

    assert by_hand == set()


def _is_plural(node: ast.AST) -> bool:
    """`"" if n == 1 else "s"`, `"s" if n > 1 else ""`, `"row" if n == 1 else "rows"`."""
    if not isinstance(node, ast.IfExp):
        return False
    one, other = sorted((ast.unparse(node.body)[1:-1], ast.unparse(node.orelse)[1:-1]), key=len)
    return other in (f"{one}s", f"{one}es") and isinstance(node.body, ast.Constant)


def _is_time(node: ast.AST) -> bool:
    """`{time:%Y-%m-%d}`."""
    spec = node.format_spec if isinstance(node, ast.FormattedValue) else None
    return spec is not None and re.search("%H:%M|%Y-%m|%b", ast.unparse(spec)) is not None


@pytest.mark.parametrize("text", ["'' if n == 1 else 's'", "'s' if n > 1 else ''", "'place' if n == 1 else 'places'"])
def test_the_guard_knows_a_plural(text):
    assert _is_plural(ast.parse(text, mode="eval").body)
