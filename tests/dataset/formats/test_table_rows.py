"""Every row of a table is one at its place, as the csv module writes it; what is no such table stays text."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats import table_rows
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.mapping import mapped_format
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.formats.table_rows import read_table
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.test_containers import gz
from tests.dataset.formats.test_objects import rows_of

RULES = Rules().structure_only()
cells = st.text(alphabet="ab ,;\t\"\n\r'é😀{}[]", max_size=12)
tables = st.lists(st.tuples(cells, cells, cells), max_size=8)
plain_tables = st.lists(st.tuples(*[st.sampled_from(["", "a", "b c"])] * 3), max_size=8)


def table(rows, separator=",", names=("question", "answer", "note"), quoting=csv.QUOTE_ALL, end="\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([names, *rows])
    return text.getvalue().encode()


@given(
    written=st.tuples(tables, st.just(csv.QUOTE_ALL))
    | st.tuples(plain_tables, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
    separator=st.sampled_from(",;\t"),
    size=st.sampled_from([1, 2, 7, 4096]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_is_read_as_it_was_written_and_stands_where_it_does(written, separator, size, end):
    rows, quoting = written
    data = b"\xef\xbb\xbf" + table(rows, separator, quoting=quoting, end=end)

    found = rows_of(read_table(io.BytesIO(data), separator, 2**20, block_bytes=size))

    assert [tuple(json.loads(text).values()) for *_, text in found] == rows
    assert [place for place, *_ in found] == list(range(1, len(rows) + 1))
    offsets = [3 + len(table(rows[:n], separator, quoting=quoting, end=end)) for n in range(len(rows))]
    assert [offset for _, _, offset, _ in found] == offsets
    assert [line for _, line, *_ in found] == [1 + data[:offset].count(b"\n") for offset in offsets]


@pytest.mark.parametrize("row", [b"a,b", b'"a","b"', b'"a",b', b'"",""', b",", b"a,b\r"])
def test_rows_whose_cells_have_no_marks_are_read_many_at_once(row, monkeypatch):
    """One by one they take ten times as long."""
    data = b"prompt,completion\n" + b"%b\n" % row * 9
    expected = rows_of(read_table(io.BytesIO(data), ",", 2**20))

    monkeypatch.setattr(table_rows._Header, "as_json", None)

    assert len(expected) == 9
    assert rows_of(read_table(io.BytesIO(data), ",", 2**20)) == expected


@pytest.mark.parametrize(
    "row",
    [b'a"b,c', b'"a"b,c', b'"a","', b'",",a', b'"",', b'"a ,"b"', b'"a""b",c', b"a\rb,c", b"a,b,c", b"a", b'"",,""'],
)
def test_a_row_among_others_is_what_it_is_alone(row):
    """A quote that is not the first or last byte of its cell, for one."""
    alone = rows_of(read_table(io.BytesIO(b"prompt,completion\n%b\n" % row), ",", 99))
    among = rows_of(read_table(io.BytesIO(b'prompt,completion\n"a","b"\n%b\n' % row), ",", 99))

    assert [found[3:] for found in among[1:]] == [found[3:] for found in alone]


def test_rows_of_other_cells_are_told_many_at_once(monkeypatch):
    """A megabyte can be half a million of them: only the header and an end are asked of the reader of rows."""
    asked: list[object] = []
    next_row = table_rows._next_row
    monkeypatch.setattr(table_rows, "_next_row", lambda rows: asked.append(rows) or next_row(rows))

    found = rows_of(read_table(io.BytesIO(b"prompt,completion\n\n" + b'a\n"a","b"\na,b,c\n' * 3), ",", 2**20))

    texts = [b"1", b'{"prompt": "a", "completion": "b"}', b"3"]
    assert [text for *_, text in found] == texts * 3
    assert [place[:3] for place in found][:4] == [(1, 3, 19), (2, 4, 21), (3, 5, 29), (4, 6, 35)]
    assert len(asked) == 2


def test_rows_of_other_cells_and_broken_quotes_are_faults_at_their_places():
    data = b'prompt,completion\na,b\nc\n\n"d"e,f\ng,h\n"i,j\n'

    found = rows_of(read_table(io.BytesIO(data), ",", 2**20))

    assert [row[:3] for row in found] == [(1, 2, 18), (2, 3, 22), (3, 5, 25), (4, 6, 32), (5, 7, 36)]
    assert [row[3] for row in found][1:3] == [b"1", b"a fault: ',' expected after '\"'"]
    assert found[4][3].startswith(b"a fault: unexpected end of data")


def test_a_quote_that_is_not_closed_takes_no_more_than_a_row_may_have():
    data = b'prompt,completion\n"a,b\n' + b"c,d\n" * 100

    found = rows_of(read_table(io.BytesIO(data), ",", 100))

    assert (len(found), b"a quote that is not closed" in found[0][3]) == (77, True)


@pytest.mark.parametrize("pack", [bytes, gz], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("names", "row", "form"),
    [
        (("instruction", "input", "output"), ("Add", "2+2", "4"), "alpaca"),
        (("prompt", "completion", "label"), ("2+2=", "4", "True"), "kto"),
        (
            ("id", "messages", "note"),
            ("1", '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]', ""),
            "openai",
        ),
    ],
)
def test_a_table_is_ready_as_rows_of_the_format_that_its_header_names(names, row, form, pack, tmp_path):
    report = profile_stream(io.BytesIO(pack(table([row] * 2, names=names))), tmp_path, RULES).as_dict("a.csv")

    assert (report["container"], report["format"], report["conversations"]) == ("csv", form, 2)
    assert report["rejected_lines"] == 0


def test_a_header_of_other_names_is_read_by_a_mapping():
    form = mapped_format('{"prompt": "Frage", "answer": "Antwort"}')

    assert recognise(b"Frage,Antwort\na,b\n", Compression.NONE, form).container == "csv"


def test_text_that_is_not_utf8_is_told_of_its_row(tmp_path):
    data = b"prompt,completion\na,b\nc,\xff\ne,f\n"

    report = profile_stream(io.BytesIO(data), tmp_path, RULES).as_dict("a.csv")

    assert [(row["row"], row["line"], row["code"]) for row in report["findings"]] == [(2, 3, "invalid-utf8")]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nc,d\n",
        "Hello, text\nmore, text\n",
        "prompt,completion\n",
        '{"prompt": "a", "completion": "b"}\n',
        "prompt\na\n",
        "| prompt | completion |\n|---|---|\n| a | b |\n",
    ],
)
def test_other_texts_are_no_tables(text):
    assert recognise(text.encode(), Compression.NONE, None).container == "jsonl"


def test_a_column_that_is_named_twice_is_told_as_a_field_is(tmp_path):
    report = profile_stream(io.BytesIO(b"question,answer,answer\nq1,a1,a2\n"), tmp_path, RULES).as_dict("a.csv")

    assert report["finding_counts"].get("repeated-key") == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("question|answer\na, b|c\n", "question-answer"),
        (
            'messages\n"[{""role"": ""user"", ""content"": ""a""}, {""role"": ""assistant"", ""content"": ""b""}]"\n',
            "openai",
        ),
    ],
)
def test_bars_separate_cells_and_a_list_of_messages_needs_no_column_beside_it(text, form):
    reading = recognise(text.encode(), Compression.NONE, None)

    assert (reading.container, reading.form.name, reading.is_certain) == ("csv", form, True)


def test_a_header_in_other_spelling_is_that_of_the_format():
    reading = recognise(b"\xef\xbb\xbfPrompt ,completion\na,b\nc,d\n", Compression.NONE, None)

    assert (reading.container, reading.form.name, reading.is_certain) == ("csv", "prompt-completion", True)


_CELLS = st.lists(st.text("ab é[1", max_size=3), min_size=2, max_size=2) | st.lists(st.text('a\t"\\\r\x00', max_size=2))


@given(
    names=st.lists(st.sampled_from(["prompt", "a%s", "é", "label", "text"]), min_size=1, max_size=2),
    rows=st.lists(_CELLS | st.sampled_from([[], ["a"]]), max_size=12),
    separator=st.sampled_from([",", "\t"]),
    plain_bytes=st.sampled_from([8, 2**15]),
    max_row_bytes=st.sampled_from([6, 1_000]),
)
def test_plain_rows_that_are_read_at_once_are_what_each_is_alone(names, rows, separator, plain_bytes, max_row_bytes):
    data = "\n".join(map(separator.join, [names, *rows])).encode()

    def told(at_once: int) -> list[tuple[int, int, int, bytes]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_rows, "_PLAIN_BYTES", at_once)
            return rows_of(read_table(io.BytesIO(data), separator, max_row_bytes, block_bytes=20))

    assert told(plain_bytes) == told(0)
