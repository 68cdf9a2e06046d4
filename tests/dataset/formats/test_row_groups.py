"""Pairs of one conversation become one row, wherever they stand, and every other row stays one."""

import io
import json

import pytest

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.formats.groupings import Messages, Pairs, Replies
from pipeline.dataset.formats.row_groups import grouped
from tests.dataset.formats.test_objects import rows_of


def pair(name: str, number: int) -> bytes:
    return json.dumps({"conversation_id": name, "current_user_input": str(number)}).encode()


def groups(data: bytes, *, is_array: bool = False, most: int = 2**20) -> list[tuple[int, int, int, object]]:
    read = read_array if is_array else read_blocks
    rows = rows_of(grouped(read(io.BytesIO(data), most), Pairs(), most))
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
    blocks = list(grouped(read_blocks(io.BytesIO(data), 500, block_bytes=100), Pairs(), 500))

    assert [block.skipped_bytes for block in blocks if block.skipped_bytes] == [len(long)]
    assert b"_meta" in b"".join(block.data for block in blocks)


def test_a_pair_without_a_name_is_no_line_about_the_file():
    row = b'{"_meta": 1, "current_user_input": "hi", "target_response": "ho"}'

    assert [each[3] for each in groups(row + b"\n" + pair("a", 1) + b"\n")] == [["_meta"], ["a1"]]


def message(key: object, said: str, **others: object) -> bytes:
    return json.dumps({"key": key, "role": "user", "content": said, **others}).encode()


def put_together(rows: list[bytes], grouping, block_bytes: int = 2**20) -> list[tuple[int, list[str] | bytes]]:
    """First line and texts of each row that is made; of a row of its own, its text."""
    data = b"\n".join([*rows, b""])
    made = rows_of(grouped(read_blocks(io.BytesIO(data), 2**20, block_bytes=block_bytes), grouping, 2**20))
    return [(row[1], _contents(row[3])) for row in made]


def _contents(text: bytes) -> list[str] | bytes:
    value = json.loads(text)
    if "messages" not in value:
        return text
    others = [f"-{each['text']}" for each in value.get("other_replies", [])]
    return [*(each.get("content", each.get("text")) for each in value["messages"]), *others]


@pytest.mark.parametrize("block_bytes", [1, 60, 2**20])
def test_messages_stand_together_by_key_however_the_file_is_cut(block_bytes):
    rows = [
        message("a", "1"),
        message(7, "2"),
        message("a", "3"),
        message("7", "4"),
        message("", "5"),
        message("é", "6"),
    ]

    found = put_together(rows, Messages("key", "messages"), block_bytes)

    assert found == [(1, ["1", "3"]), (2, ["2", "4"]), (5, rows[4]), (6, ["6"])]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([2, 0, 1], ["b", "c", "a"]),
        (["10", "9", 8.5], ["c", "b", "a"]),
        (["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "2026-01-01 07:00"], ["c", "a", "b"]),
        ([1, 1, 0], ["c", "a", "b"]),
        ([2, None, 1], ["a", "b", "c"]),
        ([2, "later", 1], ["a", "b", "c"]),
        ([10**400, 1, 2], ["a", "b", "c"]),
    ],
)
def test_messages_follow_each_other_by_their_places_where_all_have_one(places, said):
    rows = [message("k", text, turn=place) for text, place in zip("abc", places, strict=True)]

    assert [row[1] for row in put_together(rows, Messages("key", "messages", "turn"))] == [said]


def reply(name: str, parent: str | None, **others: object) -> bytes:
    return json.dumps({"message_id": name, "parent_id": parent, "role": "x", "text": name, **others}).encode()


@pytest.mark.parametrize("block_bytes", [1, 2**20])
def test_a_tree_is_read_by_its_best_replies_wherever_they_stand(block_bytes):
    rows = [
        reply("b2", "a", rank=1),
        reply("c1", "b1", rank=None),
        reply("a", None),
        reply("z", None),
        reply("b1", "a", rank=0),
        reply("d1", "b2"),
        reply("c2", "b1"),
        reply("y0", "z", rank=0, deleted=True),
        reply("y1", "z"),
    ]

    found = put_together(rows, Replies(), block_bytes)

    assert found == [(3, ["a", "b1", "c1", "-b2", "-d1", "-c2"]), (4, ["z", "y1", "-y0"])]


def test_messages_without_a_beginning_are_rows_that_say_so():
    rows = [reply("b", "a"), reply("c", "b"), reply("p", "q"), reply("q", "p"), reply("s", "s"), reply("t", "p")]
    (block,) = grouped(read_blocks(io.BytesIO(b"\n".join([*rows, b""])), 2**20), Replies(), 2**20)

    made = [json.loads(line) for line in block.lines()]
    assert [(row["missing_parent"], len(row["messages"])) for row in made] == [
        ("a", 2),
        ("q", 1),
        ("p", 1),
        ("s", 1),
        ("p", 1),
    ]


def test_of_two_messages_with_one_id_the_first_is_answered():
    rows = [reply("a", None), reply("b", "a"), reply("b", "a"), reply("c", "b")]

    assert put_together(rows, Replies()) == [(1, ["a", "b", "c", "-b"])]


def test_each_part_of_a_row_has_its_place():
    rows = [message("a", "1"), message("b", "2"), b"[]", message("a", "3")]
    (block,) = grouped(read_blocks(io.BytesIO(b"\n".join([*rows, b""])), 2**20), Messages("key", "messages"), 2**20)

    assert block.parts.starts.tolist() == [0, 2, 3, 4]
    assert block.parts.lines.tolist() == [1, 4, 2, 3]
    assert block.parts.offsets[1] == sum(len(row) + 1 for row in rows[:3])
