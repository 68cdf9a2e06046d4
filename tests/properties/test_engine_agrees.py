"""The engine and its slow definition agree on any bytes, however they are cut into blocks and ranges."""

from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline.dataset.formats import sniff
from pipeline.dataset.formats.containers import Compression, compression_of
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from tests.properties import hostile_files as hostile
from tests.properties.reading import assert_agrees

block_sizes = st.sampled_from([1, 2, 3, 7, 64, 1_000])
shares = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@given(data=hostile.files, size=block_sizes, wanted=st.integers(1, 9), share=shares)
def test_a_hostile_file_gets_the_same_report_and_rows_in_any_blocks_and_ranges(data, size, wanted, share):
    assert_agrees(data, Rules(max_rejected_share=share), [size, None], [wanted])


@given(data=hostile.files, size=block_sizes, wanted=st.integers(2, 5), seed=hostile.seeds)
def test_limits_fall_on_lines_and_not_on_how_they_are_read(data, size, wanted, seed):
    random = Random(seed)
    length = len(random.choice(data.split(b"\n")))
    limits = Limits(
        max_line_bytes=max(0, random.choice((0, 3, 10, 100, length - 1, length, length + 1))),
        max_nesting=random.choice((2, 3, 4, 6, 512)),
    )

    assert_agrees(data, Rules(limits), [size, None], [wanted])


SIGNATURES = (*(signature for signature, _ in sniff._SIGNATURES), b"PK")  # a zip of nothing is told later
bytes_of_no_archive = st.binary(max_size=80).filter(
    lambda data: compression_of(data) is Compression.NONE and not data.startswith(SIGNATURES)
)


@given(bytes_of_no_archive | st.text('{}[]":,\\u0aé \n\r\t', max_size=80).map(str.encode))
@example(b"")
@example(b"\n")
@example(b"\xef\xbb\xbf")
@example(b"\xef\xbb\xbf\n\n")
@example(b"\0" * 40)
def test_any_bytes_get_a_report(data):
    assume(recognise(data, Compression.NONE, None).form is NATIVE)  # the definition knows no other
    assert_agrees(data, Rules(), [1, None])


@pytest.mark.parametrize("kind", dict.fromkeys(hostile.KINDS), ids=lambda kind: kind.__name__)
def test_each_kind_of_line_is_made_and_agrees(kind):
    data = b"".join(kind(Random(seed), [hostile.plain(Random(0), [])]) + b"\n" for seed in range(60))

    assert_agrees(data, Rules(max_rejected_share=1.0), [64, None], [3])
