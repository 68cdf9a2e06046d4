"""A text that was cut off anywhere gives what stood before the cut."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.unfinished import finished
from tests.properties.formats_rows import KINDS


@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_a_cut_row_never_says_what_the_whole_row_does_not(kind, seed, share):
    row = kind.make(Random(seed), 0)
    text = json.dumps(row, ensure_ascii=False).encode()

    value = finished(text[: round(share * len(text))])

    assert value is None or begins(value, row)


def begins(part: object, whole: object) -> bool:
    """Whether a value may be the beginning of another."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and begins(value, whole[name]) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(begins, part, whole))
    return whole.startswith(part) if isinstance(part, str) and isinstance(whole, str) else part == whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"messages": [{"role": "user", "content": "hel', {"messages": [{"role": "user", "content": "hel"}]}),
        (b'{"messages": [{"role": "user", "content', {"messages": [{"role": "user"}]}),
        (b'{"text": "a \\', {"text": "a "}),
        (b'{"text": "a \\u00', {"text": "a "}),
        ('{"text": "é'.encode()[:-1], {"text": ""}),
        (b'{"text": "a \\\\', {"text": "a \\"}),
        (b"[", []),
        (b'[{"a": 1}, {"b": 2}', [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}', {"a": 1}),
        (b"hello", None),
        (b"{]", None),
        (b"]{", None),
        (b'[1,\\",2', [1]),
        (b'["a,[",{"b":"]"', ["a,[", {"b": "]"}]),
        (b"[" * 2_000, None),
        (b"", None),
    ],
)
def test_the_last_text_is_kept_where_it_can_be(text, value):
    assert finished(text) == value
