"""Counting flags before positions agrees with counting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.model.bit_flags import bits_before, count_byte, packed, padded, run_starts


@given(st.lists(st.booleans(), max_size=300), st.data())
def test_flags_are_counted_before_any_position_in_any_order(set_flags, data):
    flags = np.array(set_flags, dtype=np.bool_)
    positions = data.draw(st.lists(st.integers(0, len(set_flags)), max_size=20))

    counted = bits_before(packed(flags), np.array(positions, dtype=np.int64))

    assert counted.tolist() == [sum(set_flags[:position]) for position in positions]


@given(st.lists(st.lists(st.booleans(), max_size=70), max_size=6))
def test_a_run_ends_where_its_string_does(strings):
    flags = np.array([flag for string in strings for flag in string], dtype=np.bool_)
    starts = np.cumsum([0, *map(len, strings)])

    found = run_starts(packed(flags), starts[:-1])

    expected = [
        sum(flag and not (index and string[index - 1]) for index, flag in enumerate(string)) for string in strings
    ]
    assert np.diff(bits_before(found, starts)).tolist() == expected


@pytest.mark.parametrize(("size", "expected"), [(0, 64), (1, 64), (63, 64), (64, 128), (65, 128)])
def test_there_is_always_a_place_after_the_last_flag(size, expected):
    assert padded(size) == expected


@pytest.mark.parametrize("size", [0, 1, 2**18 - 1, 2**18, 2**18 + 1, 2**19 + 5])
def test_a_byte_is_counted_in_every_slice(size):
    data = (b"ab\ncd\n\n" * (size // 7 + 1))[:size]

    assert count_byte(data, ord("\n")) == data.count(b"\n")
