"""Counting flags before positions agrees with counting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.conversations.flags import count_before, padded


@given(st.lists(st.booleans(), max_size=300), st.data())
def test_flags_are_counted_before_any_position_in_any_order(set_flags, data):
    flags = np.zeros(padded(len(set_flags)), dtype=np.bool_)
    flags[: len(set_flags)] = set_flags
    positions = data.draw(st.lists(st.integers(0, len(set_flags)), max_size=20))

    counted = count_before(flags, np.array(positions, dtype=np.int64))

    assert counted.tolist() == [sum(set_flags[:position]) for position in positions]


@pytest.mark.parametrize(("size", "expected"), [(0, 64), (1, 64), (63, 64), (64, 128), (65, 128)])
def test_there_is_always_a_place_after_the_last_flag(size, expected):
    assert padded(size) == expected
