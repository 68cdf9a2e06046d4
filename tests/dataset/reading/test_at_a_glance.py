"""What is told of a line at a glance is what the exact judge says of it."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.at_a_glance import glance
from pipeline.dataset.reading.each_line import is_utf8
from pipeline.dataset.reading.judge_line import judge_line
from tests.engine_blocks import block_of

LIMITS = Limits()
pieces = st.sampled_from([*b'{}[]",:0179-+.eEtrufalsn\\ \t\r', 0x00, 0xC3, 0xA9, 0xFF])
texts = st.lists(st.lists(pieces, max_size=6).map(bytes), min_size=1, max_size=6)


def codes_of(text: bytes) -> list[str]:
    verdict = judge_line(text, 1, 0, LIMITS)
    return [finding.code for finding in verdict] if isinstance(verdict, list) else []


@given(texts)
@example([b"1", b"01", b"-0", b"9" * 18, b"9" * 19, b"\xc3\xa9", b"NaN", b"tre", b"nul", b'"', b" 1\r"])
def test_a_glance_says_what_the_judge_says(listed):
    block = block_of(b"\n".join(listed) + b"\n", line=2, offset=9)

    seen = glance(block, np.arange(len(listed)), 512, is_utf8=is_utf8(block.data))

    for index, text in enumerate(listed):
        assert seen.is_blank[index] == (not text.strip(b" \t\r"))
        if seen.is_malformed[index]:
            assert codes_of(text) == ["malformed-json"]
        if seen.is_number[index]:
            assert codes_of(text) == ["not-an-object"]
            assert text.strip(b" \t\r").isdigit()


@pytest.mark.parametrize("text", [b"x", b"12", b""])
def test_longer_lines_are_left_to_a_closer_look(text):
    block = block_of(text.ljust(9) + b"\n" + text + b"\n", line=1, offset=0)

    seen = glance(block, np.arange(2), 8, is_utf8=True)

    told = seen.is_blank | seen.is_malformed | seen.is_number
    assert told.tolist() == [False, True]
