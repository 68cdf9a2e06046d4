"""JSON from outside is bounded in size, depth and numbers before anything is made of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.service.bounded_json import LARGEST_INTEGER, read_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(_VALUES)
def test_what_is_within_the_bounds_is_read_as_it_is(value):
    assert read_json(json.dumps(value).encode(), 1_000_000) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[" * 200_000, "expected JSON of at most 32 brackets inside one another, found more"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "expected JSON of at most 32 brackets inside one another, found more"),
        (b'"' + b"x" * 300_000 + b'"', "expected at most 250,000 bytes of JSON, found 300,002"),
        (b'{"exp": 9223372036854775808}', "expected whole numbers of at most 64 bits, found a larger one"),
        (b"1" * 5_000, "expected whole numbers of at most 64 bits, found a larger one"),
        (b"-" + b"1" * 30, "expected whole numbers of at most 64 bits, found a larger one"),
        (b"1e999", "expected numbers that a computer can hold, found a larger one"),
        (b"[NaN]", "expected JSON, which has no NaN"),
        (b"[-Infinity]", "expected JSON, which has no -Infinity"),
        (b"\xff", "expected JSON in UTF-8, found other bytes"),
        (b"", "expected JSON, found something else in line 1"),
        (b"[1,\n 2", "expected JSON, found something else in line 2"),
    ],
)
def test_what_is_beyond_them_is_refused_and_not_repeated(text, said):
    with pytest.raises(ValueError) as caught:
        read_json(text, 250_000)

    assert str(caught.value) == said


@pytest.mark.parametrize("text", [b'"[[[["', b'"\\"[[[["', b'["\\\\", "[["]', b"[[1],[2],[3]]"])
def test_only_brackets_inside_one_another_count(text):
    assert read_json(text, 100, max_depth=2) == json.loads(text)
