"""Finding the place that a finding speaks of."""

import pytest

from pipeline.cli.json_path import Span
from pipeline.cli.line_mark import place


def marked(text: bytes, code: str, path: str = "$", detail: str = "") -> bytes | None:
    span = place(text, code, path, detail)
    return None if span is None else text[span.start : span.stop]


def test_the_last_of_equal_keys_counts():
    assert marked(b'{"a": 1, "b": 0, "a": 2}', "wrong-type", "$.a") == b"2"


def test_keys_are_compared_as_messages_show_them():
    """An escape in a key, and a control character that the message has replaced."""
    text = b'{"\\u0061\\u0007": {"b": 1}}'

    assert marked(text, "lone-surrogate", "$.a\N{REPLACEMENT CHARACTER}.b") == b"1"


def test_a_key_with_a_dot_is_found():
    assert marked(b'{"a": {"c": 1}, "a.b": 2}', "wrong-type", "$.a.b") == b"2"


def test_a_missing_field_is_shown_by_its_owner():
    assert marked(b'{"turns": [{"content": "x"}]}', "missing-field", "$.turns[0].role") == b'{"content": "x"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'{"a": "x \ud83d y"}', rb"\ud83d"),
        (rb'{"a": "\ud83d\ude00 \ude00"}', rb"\ude00"),
        (rb'{"a": "\\ud83d \udc00"}', rb"\udc00"),
        (rb'{"a": "\ud83d\ud83d\ude00"}', rb"\ud83d"),
    ],
)
def test_a_lone_surrogate_is_marked_itself(text, expected):
    """Not the pair before it, nor an escaped backslash that looks alike."""
    span = place(text, "lone-surrogate", "$.a", "")

    assert text[span.start : span.stop] == expected
    assert span.start == text.rindex(expected) if expected != rb"\ud83d" else text.index(expected)


def test_a_nul_is_marked_itself():
    assert place(rb'{"a": "\\u0000 \u0000"}', "nul-character", "$.a", "") == Span(15, 21)


def test_a_column_counts_characters():
    detail = "expected one JSON value, found a fault at column 5: Expecting value"

    assert marked("{好é:😀}".encode(), "malformed-json", detail=detail) == "😀".encode()


def test_the_column_after_the_last_character_is_the_end():
    detail = "expected one JSON value, found a fault at column 2: Expecting value"

    assert place(b"[", "malformed-json", "$", detail) == Span(1, 1)


def test_a_column_beyond_what_was_read_is_nowhere():
    detail = "expected one JSON value, found a fault at column 900: Expecting value"

    assert place(b"[", "malformed-json", "$", detail) is None


def test_a_byte_is_marked_by_its_number():
    assert marked(b"ab\xff", "invalid-utf8", detail="found byte 0xff at byte 3 of the line") == b"\xff"


def test_the_first_bracket_too_deep_is_marked():
    detail = "expected at most 2 levels, found more"

    assert place(b'{"[[": [[1]]}', "nesting-too-deep", "$", detail) == Span(8, 9)
