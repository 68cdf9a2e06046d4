"""Finding the place that a finding speaks of."""

import pytest

from pipeline.dataset.findings import line_mark
from pipeline.dataset.findings.json_path import Span
from pipeline.dataset.rules.mismatch import Mismatch
from tests.dataset.findings.records import record


def place(text: bytes, code: str, path: str = "$", column: int | None = None) -> Span | None:
    return line_mark.place(text, record(code, 1, Mismatch("x", None, None, column), path))


def marked(text: bytes, code: str, path: str = "$", column: int | None = None) -> bytes | None:
    span = place(text, code, path, column)
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
    span = place(text, "lone-surrogate", "$.a")

    assert text[span.start : span.stop] == expected
    assert span.start == text.rindex(expected) if expected != rb"\ud83d" else text.index(expected)


def test_a_nul_is_marked_itself():
    assert place(rb'{"a": "\\u0000 \u0000"}', "nul-character", "$.a") == Span(15, 21)


def test_a_column_counts_characters():
    assert marked("{好é:😀}".encode(), "malformed-json", column=5) == "😀".encode()


def test_the_column_after_the_last_character_is_the_end():
    assert place(b"[", "malformed-json", column=2) == Span(1, 1)


def test_a_column_beyond_what_was_read_is_nowhere():
    assert place(b"[", "malformed-json", column=900) is None


def test_without_a_column_nothing_is_marked():
    """What is wrong around the row of an array has none."""
    assert place(b"[", "malformed-json") is None


def test_a_byte_that_is_no_text_is_a_character():
    assert marked("é".encode() + b"\xff", "invalid-utf8", column=2) == b"\xff"


def test_the_bracket_at_the_column_is_marked():
    assert place(b'{"[[": [[1]]}', "nesting-too-deep", column=9) == Span(8, 9)
