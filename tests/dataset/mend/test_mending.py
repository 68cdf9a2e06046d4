"""Mending a file: nothing disappears, what is right stays byte for byte, and mending again changes nothing."""

import base64
import gzip
import json
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.mend import REMEDIES
from pipeline.dataset.mend.mend_remedies import known_spelling
from pipeline.dataset.model.conversation import Limits
from tests.dataset.mend.planting import Mended, mend_bytes, planted_rows
from tests.properties.formats_rows import KINDS
from tests.properties.hostile_files import files

GOOD = (
    b'{"conversation_id": "%s", "turns": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "Ho"}]}'
)
seeds = st.integers(0, 2**32)


def line(identity: bytes = b"a", text: bytes = b"Hi") -> bytes:
    return GOOD % (identity, text)


def native(*turns: tuple[str, str], identity: str = "a") -> bytes:
    listed = [{"role": role, "content": content} for role, content in turns]
    return json.dumps({"conversation_id": identity, "turns": listed}).encode() + b"\n"


def as_stood(mended: Mended) -> list[bytes]:
    """The rows put aside, as they were in the input."""
    return [
        base64.b64decode(row["base64"]) if "base64" in row else (row["text"] or "").encode() for row in mended.aside
    ]


def check_conservation(data: bytes, mended: Mended) -> None:
    """Every line of the input is a line of the output or put aside; those that no change names are as they were."""
    lines = data.split(b"\n")
    lines = lines[:-1] if lines[-1] == b"" else lines
    aside = {row["line"]: text for row, text in zip(mended.aside, as_stood(mended), strict=True)}
    changed = {row["line"] for row in mended.changes}
    counts = mended.mending

    assert counts.lines_in == len(lines) == counts.lines_out + counts.lines_aside
    assert (len(aside), sum(row not in aside for row in changed)) == (counts.lines_aside, counts.lines_changed)
    out = mended.out.split(b"\n")[:-1]
    assert len(out) == counts.lines_out
    kept = [(number, text) for number, text in enumerate(lines, start=1) if number not in aside]
    assert all(aside[number] == text for number, text in enumerate(lines, start=1) if number in aside)
    for (number, text), written in zip(kept, out, strict=True):
        assert (written != text) <= (number in changed)


def check_settled(mended: Mended) -> None:
    """A mended file is not changed by mending it, and no line of it is rejected."""
    again = mend_bytes(mended.out)

    if mended.mending.lines_out == 0:
        return
    assert again.mending.mended == again.mending.rejected == {}
    assert (again.out, again.aside, again.changes) == (mended.out, [], [])
    assert again.mending.is_ready
    assert mended.mending.is_ready != mended.mending.loses_much


@given(data=files)
def test_nothing_of_a_hostile_file_disappears(data):
    mended = mend_bytes(data)

    if mended.mending.refusal is None:
        counts = mended.mending
        assert counts.lines_in == counts.lines_out + counts.lines_aside == counts.lines_out + len(mended.aside)
        is_line_by_line = counts.reading.container == "jsonl" and counts.reading.is_certain
        is_repaired = not counts.mended.keys().isdisjoint({"malformed-json", "not-an-object"})
        # A line that holds several rows counts as these, also where all of them are put aside.
        is_taken_apart = counts.lines_in > data.count(b"\n") + (not data.endswith(b"\n"))
        if is_line_by_line and not is_repaired and not is_taken_apart:
            check_conservation(data, mended)
        check_settled(mended)


@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 6))
def test_nothing_of_any_format_disappears(kind, seed, count):
    data = b"".join(row + b"\n" for row in planted_rows(kind, Random(seed), count))

    mended = mend_bytes(data)

    check_conservation(data, mended)
    check_settled(mended)


@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 6), indent=st.sampled_from([None, 2, "\t"]))
def test_the_rows_of_an_array_are_mended_as_lines_are(kind, seed, count, indent):
    rows = [json.loads(row) for row in planted_rows(kind, Random(seed), count)]

    from_array = mend_bytes(json.dumps(rows, indent=indent).encode())
    from_lines = mend_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))

    assert json.loads(from_array.out) == [json.loads(row) for row in from_lines.out.splitlines()]
    assert from_array.mending.mended == from_lines.mending.mended
    assert from_array.mending.lines_in == len(rows)
    check_settled(from_array)


def test_a_file_that_is_right_stays_as_it_is():
    data = line(b"a") + b"\r\n" + line(b"b", b"Hey") + b"\n"

    mended = mend_bytes(data)

    assert (mended.out, mended.aside, mended.changes) == (data, [], [])
    assert mended.mending.is_ready


@pytest.mark.parametrize("layout", ["[%s,\n  %s]", "[\n  %s,\n  %s\n]\n", "[%s,%s] \n"])
def test_an_array_that_is_right_stays_as_it_is(layout):
    data = (layout % (line(b"a").decode(), line(b"b", b"Hey").decode())).encode()

    assert mend_bytes(data).out == data


@pytest.mark.parametrize("wanted", [{"byte-order-mark"}, {"blank-line"}])
def test_the_byte_order_mark_of_an_array_is_removed_when_that_is_wanted(wanted):
    mark, rows = b"\xef\xbb\xbf", b"[" + line() + b"]"

    mended = mend_bytes(mark + rows, wanted)

    is_removed = wanted == {"byte-order-mark"}
    assert mended.out == (rows if is_removed else mark + rows)
    assert [row["code"] for row in mended.changes] == (["byte-order-mark"] if is_removed else [])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%b\n\xef\xbb\xbf%b\n", b"%b\n%b\n"),
        (b"[\n%b\n%b\n]\n", b"%b\n%b\n"),
        (b"```json\n[\n%b,\n%b\n]\n```\n", b"%b\n%b\n"),
        (b"[%b,\n%b\n", b"[%b,\n%b\n]\n"),
    ],
    ids=["a mark between joined files", "brackets on lines", "an array in a fence", "an array without its end"],
)
def test_what_stands_around_rows_is_removed_and_no_row_is_lost(data, expected):
    rows = (line(b"a"), line(b"b", b"Hey"))

    mended = mend_bytes(data % rows)

    assert (mended.out, mended.mending.is_ready) == (expected % rows, True)


CASES = {
    "malformed-json": (line() + b",\n", line() + b"\n"),
    "not-an-object": (line() + b"\n[" + line(b"b", b"Ha") + b"]\n", line() + b"\n" + line(b"b", b"Ha") + b"\n"),
    "byte-order-mark": (b"\xef\xbb\xbf" + line() + b"\n", line() + b"\n"),
    "blank-line": (line() + b"\n \t\n", line() + b"\n"),
    "no-final-newline": (line(), line() + b"\n"),
    "unknown-role": (native(("human", "Hi"), ("GPT ", "Ho")), native(("user", "Hi"), ("assistant", "Ho"))),
    "double-encoded-arguments": (
        b'{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,'
        b'"tool_calls":[{"function":{"name":"f","arguments":"\\"{\\\\\\"a\\\\\\": 1}\\""}}]}]}\n',
        b'{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,'
        b'"tool_calls":[{"function":{"name":"f","arguments":"{\\"a\\": 1}"}}]}]}\n',
    ),
    "empty-content": (
        native(("user", "Hi"), ("assistant", "Ho"), ("user", " "), ("assistant", "")),
        native(("user", "Hi"), ("assistant", "Ho")),
    ),
    "last-turn-not-assistant": (
        native(("user", "Hi"), ("assistant", "Ho"), ("user", "Bye")),
        native(("user", "Hi"), ("assistant", "Ho")),
    ),
    "white-space-at-edges": (
        native(("user", " Hi"), ("assistant", "\n Ho\t")),
        native(("user", " Hi"), ("assistant", "Ho")),
    ),
    "duplicate-conversation": (line(b"a") + b"\n" + line(b"b") + b"\n", line(b"a") + b"\n"),
    "duplicate-conversation-id": (
        line(b"a") + b"\n" + line(b"a", b"Ha") + b"\n" + line(b"a-2", b"Hu") + b"\n",
        line(b"a") + b"\n" + line(b"a-2-2", b"Ha") + b"\n" + line(b"a-2", b"Hu") + b"\n",
    ),
}


def test_every_remedy_has_a_case():
    assert CASES.keys() == REMEDIES.keys() <= CATALOGUE.keys()


@pytest.mark.parametrize("code", CASES)
def test_a_remedy_does_what_it_says(code):
    data, expected = CASES[code]

    mended = mend_bytes(data, {code})

    assert mended.out == expected
    assert {(row["code"], row["action"]) for row in mended.changes} == {(code, REMEDIES[code].action)}
    assert mended.mending.mended == {code: 1}


@pytest.mark.parametrize("code", [code for code in CASES if code not in ("malformed-json", "not-an-object")])
def test_a_remedy_that_is_not_wanted_is_not_applied(code):
    data, _ = CASES[code]

    assert mend_bytes(data, REMEDIES.keys() - {code, "white-space-at-edges", "last-turn-not-assistant"}).out == data


UNTOUCHED = {
    "a role of which two things could be meant": b'{"dialogue_id": "a", "turns": [{"speaker": "USER", '
    b'"utterance": "Hi"}, {"speaker": "System", "utterance": "Ho"}]}\n',
    "a conversation without an answer": native(("user", "Hi"), ("assistant", "")),
    "the only turn": native(("user", "")),
    "arguments encoded three times": json.dumps(
        {
            "messages": [
                {"role": "user", "content": "Hi"},
                {
                    "role": "assistant",
                    "tool_calls": [{"name": "f", "arguments": json.dumps(json.dumps(json.dumps({"a": 1})))}],
                },
            ]
        }
    ).encode()
    + b"\n",
    "a row that says more in its last turn": b'{"messages": [{"role": "user", "content": "Hi"}, '
    b'{"role": "assistant", "content": "Ho"}, {"role": "user", "content": "", "image": "x.png"}]}\n',
    "a preference": b'{"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", '
    b'"content": " Ho"}], "rejected": [{"role": "assistant", "content": "No"}, {"role": "user", "content": "Why?"}]}\n',
    "a judgement": b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Ho"}, '
    b'{"role": "user", "content": "Bye"}], "label": true}\n',
    "a completion that continues its prompt": b'{"prompt": "The capital of France is", "completion": " Paris"}\n',
    "plain text": b'{"text": " A line.\\n"}\n',
    "a key that stands twice": b'{"conversation_id": "a", "conversation_id": "a", "turns": [{"role": "human", '
    b'"content": "Hi"}, {"role": "gpt", "content": "Ho"}]}\n',
    "a number that cannot be written again": b'{"conversation_id": "a", "score": 1e999, "turns": [{"role": "human", '
    b'"content": "Hi"}, {"role": "gpt", "content": "Ho"}]}\n',
}


@pytest.mark.parametrize("name", UNTOUCHED)
def test_what_only_a_person_can_decide_stays_as_it_is(name):
    mended = mend_bytes(UNTOUCHED[name])

    assert (mended.out, mended.aside, mended.changes) == (UNTOUCHED[name], [], [])


def test_ids_that_are_numbers_stay():
    """A text among numbers would be another fault."""
    rows = [b'{"id": 7, "messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "Ho"}]}\n'] * 2
    data = b"".join(row % text for row, text in zip(rows, (b"Hi", b"Ha"), strict=True))

    mended = mend_bytes(data)

    assert (mended.out, mended.mending.remaining) == (data, {"duplicate-conversation-id": 1})


def test_a_row_without_an_id_takes_none_from_another():
    """Elsewhere such a row is named after its line."""
    row = b'{%s"messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "Ho"}]}\n'
    data = row % (b"", b"Hi") + row % (b'"id": "row-1", ', b"Ha")

    assert mend_bytes(data).out == data


def test_an_id_that_only_a_removed_row_had_stays():
    data = line(b"z") + b"\n" + line(b"a") + b"\n" + line(b"a", b"Ha") + b"\n"

    mended = mend_bytes(data)

    assert mended.out == line(b"z") + b"\n" + line(b"a", b"Ha") + b"\n"
    assert mended.mending.mended == {"duplicate-conversation": 1}


def test_rows_that_are_the_same_once_mended_are_repeats():
    data = native(("user", "Hi"), ("assistant", "Ho")) + native(("human", "Hi"), ("gpt", "Ho"), identity="b")

    mended = mend_bytes(data)

    assert mended.out == native(("user", "Hi"), ("assistant", "Ho"))
    assert [row["text"].encode() + b"\n" for row in mended.aside] == [data.splitlines(keepends=True)[1]]


@pytest.mark.parametrize(
    "row",
    [
        '{"conversation_id":"a","n":12345678901234567890,"turns":[{"role":"gpt","content":"é"}]}',
        '{"conversation_id":"a","n":[0.5,null],"turns":[{"role":"gpt","content":"\\u00e9"}]}',
        ' {"conversation_id": "a", "turns": [{"role": "gpt", "content": "é"}]} \r',
    ],
)
def test_the_rest_of_a_changed_row_stays_byte_for_byte(row):
    data = f"{row}\n".encode()

    assert mend_bytes(data).out == data.replace(b'"gpt"', b'"assistant"')


@pytest.mark.parametrize("text", ["    if a:\n        b", "\tx\n\ty"])
def test_code_keeps_the_indentation_of_its_first_line(text):
    out = mend_bytes(native(("user", "Hi"), ("assistant", text + " \n"))).out

    assert out == native(("user", "Hi"), ("assistant", text))


def test_a_row_put_aside_is_there_as_it_stood_with_its_findings():
    data = line() + b"\n\xff\n" + line(b"b", b"Hu") + b"\n"

    assert mend_bytes(data).aside == [
        {
            "row": 2,
            "line": 2,
            "byte_offset": len(line()) + 1,
            "findings": [
                {
                    "row": 2,
                    "line": 2,
                    "byte_offset": len(line()) + 1,
                    "column": 1,
                    "code": "invalid-utf8",
                    "severity": "error",
                    "path": "$",
                    "expected": "UTF-8",
                    "found": "byte 0xff",
                    "detail": "at byte 1 of the line",
                    "message": "expected UTF-8, found byte 0xff at byte 1 of the line; save the file as UTF-8",
                }
            ],
            "base64": "/w==",
        }
    ]


def test_a_line_that_is_too_long_is_named_and_not_copied():
    data = line() + b"\n" + b"x" * 10_000_000 + b"\n"

    mended = mend_bytes(data, limits=Limits(max_line_bytes=500))

    assert mended.out == line() + b"\n"
    assert [(row["line"], row["text"]) for row in mended.aside] == [(2, None)]


def test_changes_say_nothing_of_the_content():
    data = native(("human", "my secret"), ("gpt", " an answer "), identity="private")

    changes = mend_bytes(data).changes

    assert [sorted(row) for row in changes] == [["action", "after", "before", "byte_offset", "code", "line", "row"]] * 2
    assert not any(word in json.dumps(changes) for word in ("secret", "answer ", "private"))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize(
    ("name", "unpack"),
    [
        ("out.jsonl", bytes),
        ("out.jsonl.gz", gzip.decompress),
        ("out.jsonl.zst", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
def test_a_packed_file_is_unpacked_and_the_name_of_the_mended_one_says_how_it_is_packed(pack, name, unpack):
    data = line()

    mended = mend_bytes(pack(data), name=name)

    assert (unpack(mended.out), mended.mending.is_ready) == (data + b"\n", True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"%PDF-....", "binary-file"),
        (b"PK\x03\x04....", "broken-archive"),
        (line().decode().encode("utf-16"), "utf16-file"),
        (gzip.compress(line() * 100)[:-10], "broken-archive"),
    ],
)
def test_a_file_that_is_no_lines_is_refused_whole(data, code):
    mended = mend_bytes(data)

    assert (mended.mending.refusal.code, mended.mending.is_ready, mended.out) == (code, False, b"")


def test_a_file_without_one_good_line_is_not_ready():
    mended = mend_bytes(b"{}\n")

    assert (mended.out, mended.mending.is_ready, mended.mending.lines_aside) == (b"", False, 1)


def test_more_repeats_than_are_held_at_once_are_found(monkeypatch):
    monkeypatch.setattr("pipeline.dataset.profiles.duplicates.SHARE_RECORDS", 10)
    monkeypatch.setattr("pipeline.dataset.profiles.duplicates.MAX_LISTED", 3)
    data = b"".join(line(b"%d" % (number % 40), b"%d" % (number % 70)) + b"\n" for number in range(100))

    mended = mend_bytes(data)

    assert mended.mending.mended == {"duplicate-conversation": 30, "duplicate-conversation-id": 30}
    assert mended.mending.remaining == {}


@pytest.mark.parametrize(
    ("role", "expected"),
    [("Human", "user"), (" GPT\n", "assistant"), ("USER", "user"), ("wizard", None), ("", None), ("Tool", "tool")],
)
def test_roles_are_known_by_alias_case_and_white_space(role, expected):
    assert known_spelling(role, {}) == expected


def test_a_role_is_written_as_the_format_has_it():
    assert known_spelling("Human", {"human": "user"}) == "human"
    assert known_spelling("user ", {"USER": "user"}) == "user"
    assert known_spelling("System", {"SYSTEM": "assistant"}) is None
