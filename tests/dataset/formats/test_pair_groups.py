"""Pairs of one conversation become one row, wherever they stand, and every other row stays one."""

import io
import json

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.formats.pair_groups import grouped
from tests.dataset.formats.test_objects import rows_of


def pair(name: str, number: int) -> bytes:
    return json.dumps({"conversation_id": name, "current_user_input": str(number)}).encode()


def groups(data: bytes, *, is_array: bool = False, most: int = 2**20) -> list[tuple[int, int, int, object]]:
    read = read_array if is_array else read_blocks
    rows = rows_of(grouped(read(io.BytesIO(data), most), most))
    return [(*row[:3], _said(row[3])) for row in rows]


def _said(text: bytes) -> object:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    pairs = value.get("training_pairs", [])
    return [
        *(["_meta"] if "_meta" in value else []),
        *(f"{p['conversation_id']}{p['current_user_input']}" for p in pairs),
    ]


def test_pairs_stand_together_where_the_first_one_stood():
    lines = [pair("a", 1), pair("b", 1), b"", b"no JSON", pair("a", 2), b'{"x": 1}', pair("b", 2)]

    found = groups(b"\n".join(lines) + b"\n")

    assert [each[3] for each in found] == [["a1", "a2"], ["b1", "b2"], b"", b"no JSON", []]
    assert [each[:2] for each in found] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 6)]


def test_the_rows_of_an_array_are_put_together_and_their_faults_stay():
    found = groups(b"[" + pair("a", 1) + b", ," + pair("a", 2) + b"] x", is_array=True)

    assert [each[3] for each in found] == [["a1", "a2"], b"none", b"more text"]


def test_a_line_about_the_file_goes_into_the_next_conversation():
    meta = b'{"_meta": {"version": "4"}}'

    found = groups(b"\n".join([b"\xef\xbb\xbf" + meta, pair("a", 1), pair("b", 1), meta]) + b"\n")

    assert [each[3] for each in found] == [["_meta", "a1"], ["b1"], ["_meta"]]


def test_a_conversation_that_is_too_long_is_not_kept():
    found = groups(b"\n".join([*(pair("a", n) for n in range(40)), pair("b", 1)]) + b"\n", most=500)

    assert [each[3] for each in found] == [b"(long)", ["b1"]]


def test_a_row_that_is_too_long_is_as_long_as_it_is_and_takes_nothing_with_it():
    meta, long = b'{"_meta": {"version": "4"}}', pair("a", 1)[:-1] + b" " * 600 + b"}"
    data = b"\n".join([meta, long, pair("b", 1)]) + b"\n"
    blocks = list(grouped(read_blocks(io.BytesIO(data), 500, block_bytes=100), 500))

    assert [block.skipped_bytes for block in blocks if block.skipped_bytes] == [len(long)]
    assert b"_meta" in b"".join(block.data for block in blocks)


def test_a_pair_without_a_name_is_no_line_about_the_file():
    row = b'{"_meta": 1, "current_user_input": "hi", "target_response": "ho"}'

    assert [each[3] for each in groups(row + b"\n" + pair("a", 1) + b"\n")] == [["_meta"], ["a1"]]
