"""Every line is read once, whole, in order and in bounded memory, however the bytes arrive."""

import io
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.blocks_of_lines import (
    BLOCK_LINES,
    BoundedReader,
    Prefixed,
    count_newlines,
    line_ranges,
    read_blocks,
)

texts = st.lists(st.sampled_from([b"\n", b"\n", b"a", b"bc", b"\r", b"d" * 9]), max_size=30).map(b"".join)


class Dribble:
    """A connection: gives fewer bytes than it is asked for."""

    def __init__(self, data: bytes, at_most: int) -> None:
        self._stream = io.BytesIO(data)
        self._at_most = at_most

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._at_most))


def lines_of(data: bytes, max_line_bytes: int, block_bytes: int, line: int = 1, offset: int = 0):
    """(line, offset, text or the length of what was skipped, is_ended) for every line."""
    found = []
    for block in read_blocks(io.BytesIO(data), max_line_bytes, line, offset, block_bytes=block_bytes):
        for index, text in enumerate(block.lines() if not block.skipped_bytes else [block.skipped_bytes]):
            is_ended = block.is_ended or index < block.line_count - 1
            found.append((block.line + index, block.offset + int(block.starts[index]), text, is_ended))
    return found


def expected_lines(data: bytes, line: int = 1, offset: int = 0):
    texts = data.split(b"\n")
    ends = [True] * (len(texts) - 1) + [False]
    found = []
    for number, (text, is_ended) in enumerate(zip(texts, ends, strict=True), start=line):
        if text or is_ended:
            found.append((number, offset, text, is_ended))
        offset += len(text) + 1
    return found


@given(data=texts, block_bytes=st.integers(1, 20))
def test_lines_have_their_numbers_and_offsets_at_any_block_size(data, block_bytes):
    assert lines_of(data, 1_000, block_bytes) == expected_lines(data)


@given(data=texts, block_bytes=st.integers(1, 20))
def test_a_range_counts_on_from_where_it_begins(data, block_bytes):
    assert lines_of(data, 1_000, block_bytes, line=50, offset=700) == expected_lines(data, line=50, offset=700)


@given(data=texts, block_bytes=st.integers(1, 20), limit=st.integers(0, 12))
def test_a_line_over_the_maximum_is_skipped_or_kept_but_never_cut(data, block_bytes, limit):
    for got, line in zip(lines_of(data, limit, block_bytes), expected_lines(data), strict=True):
        if isinstance(got[2], int):
            assert line[2] == b"" or len(line[2]) > limit
            line = (*line[:2], len(line[2]), line[3])
        assert got == line


@given(data=texts, block_bytes=st.integers(1, 20))
def test_every_byte_is_seen_once_in_order(data, block_bytes):
    seen = []

    list(read_blocks(io.BytesIO(data), 3, on_bytes=seen.append, block_bytes=block_bytes))

    assert b"".join(seen) == data


@pytest.mark.parametrize(("ending", "is_ended"), [(b"\nnext\n", True), (b"", False)])
def test_a_line_of_100_mb_costs_no_more_memory_than_the_maximum_and_a_block(ending, is_ended):
    chunk_bytes, max_line_bytes, size = 2**16, 2**20, 100 * 2**20

    class LongLine:
        def __init__(self) -> None:
            self._left = size
            self._ending = io.BytesIO(ending)

        def read(self, wanted: int, /) -> bytes:
            given = min(wanted, self._left)
            self._left -= given
            return b"x" * given if given else self._ending.read(wanted)

    tracemalloc.start()
    blocks = list(read_blocks(LongLine(), max_line_bytes, block_bytes=chunk_bytes))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (blocks[0].skipped_bytes, blocks[0].line_count, blocks[0].is_ended) == (size, 1, is_ended)
    assert [(block.line, block.offset, block.data) for block in blocks[1:]] == ([(2, size + 1, b"next\n")] * is_ended)
    assert peak_bytes < max_line_bytes + 4 * chunk_bytes


def test_a_line_of_exactly_the_maximum_is_read():
    assert lines_of(b"12345\n12345", 5, 2) == [(1, 0, b"12345", True), (2, 6, b"12345", False)]
    assert lines_of(b"123456\n123456", 5, 2) == [(1, 0, 6, True), (2, 7, 6, False)]


def test_only_a_line_feed_ends_a_line():
    data = "a\rb\x0bc\x0cd\x1ce\x85f\u2028g\u2029\n".encode()

    assert lines_of(data, 1_000, 100) == [(1, 0, data[:-1], True)]


def test_a_block_of_short_lines_holds_no_more_of_them_than_the_maximum():
    """Each may become a finding, and two million of those at once are half a gigabyte."""
    data = b"\n" * (2 * BLOCK_LINES) + b"{}\n\n"

    blocks = list(read_blocks(io.BytesIO(data), 100))

    assert [block.line_count for block in blocks] == [BLOCK_LINES, BLOCK_LINES, 2]
    assert b"".join(block.data for block in blocks) == data
    assert [block.line for block in blocks] == [1, 1 + BLOCK_LINES, 1 + 2 * BLOCK_LINES]
    assert [block.offset for block in blocks] == [0, BLOCK_LINES, 2 * BLOCK_LINES]
    assert blocks[-1].starts.tolist() == [0, 3, 4]
    assert all(block.is_ended for block in blocks)


def test_the_last_of_many_short_lines_may_lack_its_end():
    blocks = list(read_blocks(io.BytesIO(b"\n" * BLOCK_LINES + b"{}"), 100))

    assert [(block.line_count, block.is_ended) for block in blocks] == [(BLOCK_LINES, True), (1, False)]


def test_an_empty_stream_has_no_block():
    assert list(read_blocks(io.BytesIO(b""), 10)) == []


def test_starts_are_the_beginnings_of_lines_and_the_end():
    blocks = list(read_blocks(io.BytesIO(b"ab\n\ncd"), 10))

    assert [(block.starts.dtype, block.starts.tolist()) for block in blocks] == [
        (np.int64, [0, 3, 4]),
        (np.int64, [0, 2]),
    ]


@given(data=texts, wanted=st.integers(1, 12))
def test_ranges_cover_the_file_exactly_and_begin_at_lines(data, wanted):
    ranges = line_ranges(io.BytesIO(data), len(data), wanted)

    assert 1 <= len(ranges) <= wanted
    assert (ranges[0][0], ranges[-1][1]) == (0, len(data))
    assert all(stop == start for (_, stop), (start, _) in pairwise(ranges))
    assert all(data[start - 1 : start] == b"\n" for start, _ in ranges[1:])
    assert all(start < stop for start, stop in ranges) or data == b""


def test_ranges_are_about_equal():
    data = b"0123456789\n" * 1_000

    sizes = [stop - start for start, stop in line_ranges(io.BytesIO(data), len(data), 4)]

    assert max(sizes) - min(sizes) <= 11


@given(data=texts, size=st.integers(0, 40), piece=st.integers(1, 9))
def test_a_bounded_reader_ends_at_its_bound_and_no_sooner(data, size, piece):
    reader = BoundedReader(Dribble(data, at_most=4), size)

    assert b"".join(iter(lambda: reader.read(piece), b"")) == data[:size]


@given(data=texts, ahead=st.integers(0, 20), pieces=st.integers(1, 9))
def test_what_was_read_ahead_is_read_again_first(data, ahead, pieces):
    stream = io.BytesIO(data)
    reader = Prefixed(stream.read(ahead), stream)

    assert b"".join(iter(lambda: reader.read(pieces), b"")) == data


@given(data=texts)
def test_newlines_are_counted(data):
    assert count_newlines(Dribble(data, at_most=3)) == data.count(b"\n")
