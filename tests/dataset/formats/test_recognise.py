"""A file's format and container are told from its content alone, also where a part of it is something else."""

import io
import json
from random import Random

import pytest

from pipeline.dataset.formats import opening
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.recognise import HEAD_BYTES, recognise
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.formats.rows.chat import CHAT_BARE, SHAREGPT_BARE
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.rows.planting import READ_AS
from tests.properties.formats_rows import BY_KIND
from tests.properties.formats_rows import KINDS as ALL_KINDS

KINDS = [kind for kind in ALL_KINDS if kind.name != "flat-messages"]  # whose rows are made, as OpenAI's are

ids = {"ids": lambda kind: kind.name}
STRUCTURE = Rules().structure_only()
OPENAI_ROW = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'


def reading_of(data: bytes, chosen=None):
    return recognise(data[:HEAD_BYTES], Compression.NONE, chosen)


def profile_of(data: bytes, tmp_path, rules: Rules = STRUCTURE):
    return profile_stream(io.BytesIO(data), tmp_path, rules).as_dict("some.jsonl")


def lines_of(kind, count: int, seed: int = 0) -> bytes:
    return b"".join(line + b"\n" for line in kind.lines(Random(seed), count))


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("kind", KINDS, **ids)
def test_each_format_is_recognised_as_lines_and_as_an_array(kind, count):
    for seed in range(3 if count < 50 else 1):
        rows = [kind.make(Random(seed), n) for n in range(count)]
        as_lines = b"\n".join(json.dumps(row).encode() for row in rows)
        arrays = [json.dumps(rows).encode(), json.dumps(rows, indent=2).encode()]
        arrays.append(b"[" + b",\n".join(json.dumps(row).encode() for row in rows) + b"]\n")

        for tail in (b"", b"\n", b"\r\n"):
            reading = reading_of(as_lines + tail)
            assert (reading.form, reading.container) == (kind.form, "jsonl")
        for array in arrays:
            for mark in (b"", b"\xef\xbb\xbf", b"\n  "):
                reading = reading_of(mark + array)
                assert (reading.form, reading.container) == (kind.form, "json-array"), array[:60]


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_the_reason_counts_the_rows_that_fit(kind):
    reading = reading_of(lines_of(kind, 30) + b"{}\n")

    assert reading.why == f"30 of the first 31 rows fit {kind.form.title}"


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_lines_of_another_format_are_told_one_by_one(kind, tmp_path):
    """Five in a hundred lines; every row of the file's own format is kept."""
    random = Random(1)
    stray_name = "openai" if {"alpaca", "plain-text"} & READ_AS[kind.form.name] else "plain-text"
    stray = BY_KIND[stray_name if kind.form.name != stray_name else "openai"]
    lines = kind.lines(random, 100)
    places = sorted(random.sample(range(100), 5))
    for place in places:
        lines[place] = stray.lines(random, 1)[0]

    report = profile_of(b"\n".join([*lines, b""]), tmp_path)

    assert (report["format"], report["conversations"], report["rejected_lines"]) == (kind.form.name, 95, 5)
    assert [(finding["line"], finding["code"]) for finding in report["findings"] if finding["severity"] == "error"] == [
        (place + 1, "other-format") for place in places
    ]
    assert report["format_lines"] == 95


def test_a_stray_row_is_named_with_what_was_expected(tmp_path):
    data = OPENAI_ROW + b"\n" + b'{"instruction": "a", "output": "b"}\n' + OPENAI_ROW.replace(b"b", b"c") + b"\n"

    (finding,) = profile_of(data, tmp_path)["findings"]

    assert (finding["line"], finding["byte_offset"], finding["code"], finding["path"]) == (
        2,
        len(OPENAI_ROW) + 1,
        "other-format",
        "$",
    )
    assert finding["message"].startswith(
        "expected OpenAI chat: messages of role and content, found Alpaca: instruction, input and output; "
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.form not in (CHAT_BARE, SHAREGPT_BARE)], **ids)
def test_a_chosen_format_is_not_recognised_anew(kind):
    reading = reading_of(b'{"text": "a"}\n', kind.form)

    assert (reading.form, reading.why) == (kind.form, "it was chosen")


@pytest.mark.parametrize(("name", "bare"), [("sharegpt", SHAREGPT_BARE), ("openai", CHAT_BARE)])
def test_a_chosen_format_may_come_in_bare_lists(name, bare):
    """Both are of one name: a person who chooses it means the one that the file is in."""
    data = lines_of(BY_KIND[f"{name}-bare"], 3)

    assert reading_of(data, BY_NAME[name]).form == bare


@pytest.mark.parametrize(
    ("data", "container"),
    [
        (b"[]", "json-array"),
        (b"[ ]\n", "json-array"),
        (b"\xef\xbb\xbf[%s]" % OPENAI_ROW, "json-array"),
        (b"[%s,]" % OPENAI_ROW, "json-array"),
        (b"[%s,\n%s,\n]\n" % (OPENAI_ROW, OPENAI_ROW), "json-array"),
        (b"[%s,\n%s" % (OPENAI_ROW, OPENAI_ROW), "json-array"),
        (b"[%s]\n[%s]" % (OPENAI_ROW, OPENAI_ROW), "jsonl"),
        (b"[", "json-array"),
        (OPENAI_ROW + b"\n[]\n", "jsonl"),
        (b"", "jsonl"),
        (b"\n", "jsonl"),
        (b"hello\n", "jsonl"),
    ],
)
def test_the_container_is_told_from_the_brackets(data, container):
    assert reading_of(data).container == container


def test_what_nothing_fits_is_read_as_native():
    reading = reading_of(b'{"a": 1}\n[1]\n')

    assert (reading.form, reading.container, reading.why) == (NATIVE, "jsonl", "nothing else was recognised")


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_a_first_row_larger_than_what_is_looked_at_is_recognised_by_its_beginning(kind, tmp_path, monkeypatch):
    """In a label or an alternative that comes after, nothing could be seen; so these come first here."""
    row, other = (kind.make(Random(0), n) for n in range(2))
    if isinstance(row, dict):
        row = dict(
            sorted(row.items(), key=lambda item: (item[0] in ("messages", "conversations", "turns", "row"), item[0]))
        )
    head_bytes = HEAD_BYTES if kind is KINDS[0] else 2**14  # how much that is, is the same for all
    monkeypatch.setattr(opening, "RECOGNISED_BYTES", head_bytes)
    text = json.dumps(row)
    at = text.rindex("row 0")
    huge = text[:at] + "more words " * (head_bytes // 11 + 1) + text[at:]

    as_lines = profile_of(f"{huge}\n{json.dumps(other)}\n".encode(), tmp_path)
    as_array = profile_of(f"[{huge}, {json.dumps(other)}]".encode(), tmp_path)

    for report in (as_lines, as_array):
        assert (report["format"], report["conversations"], report["rejected_lines"]) == (kind.form.name, 2, 0)


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_a_file_of_one_row_is_enough(kind, tmp_path):
    report = profile_of(lines_of(kind, 1), tmp_path)

    assert (report["format"], report["format_lines"], report["conversations"]) == (kind.form.name, 1, 1)


BARE_ROW = b'[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'


@pytest.mark.parametrize(
    "broken",
    [b'[{"role": "user", "content": "a"}, {"role"', b"[1, 2", BARE_ROW + b",", BARE_ROW[:34], b'[{"role": "user",'],
)
@pytest.mark.parametrize("more", [1, 2, 300])
def test_bare_lists_are_lines_though_the_first_is_broken(broken, more):
    data = broken + b"\n" + (BARE_ROW + b"\n") * more

    reading = reading_of(data)

    assert (reading.container, reading.form) == ("jsonl", CHAT_BARE)


@pytest.mark.parametrize("row", [OPENAI_ROW, BARE_ROW])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("count", [1, 2, 300])
def test_an_array_over_many_lines_is_an_array(row, indent, count):
    rows = [json.dumps(json.loads(row), indent=indent)] * count

    assert reading_of(b"[\n" + ",\n".join(rows).encode() + b"\n]\n").container == "json-array"


def test_a_field_that_no_decoder_can_name_is_not_among_the_others():
    row = {"text": "a", 'quo"te': 1, "back\\slash": 1, "plain": 1}

    assert recognise(json.dumps(row).encode(), Compression.NONE, None).others == ("plain",)


def test_lines_that_begin_with_a_label_are_no_array():
    row = '{"prompt": "a", "completion": "b"}'
    data = "".join(f"[2026-01-01 10:00:0{n}] INFO {row}\n" for n in range(3)).encode()

    reading = recognise(data, Compression.NONE, None)

    assert (reading.container, reading.form.name) == ("jsonl", "prompt-completion")
    assert "text before the row, as in a log" in reading.unlike


def test_the_id_of_the_native_format_is_no_field_that_may_change_its_type():
    turns = [{"role": "user", "content": "a"}]
    native = {"conversation_id": "c", "turns": turns, "source": 1}
    chat = {"conversation_id": "c", "messages": turns, "source": 1}

    read = [recognise(json.dumps(row).encode(), Compression.NONE, None) for row in (native, chat)]

    assert [each.others for each in read] == [("conversation_id", "source")] * 2
    assert [each.untyped_fields for each in read] == [("source",), ("conversation_id", "source")]
