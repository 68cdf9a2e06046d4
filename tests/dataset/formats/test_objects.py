"""Objects over several lines are rows, wherever the bytes are cut; and rows in a field of one object are an array."""

import io
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.field_rows import read_field
from pipeline.dataset.formats.object_files import field_of_rows
from pipeline.dataset.formats.objects import read_objects
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.test_containers import gz
from tests.properties.formats_rows import KINDS

RULES = Rules().structure_only()
MADE = "flat-messages"  # whose rows are made of others, as OpenAI's are
OBJECT_KINDS = [kind for kind in KINDS if not kind.name.endswith("-bare") and kind.name != MADE]
seeds, sizes = st.integers(0, 2**32), st.sampled_from([1, 2, 3, 7, 64, 4096])


def rows_of(blocks) -> list[tuple[int, int, int, bytes]]:
    """Place, line, offset and text of each row; of a faulty one what is wrong."""
    rows = []
    for block in blocks:
        places = zip(block.rows_at.tolist(), block.lines_at.tolist(), block.offsets_at.tolist(), strict=True)
        texts = [b"(long)"] if block.skipped_bytes else block.lines()
        for index, (place, text) in enumerate(zip(places, texts, strict=True)):
            rows.append((*place, block.faults[index].found.encode() if index in block.faults else text))
    return rows


@given(
    kind=st.sampled_from(OBJECT_KINDS),
    seed=seeds,
    size=sizes,
    indent=st.sampled_from([1, 4, "\t"]),
    joint=st.sampled_from(["\n", "", " \r\n\n"]),
)
def test_every_object_is_a_row_at_its_place(kind, seed, size, indent, joint):
    random = Random(seed)
    values = [kind.make(random, n) for n in range(4)]
    texts = [json.dumps(value, indent=indent, ensure_ascii=random.random() < 0.5).encode() for value in values]
    data = joint.encode().join(texts) + joint.encode()

    rows = rows_of(read_objects(io.BytesIO(data), 2**26, block_bytes=size))

    offsets = [sum(len(text) + len(joint) for text in texts[:n]) for n in range(4)]
    lines = [1 + data[:offset].count(b"\n") for offset in offsets]
    assert [row[:3] for row in rows] == list(zip(range(1, 5), lines, offsets, strict=True))
    assert [json.loads(row[3]) for row in rows] == values


@given(data=st.text(alphabet='{}[]",:\\ \na1', max_size=60), size=sizes)
def test_rows_do_not_depend_on_where_the_bytes_are_cut_and_nothing_is_passed_over(data, size):
    whole = data.encode()

    rows = rows_of(read_objects(io.BytesIO(whole), 2**26, block_bytes=size))

    assert rows == rows_of(read_objects(io.BytesIO(whole), 2**26))
    covered = sum(len(text) for *_, text in rows if text != b"the end of the file inside this row")
    is_cut = any(text == b"the end of the file inside this row" for *_, text in rows)
    white = sum(byte in b" \n" for byte in whole)
    assert is_cut or len(whole) - white <= covered <= len(whole)


def test_a_row_that_is_too_long_is_one_and_the_next_ones_are_read():
    data = b'{\n"a": 1}\n{"b": "%b"}\n{"c": 2}' % (b"x" * 500)

    rows = rows_of(read_objects(io.BytesIO(data), 100, block_bytes=64))

    assert rows == [(1, 1, 0, b'{ "a": 1}'), (2, 3, 10, b"(long)"), (3, 4, 520, b'{"c": 2}')]


@pytest.mark.parametrize(
    ("kind", "pack"),
    [(kind, pack) for kind in OBJECT_KINDS for pack in (bytes, gz)[: 2 if kind is OBJECT_KINDS[0] else 1]],
    ids=lambda each: getattr(each, "name", each.__name__ if callable(each) else None),
)
def test_a_file_of_printed_objects_is_ready_and_a_fault_is_named_by_its_row(kind, pack, tmp_path):
    rows = [json.dumps(kind.make(Random(n), n), indent=2).encode() for n in range(5)]
    (tmp_path / "bad").mkdir()

    good = profile_stream(io.BytesIO(pack(b"\n".join(rows))), tmp_path, RULES).as_dict("a.json")
    rows[3] = b'{\n  "a": 1\n}'
    bad = profile_stream(io.BytesIO(pack(b"\n".join(rows))), tmp_path / "bad", RULES).as_dict("a.json")

    assert (good["container"], good["format"], good["conversations"]) == ("json-objects", kind.form.name, 5)
    assert {finding["row"] for finding in bad["findings"] if finding["severity"] == "error"} == {4}


BESIDE = '"v": {"data": [1, "]"]}, "s": "\\"data\\": [", '


@given(
    kind=st.sampled_from(KINDS),
    seed=seeds,
    size=sizes,
    indent=st.sampled_from([None, 2]),
    path=st.sampled_from([("data",), ("a", "rows")]),
)
def test_rows_in_a_field_are_those_of_the_array(kind, seed, size, indent, path):
    values = [kind.make(Random(seed), n) for n in range(3)]
    inner: object = values
    for name in reversed(path):
        inner = {"first": "[", name: inner, "last": [1, {"x": "]"}]}
    data = b"\xef\xbb\xbf" + json.dumps(inner, indent=indent).encode()

    found = field_of_rows(data)
    rows = rows_of(read_field(io.BytesIO(data), found.list_at, "", 2**26, block_bytes=size))

    assert found.path == path
    assert [json.loads(row[3]) for row in rows] == values
    assert [row[1] for row in rows] == [1 + data[: row[2]].count(b"\n") for row in rows]
    assert recognise(data, Compression.NONE, None).container == "json-field"


@pytest.mark.parametrize(
    ("behind", "fault"),
    [
        (b"]}", None),
        (b'], "x": [{"a": 1}]}\n ', None),
        (b"]", "the end of the file"),
        (b"]} {", "more text"),
        (b'], "test": [{"text": "b"}]}', "more rows in the field test"),
        (b'], "test": {"rows": [{"text": "b"}]}}', "more rows in the field test.rows"),
        (b"", "the end of the file behind the last row"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 4096])
def test_what_stands_behind_the_rows_is_no_row_unless_it_is_wrong(behind, fault, size):
    data = b'{"train": [{"text": "a"}' + behind

    rows = rows_of(read_field(io.BytesIO(data), 10, "", 2**26, block_bytes=size))

    assert [row[3].decode() for row in rows if not row[3].startswith(b"{")] == ([fault] if fault else [])


@pytest.mark.parametrize(
    "text",
    [
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n' * 2,
        '{"messages": [\n' + '{"messages": []}\n' * 3,
        '{"text": "a\nb"}\n',
        '{\n"a": nope\n}\n',
        '{"a": 1},\n{\n"b": 2\n}\n',
        "",
        "{",
    ],
)
def test_other_texts_stay_lines(text):
    assert recognise(text.encode(), Compression.NONE, None).container == "jsonl"
