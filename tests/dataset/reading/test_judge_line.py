"""The rule for one line, case by case: what is accepted, and every fault of what is not."""

import tracemalloc

import pytest

from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.judge_line import is_deeper, is_too_full, judge_line

TURN = b'{"role":"user","content":"hi"}'


def faults(text: bytes) -> list[tuple[str, str, str]]:
    """(code, path, detail) of a rejected line."""
    verdict = judge_line(text, 7, 70, Limits())
    assert isinstance(verdict, list), f"accepted: {verdict}"
    assert {(finding.line, finding.byte_offset) for finding in verdict} == {(7, 70)}
    return [(finding.code, finding.path, finding.fault) for finding in verdict]


def accepted(text: bytes) -> tuple[str, list[tuple[str, str]]]:
    verdict = judge_line(text, 7, 70, Limits())
    assert isinstance(verdict, FullConversation), f"rejected: {verdict}"
    return verdict.conversation_id, [(turn.role, turn.content) for turn in verdict.turns]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"conversation_id":"a","turns":[%s]}' % TURN, ("a", [("user", "hi")])),
        (b' \t{ "turns" : [%s] , "conversation_id" : "a" }\r' % TURN, ("a", [("user", "hi")])),
        (
            b'{"conversation_id":"a","turns":[%s],"x":[NUM]}'.replace(b"NUM", b"9" * 5_000) % TURN,
            ("a", [("user", "hi")]),
        ),
        (b'{"conversation_id":"a","turns":[%s],"x":[1e999,-0,1E-5,null,true]}' % TURN, ("a", [("user", "hi")])),
        (rb'{"conversation_id":"\ud83d\ude00\u0041\/","turns":[%s]}' % TURN, ("😀A/", [("user", "hi")])),
        (b'{"conversation_id":"x","conversation_id":"a","turns":3,"turns":[%s]}' % TURN, ("a", [("user", "hi")])),
        ('{"conversation_id":"\u2028\x7f","turns":[%s]}'.encode() % TURN, ("\u2028\x7f", [("user", "hi")])),
        (b'{"conversation_id":" ","turns":[{"role":"","content":"","name":null}]}', (" ", [("", "")])),
    ],
)
def test_what_rfc_8259_allows_is_accepted_and_other_fields_are_ignored(text, expected):
    assert accepted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b'{"conversation_id":"a","turns":[%s],}' % TURN,
        b'{"conversation_id":"a","turns":[%s]} {}' % TURN,
        b'{"conversation_id":"a","turns":[%s],"x":NaN}' % TURN,
        b'{"conversation_id":"a","turns":[%s],"x":-Infinity}' % TURN,
        b'{"conversation_id":"a","turns":[%s],"x":01}' % TURN,
        b'{"conversation_id":"a","turns":[%s],"x":.5}' % TURN,
        b'{"conversation_id":"a\tb","turns":[%s]}' % TURN,
        rb'{"conversation_id":"\x41","turns":[]}',
        rb'{"conversation_id":"\u12g4","turns":[]}',
        b"\xef\xbb\xbf{}",
        b"\x0c{}",
        "\u00a0{}".encode(),
        b"{'a':1}",
        b"{",
        b"nul",
    ],
)
def test_what_rfc_8259_does_not_allow_is_malformed(text):
    assert [(code, path) for code, path, _ in faults(text)] == [("malformed-json", "$")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'"NaN', "expected one JSON value, found a fault at column 5: the line ends too early"),
        (b'["NaN", NaN]', "expected one JSON value, found NaN at column 9"),
        ("[é, -Infinity]".encode(), "expected one JSON value, found a fault at column 2: invalid character"),
        (b'{"a":1,}', "expected one JSON value, found a fault at column 8: trailing comma in object"),
        (b"{} x", "expected one JSON value, found a fault at column 4: trailing characters"),
        ('["é", -Infinity]'.encode(), "expected one JSON value, found -Infinity at column 7"),
    ],
)
def test_a_malformed_line_is_told_at_its_column_in_characters(text, expected):
    assert [(code, path, said.partition(" (")[0]) for code, path, said in faults(text)] == [
        ("malformed-json", "$", expected)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":"\xff"}', "expected UTF-8, found byte 0xff at byte 7 of the line"),
        ("é".encode() + b"\xed\xa0\x80", "expected UTF-8, found byte 0xed at byte 3 of the line"),
        (b"\xe2\x82", "expected UTF-8, found byte 0xe2 at byte 1 of the line"),
    ],
)
def test_a_line_that_is_not_utf8_is_told_at_its_byte_and_nothing_else_is_said(text, expected):
    assert faults(text) == [("invalid-utf8", "$", expected)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[]", [("not-an-object", "$", "expected an object, found an array")]),
        (
            b"{}",
            [
                (
                    "missing-field",
                    "$.conversation_id",
                    "expected the field conversation_id, found no fields (also at $.turns)",
                )
            ],
        ),
        (
            b'{"conversation_id":1,"turns":"x"}',
            [("wrong-type", "$.conversation_id", "expected a string, found a number (also at $.turns)")],
        ),
        (
            b'{"conversation_id":"","turns":[]}',
            [
                ("empty-conversation-id", "$.conversation_id", "expected at least one character, found none"),
                ("empty-turns", "$.turns", "expected at least one turn, found none"),
            ],
        ),
        (
            b'{"conversation_id":"a","turns":[1,{"content":null},{"role":{},"content":"ok"}]}',
            [
                ("missing-field", "$.turns[1].role", "expected the field role, found field content"),
                (
                    "wrong-type",
                    "$.turns[1].content",
                    "expected a string, found null (also at $.turns[2].role)",
                ),
                ("turn-not-an-object", "$.turns[0]", "expected an object, found a number"),
            ],
        ),
        (
            rb'{"conversation_id":"\u0000","turns":[{"role":"a\u0000","content":"b"}],"x":"\u0000"}',
            [
                (
                    "nul-character",
                    "$.conversation_id",
                    "expected text, found NUL at character 1 (also at $.turns[0].role)",
                )
            ],
        ),
        (
            rb'{"conversation_id":"\udc00\ud800","turns":[],"x":{"\ud800":["a","\udbff"]}}',
            [
                (
                    "lone-surrogate",
                    "$.conversation_id",
                    "expected whole characters, found a lone surrogate escape (also at $.x, $.x.\ufffd[1])",
                ),
                ("empty-turns", "$.turns", "expected at least one turn, found none"),
            ],
        ),
    ],
)
def test_all_faults_of_a_line_are_told_at_once_each_at_its_first_place(text, expected):
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (b'["NaN", NaN]', 9),
        ('{"é": 1,}'.encode(), 9),
        (b'"never ended', 13),
        ("é".encode() + b"\xed\xa0\x80", 2),
        (b'["[[", ' + b"[" * 600, 7 + 512),
        ('["é]\\"", '.encode() + b"{}" * 9 + b"[" * 600, 9 + 18 + 512),
    ],
)
def test_a_fault_without_a_path_has_its_column_in_characters(text, column):
    verdict = judge_line(text, 7, 70, Limits())

    assert [finding.mismatch.column for finding in verdict] == [column]


@pytest.mark.parametrize("levels", [512, 513, 100_000])
def test_512_levels_are_read_and_513_are_refused(levels):
    inner = levels - 3  # the object, its turns, the turn
    value = b"[" * inner + b"]" * inner
    text = b'{"conversation_id":"a","turns":[{"role":"user","content":"hi","x":%s}]}' % value

    if levels == 512:
        assert accepted(text) == ("a", [("user", "hi")])
    else:
        assert faults(text) == [("nesting-too-deep", "$", "expected at most 512 levels, found more")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[]]", False),
        ("[[[]]]", True),
        ('{"a":[{', True),
        ("[],[],[],[]", False),
        ('"[[[["', False),
        (r'"\"[[[["', False),
        (r'"\\"[[[', True),
        ('"[[[[', False),
        ('"[[[[\\', False),
    ],
)
def test_only_brackets_outside_strings_nest(text, expected):
    assert is_deeper(text, limit=2) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1,2]", False),  # three marks
        ("[1,2,3]", True),
        ('["a"]', False),
        ('["a","b"]', True),  # two brackets, a comma, two texts
        ('"[[[[[,,,,,"', False),
        (r'"[[\\\"[[["', False),
        ('{"a":1}', False),
        ('{"a":{}}', True),
        ("a]a]a]a]", True),
        ('"[[[[', False),
    ],
)
def test_only_texts_and_what_stands_outside_them_are_counted(text, expected):
    assert is_too_full(text, limit=3) is expected


@pytest.mark.parametrize("piece", ["[],", '{"a":{}},', '"",', '[]"",', "]]a", "1,", "[[1],2],", 'ab"c"'])
def test_a_line_of_many_values_costs_little_more_memory_than_its_bytes(piece):
    """10 MB of `[],` once took 500 MB."""
    text = ("[" + piece * (600_000 // len(piece))).encode()

    tracemalloc.start()
    found = judge_line(text, 1, 0, Limits(max_values=100_000))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    expected = "expected at most 100,000 brackets, commas and texts, found more"
    assert [(finding.code, finding.fault) for finding in found] == [("too-many-values", expected)]
    assert peak_bytes < 3 * len(text)


def test_looking_for_depth_costs_little_more_memory_than_the_line():
    """A 10 MB string once took 1 GB."""
    text = "[]" * 600 + '"' + "a\\n" * 500_000 + '"'

    tracemalloc.start()
    is_deeper(text, limit=512)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 3 * len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user", "user"),
        ("a\nb\x1b[31m\u202e", "a\ufffdb\ufffd[31m\ufffd"),
        ("x" * 41, "x" * 40 + "…"),
        ("é" * 40, "é" * 40),
    ],
)
def test_a_datasets_text_is_safe_in_a_message(text, expected):
    assert printable(text) == expected
