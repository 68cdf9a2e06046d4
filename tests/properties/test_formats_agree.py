"""The quick reader of every format agrees with the rule for one line, wherever its blocks end and in any container."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.reading.block_verdicts import judge_block, judge_each
from pipeline.dataset.reading.columns import gather
from tests.properties.formats_reading import LIMITS, as_said, blocks, judge_exactly, read_said
from tests.properties.formats_rows import KINDS, USUAL_KINDS
from tests.properties.formats_spoiling import line

seeds = st.integers(0, 2**32)
kinds = st.sampled_from((*KINDS, *USUAL_KINDS))
block_sizes = st.sampled_from([1, 7, 64, 300, 2_000])


def spoilt_file(kind, seed: int, count: int) -> bytes:
    random = Random(seed)
    return b"".join(line(random, kind, n) + b"\n" for n in range(count))


@given(kind=kinds, seed=seeds, count=st.integers(1, 6))
def test_the_three_readers_agree_on_spoilt_rows(kind, seed, count):
    data = spoilt_file(kind, seed, count)
    (block,) = blocks(data)

    exact = judge_exactly(data, kind.form)
    by_line = judge_each(block, LIMITS, kind.form)

    assert as_said(by_line, gather(by_line, kind.form)) == exact
    assert read_said(data, kind.form) == exact


@given(kind=kinds, seed=seeds, count=st.integers(1, 6), size=block_sizes)
def test_block_borders_change_nothing(kind, seed, count, size):
    data = spoilt_file(kind, seed, count)

    assert read_said(data, kind.form, block_bytes=size) == read_said(data, kind.form)


@given(kind=kinds, seed=seeds, count=st.integers(1, 6))
def test_faultless_rows_are_all_accepted_by_the_quick_reader(kind, seed, count):
    data = b"".join(each + b"\n" for each in kind.lines(Random(seed), count))
    (block,) = blocks(data)

    quick = judge_block(block, LIMITS, kind.form)

    assert (len(quick.accepted), quick.findings) == (count, [])
    assert read_said(data, kind.form) == judge_exactly(data, kind.form)


@pytest.mark.parametrize("kind", [*KINDS, *USUAL_KINDS], ids=lambda kind: kind.name)
def test_every_kind_has_rows_that_are_accepted_and_rows_that_are_not(kind):
    """So that the properties above speak of both."""
    said, findings = read_said(spoilt_file(kind, 0, 200), kind.form)

    assert len(said) > 40
    assert len({finding.code for finding in findings}) > 3
