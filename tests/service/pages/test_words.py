"""Times and counts as people say them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.service.pages.words import ago, compact, sentence

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
