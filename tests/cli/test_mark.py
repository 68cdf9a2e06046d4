"""Finding the place that a finding speaks of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.mark import MAX_STEPS, Span, locate, place
from pipeline.conversations.judge import printable

KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=".["), max_size=8).filter(
    lambda key: printable(key) == key
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
LAYOUTS = st.sampled_from(
    [{"separators": (",", ":")}, {"separators": (" ,\t", " :  ")}, {"indent": 1}, {"ensure_ascii": False}]
)


def paths(value, path="$"):
    """Every path in a value, with what stands there."""
    yield path, value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}")


@given(VALUES, LAYOUTS)
def test_every_path_of_any_json_leads_to_its_value(value, layout):
    text = json.dumps(value, **layout).encode("utf-8", "surrogatepass")

    for path, expected in paths(value):
        span = locate(text, path)

        assert span is not None
        assert json.loads(text[span.start : span.stop].decode("utf-8", "surrogatepass")) == expected


@given(VALUES, st.data())
def test_a_cut_line_gives_the_same_place_or_none(value, data):
    """What can be seen of a long line is never marked in the wrong place."""
    text = json.dumps(value).encode()
    path, _ = data.draw(st.sampled_from(list(paths(value))))
    cut = data.draw(st.integers(0, len(text)))
    whole = locate(text, path)

    span = locate(text[:cut], path)

    assert span is None or span in (whole, Span(whole.start, cut)) or span.start == cut


@given(st.binary(), st.sampled_from(["$", "$.a", "$[0]", "$.turns[1].role", "$..", "$.a[", "x"]))
def test_any_bytes_give_a_place_inside_or_none(text, path):
    span = locate(text, path)

    assert span is None or 0 <= span.start <= span.stop <= len(text)


@given(st.lists(st.sampled_from(['{"a":', "[", "]", "}", '"', "\\", ",", ":", "1", " ", '"a"'])).map("".join))
def test_nearly_json_gives_a_place_inside_or_none(text):
    for path in ["$", "$.a", "$.a[0].a", "$[0]"]:
        span = locate(text.encode(), path)

        assert span is None or 0 <= span.start <= span.stop <= len(text)


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


def test_a_line_with_too_many_parts_is_not_searched_for_ever():
    text = b"[" + b"[]," * MAX_STEPS + b"1]"

    assert locate(text, f"$[{MAX_STEPS}]") is None


def test_a_deep_path_is_found_or_given_up():
    text = b"[" * 2_000 + b"]" * 2_000

    assert locate(text, "$" + "[0]" * 1_900) is None
