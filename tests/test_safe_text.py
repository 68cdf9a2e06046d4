"""Text of others is shown without its powers, in a terminal, a table and a page."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import safe_text
from pipeline.safe_text import shown, shown_in_cell, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain [bold]text[/bold] :smile:", "plain [bold]text[/bold] :smile:"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\u{9b}31m"),
        ("a\u202eb\u2066c\u200fd", "a\\u{202e}b\\u{2066}c\\u{200f}d"),
        ("two\nlines\r\tand a tab", "two\\x0alines\\x0d\\x09and a tab"),
        ("\udcff from a file name", "\\xff from a file name"),
        ("\ud800", "\\u{d800}"),
        ("no\u00a0break, 全\u3000角", "no\\u{a0}break, 全\u3000角"),
        ("❤\ufe0f e\u0301", "❤ e\u0301"),
    ],
)
def test_text_is_shown_without_its_powers(text, expected):
    assert shown(text) == expected


@given(st.text(st.characters()))
def test_nothing_unprintable_is_left(text):
    assert all(character.isprintable() or character == "\u3000" for character in shown(text))


def test_a_cell_of_a_table_is_one_line_and_keeps_emoji_whole():
    assert shown_in_cell("two\nlines\tand \u202e, 👩\u200d💻") == "two\\nlines\\tand \\u{202e}, 👩\u200d💻"


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(safe_text).failed == 0


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
    ("text", "signs"),
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
def test_what_cannot_be_seen_has_a_sign(text, signs):
    assert visible(text) == signs


@given(st.text(st.characters() | st.sampled_from("\u202e\u2067\x1b\x00\ud800\u200f")))
def test_nothing_is_left_that_commands(text):
    """Neither controls nor marks of direction nor halves of pairs; and what is shown once is shown so again."""
    seen = visible(text)

    assert {c for c in seen if unicodedata.category(c) in {"Cc", "Cs"}} <= {"\n", "\t"}
    assert {c for c in seen if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF"}} == set()
    assert {c for c in seen if unicodedata.bidirectional(c) in {"LRI", "RLI", "FSI", "PDI"}} == set()
    assert visible(seen) == seen
