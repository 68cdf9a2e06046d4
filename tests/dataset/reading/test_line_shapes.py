"""Lines of one shape get what each of them gets alone, and what may not be looked at is not looked at."""

import re
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.faults import NotAsked
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.block_verdicts import judge_each
from pipeline.dataset.reading.closed_values import TELLING, closed, telling_names
from pipeline.dataset.reading.each_line import MANY
from pipeline.dataset.reading.judge_line import codes_of_alike, judge_line
from pipeline.dataset.reading.line_shapes import shapes_of
from tests.engine_blocks import LIMITS, block_of
from tests.properties.hostile_files import KINDS, seeds
from tests.properties.mutated_rows import file_of

WORDS = ("a", "x9", "true", "7", "user", "gpt", "function_call", "text", "NaN", "_")
MARKED = (
    *(
        "a b",
        "x-",
        "é",
        "",
        " ",
        "{",
        "[1]",
        "\\n",
        '\\"',
        "a\\\\",
        "us\\u0065r",
        "\\/",
        "\\u00e9",
        "\\u0000",
        "</s>",
        "\\u2028",
        "\\u001f",
        "\\u0022",
        "\\u005c\\u005C",
        "x\\u0000\\ud800",
        "\\u0075\\u0073er",
        "\\\\u0000",
        "\\u0020",
    ),
    *(
        "\\ud800",
        "x\\udc00",
        "\\ud83d\\ude00",
        "\\ud83d\\ude00\\ude00",
        "\\ud83d\\ud83d\\ude00",
        "\\uD83",
        "\\x",
        "\t",
        "\\\\ud800",
    ),
)
NAMES = (
    b'"x1"',
    b'"x2"',
    b'"x 3"',
    b'"content"',
    b'"text"',
    b'"turns"',
    b'"x\\ud800"',
    b'"x\\n"',
    b'"x\\/"',
    b'"\\u0078"',
)
NUMBERS = ("1", "20", "999999999999999", "0", "9" * 16, "7.05", "1e5", "1e999", "-3", "01", "0.5", "2E-400", "0e+07")
ROWS = (
    *(b'{"messages":[1]}', b'{"messages":["a"]}', b'{"messages":[[1,[{}]]]}', b'{"text":1}', b'{"text":1.5}'),
    *(b'{"prompt":"a"}', b'{"prompt":"a","chosen":1}', b'{"messages":[{"role":"user","content":1}]}', b'["a"]'),
    *(b'{"conversation_id":"a","turns":[1]}', b'{"conversation_id":"a","turns":[{"role":"a"}]}', b'[1,{"role":"a"}]'),
    *(b'{"text":"a","tools":"a"}', b'{"messages":[{"role":"user","content":"a","weight":1}]}', b'{"text":"a" "a"}'),
    *(b'{"conversations":[{"from":"a","value":1}]}', b'{"prompt":"a","completion":"b","label":1}', b'{"text":1,}'),
    *(
        b'{"messages":{"x":1}}',
        b'{"x":1,"text":[]}',
        b'{"messages":[{"x":1}]}',
        b'{"x":{"y":[]},"prompt":{}}',
        b'[{"x":1}]',
    ),
    *(b'{"messages":[{"role":"assistant","content":[{"type":"text","text":1}]}]}', b'[{"role":"a","content":1}, 1]'),
)
A_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def varied(random: Random, text: bytes) -> bytes:
    """The text with other words, now and then names of fields, and other numbers outside its strings."""
    pieces = re.split(rb'("[^"]*")', text)
    return b"".join(
        A_NUMBER.sub(lambda _: random.choice(NUMBERS).encode(), piece)
        if place % 2 == 0
        else re.sub(rb'"\w+"', lambda _: b'"%b"' % random.choice((*WORDS, *WORDS, *MARKED)).encode(), piece)
        if not pieces[place + 1].startswith(b":")
        else random.choice((piece, piece, *NAMES))
        for place, piece in enumerate(pieces)
    )


def told(texts: list[bytes], form: str, limits: Limits = LIMITS) -> list[tuple[str, ...] | None]:
    """The codes of each as lines of one block, None for a row that is accepted."""
    verdicts = judge_each(block_of(b"\n".join(texts) + b"\n", offset=9), limits, BY_NAME[form])
    codes: list[list[str]] = [[] for _ in texts]
    for finding in verdicts.findings:
        codes[finding.line - 1].append(finding.code)
    return [tuple(each) or None for each in codes]


def told_alone(text: bytes, form: str) -> tuple[str, ...] | None:
    verdict = judge_line(text, 0, 0, LIMITS, BY_NAME[form])
    return None if isinstance(verdict, FullConversation) else tuple(finding.code for finding in verdict)


@pytest.mark.parametrize("form", [*BY_NAME][::3])  # the property below asks all of them
def test_wrong_rows_that_differ_in_words_and_numbers_get_what_each_gets_alone(form):
    random = Random(form)
    texts = [varied(random, row) for row in ROWS for _ in range(3 * MANY)]

    assert told(texts, form) == [told_alone(text, form) for text in texts]


@given(seed=seeds, form=st.sampled_from(list(BY_NAME)))
def test_changed_rows_of_any_format_get_what_each_gets_alone(seed, form):
    random = Random(seed)
    kind, data = file_of(random)
    rows = [row.replace(b'": ', b'":').replace(b'", "', b'","') for row in data.splitlines()[:2]]
    rows.append(random.choice(KINDS)(random, [ROWS[0]]).replace(b"\n", b" ").decode(errors="ignore").encode() or b"1")
    texts = [varied(random, row) for row in rows if row.strip(b" \t\r") for _ in range(2 * MANY)]

    assert told(texts, kind.form.name) == [told_alone(text, kind.form.name) for text in texts]
    assert told(texts, form) == [told_alone(text, form) for text in texts]


@pytest.mark.parametrize(
    "row", [row for row in ROWS if not re.search(rb'"role":"a"|label|weight|tools|from|type', row)]
)
@pytest.mark.parametrize("form", ["native", "openai", "preference"])
def test_most_shapes_are_told_without_a_look_at_words_and_numbers(row, form):
    """Else a megabyte of them would cost what sixty thousand judgements do."""
    assert codes_of_alike(row, BY_NAME[form]) == told_alone(row, form)


def test_texts_of_one_shape_differ_in_texts_of_a_kind_and_numbers_alone():
    """Words, texts with marks, and those with half a character."""
    alike = [b'{"a":"x","b":[1,2.5]}', b'{"a":"y_9","b":[77,10.05]}']
    marked = [
        b'{"a":"x y"}',
        b'{"a":"-"}',
        b'{"a":"\\n"}',
        b'{"a":"x\\"y"}',
        b'{"a":"\\ud83d\\ude00"}',
        '{"a":"é"}'.encode(),
    ]
    halved = [b'{"a":"x\\ud800"}', b'{"a":"\\n\\uDFFF y"}', b'{"a":"\\ude00\\ud83d"}']
    others = [
        *(b'{"a":"user","b":[1,2.5]}', b'{"c":"x","b":[1,2.5]}', b'{"a":"","b":[1,2.5]}', b'{"a":"x y","b":[1,2.5]}'),
        *(b'{"a":"x","b":[1,2]}', b'{"a":"x","b":[-1,2.5]}', b'{"a":"x","b":[01,2.5]}', b'{"a":"x","b":[1,2.5e9]}'),
        *(b'{"a":"x","b":[1,2.5e10]}', b'{"a":"x","b":[,2.5]}', b'{"a":1,"b":[1,2.5]}', b'{"a":"x","b":["1",2.5]}'),
    ]

    unsure = [b'{"a":"\\u0061"}', b'{"a":"\\u0000"}', b'{"a":"\\/"}', b'{"a":"\t"}']
    none = [b'{"a":"\\x"}', b'{"a":"\\ud8"}', b'{"a":"\\', b'{"a":\x01}', b'{"a', b"1" * 99]

    lines = block_of(b"\n".join([*alike, *marked, *halved, *others, *unsure, *none, b""]))
    shapes = shapes_of(lines, np.arange(lines.line_count), 99, are_names_told=True).tolist()

    others_count = len(others) + len(unsure)
    assert shapes == [0, 0, *[1] * len(marked), *[2] * len(halved), *range(3, 3 + others_count), *[-1] * len(none)]


def test_names_that_no_format_asks_for_are_alike_where_they_are_not_told():
    lines = block_of(b'{"a":1}\n{"b":2}\n{"b c":1}\n{"content":1}\n{"a":1,"b":1}\n{"":1}\n')

    shapes = [shapes_of(lines, np.arange(6), 99, are_names_told=told).tolist() for told in (False, True)]

    assert shapes == [[0, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]]


def test_an_object_with_fields_that_nobody_asks_for_is_asked_for_others_alone():
    shut: Any = closed({"a": 1, "b c": 2, "text": ""})

    assert (shut.get("text"), "content" in shut, shut.get("role"), bool(shut)) == ("", False, None, True)
    assert (shut in (None, "", [], {}), shut.keys().isdisjoint({"role", "text"})) == (False, False)
    assert frozenset({"role", "text"}) & shut.keys() == {"text"}
    for look in (
        len,
        list,
        str,
        dict,
        lambda v: v["a"],
        lambda v: "a" in v,
        lambda v: "b c" in v,
        lambda v: v == {"a": 1},
        lambda v: v.items(),
    ):
        with pytest.raises(NotAsked):
            look(shut)
    assert type(closed({"text": 1, "": 2})) is dict


@pytest.mark.parametrize("value", ["word", "two words", "\ud800", 5, 2.5])
def test_what_is_closed_is_known_by_its_type_alone(value):
    shut = closed(value)
    looks = [str, repr, hash, lambda v: v + v, lambda v: v < v, lambda v: v == value, lambda v: v != value]

    assert isinstance(shut, type(value))
    assert (shut == None, shut == [], shut in (None, [], {})) == (False, False, False)  # noqa: E711  # as `in` does
    for look in [*looks, lambda v: {v: 1}, "{}".format, lambda v: v in {"a", 1}]:
        with pytest.raises(NotAsked):
            look(shut)


def test_of_a_word_it_is_known_that_it_is_not_empty_and_has_no_marks():
    word = closed("word")

    assert (bool(word), word == "", "\0" in word, word.lstrip().startswith(("{", "["))) == (True, False, False, False)
    for look in (len, list, lambda v: v.upper(), lambda v: "w" in v, lambda v: v.startswith("w"), lambda v: v[:1]):
        with pytest.raises(NotAsked):
            look(word)


def test_of_a_text_with_marks_it_is_known_that_it_is_no_word():
    text = closed("a-b")

    assert (bool(text), text == "", text == "user", text == "word", "\0" in text) == (True, False, False, False, False)
    assert (closed("user"), closed("")) == ("user", "")
    for look in (
        lambda v: v.strip(),
        lambda v: v == "a b",
        lambda v: v.startswith("{"),
        lambda v: v.lstrip(),
        lambda v: "-" in v,
    ):
        with pytest.raises(NotAsked):
            look(text)


def test_of_a_text_with_a_nul_it_is_known_that_it_has_one():
    text = closed("a\0b")

    assert (bool(text), "\0" in text, text == "", text == "user", text == "word") == (True, True, False, False, False)
    for look in (lambda v: "a" in v, lambda v: v.index("b"), lambda v: v == "a\0b", lambda v: v.strip()):
        with pytest.raises(NotAsked):
            look(text)


def test_words_that_formats_ask_for_have_no_letter_that_is_told_only_by_an_escape():
    """Else a text with such an escape might be one of them."""
    assert [
        word
        for word in (*TELLING, *telling_names())
        if not word.isascii() or not word.isprintable() or {*word} & {*'"\\'}
    ] == []


def test_half_a_character_is_told_by_shape_where_no_name_may_hide_it():
    one, two = b'{"text":"a\\ud800","x":1}', b'{"text":[],"x":"\\ud800","y":1}'

    assert (codes_of_alike(one, BY_NAME["plain-text"]), told_alone(one, "plain-text")) == (("lone-surrogate",),) * 2
    assert (codes_of_alike(two, BY_NAME["plain-text"]), told_alone(two, "plain-text")) == (
        None,
        ("lone-surrogate", "wrong-type"),
    )


def test_what_is_written_in_another_way_is_of_one_shape():
    """Letters as escapes, NULs in texts, and numbers of any size: each cost 1 to 1.5 s a megabyte, all different."""
    texts = [
        *(rb'{"text":[],"x":"ab"}', rb'{"text":[],"x":"\u0061b"}'),
        *(rb'{"text":[],"x":"a/"}', rb'{"text":[],"x":"\/\u0061"}', rb'{"text":[],"x":"\u00e9\u0022"}'),
        *(rb'{"text":"a\u0000"}', rb'{"text":"\u0000 b"}'),
        *(b'{"text":1e5}', b'{"text":77e999}', b'{"text":1234567890123456789e5}'),
        *(b'{"text":1}', b'{"text":1234567890123456}', b'{"text":' + b"9" * 40 + b"}"),
        *(rb'{"text":[],"x":"\u0075ser"}', rb'{"text":"\u0000\ud800"}'),
    ]
    lines = block_of(b"\n".join([*texts, b""]))

    shapes = shapes_of(lines, np.arange(lines.line_count), 99).tolist()

    assert shapes == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6]
    assert [codes_of_alike(text, BY_NAME["plain-text"]) for text in texts] == [
        told_alone(text, "plain-text") for text in texts
    ]


def test_limits_hold_for_lines_of_a_shape():
    texts = [b'{"messages":[%d]}' % number for number in range(100, 120)]

    told_by = [told(texts, "openai", limits) for limits in (Limits(10), Limits(max_nesting=1), Limits(max_values=2))]

    assert told_by == [[(code,)] * 20 for code in ("line-too-long", "nesting-too-deep", "too-many-values")]


def test_blank_lines_are_of_no_shape():
    block = block_of(b"\n".join([*[b"1,%d" % number for number in range(20)], b" ", b"", b"2,7", b""]), offset=9)

    verdicts = judge_each(block, LIMITS)

    assert [finding.code for finding in verdicts.findings] == [
        *["malformed-json"] * 20,
        *["blank-line"] * 2,
        "malformed-json",
    ]
