"""Text made safe to look at."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.card.visible import visible


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "two\nlines\tand a tab",
        "naïve 漢字 שלום עולם",
        "👩‍💻 ❤️",  # joined by U+200D, coloured by U+FE0F
        "می‌خواهم",  # Persian needs U+200C
        "ភាសា\u200bខ្មែរ",  # Khmer breaks its lines at U+200B
        "\u0600\u06dd",  # Arabic signs of the category of controls that are seen
    ],
)
def test_everyday_text_stays_as_it_is(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00", "‹U+0000›"),
        ("\x1b[2J", "‹U+001B›[2J"),
        ("\x7f\x9b", "‹U+007F›‹U+009B›"),
        ("a\u202eb\u2066c", "a‹U+202E›b‹U+2066›c"),
        ("a\u200bb", "a‹U+200B›b"),
        ("\U000e0041", "‹U+E0041›"),
        ("\ud800", "‹U+D800›"),
        ("\r\n", "\n"),
        ("\r", "‹U+000D›"),
    ],
)
def test_what_cannot_be_seen_has_a_sign(text, shown):
    assert visible(text) == shown


@given(st.text(st.characters() | st.sampled_from("\u202e\u2067\x1b\x00\ud800\u200f")))
def test_nothing_is_left_that_commands(text):
    """Neither controls nor marks of direction nor halves of pairs; and what is shown once is shown so again."""
    shown = visible(text)

    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}} <= {"\n", "\t"}
    assert {c for c in shown if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF"}} == set()
    assert {c for c in shown if unicodedata.bidirectional(c) in {"LRI", "RLI", "FSI", "PDI"}} == set()
    assert visible(shown) == shown
