"""What is printed of a dataset's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.shown_text import shown


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
