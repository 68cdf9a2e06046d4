"""Texts of one shape get what each of them gets alone, and what may not be looked at is not looked at."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.faults import NotAsked
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.alike_texts import opaque, shapes_of
from pipeline.dataset.reading.judge_line import codes_of_alike, judge_line
from pipeline.dataset.reading.text_judge import MANY, TextJudge
from tests.engine_blocks import LIMITS
from tests.properties.hostile_files import KINDS, seeds
from tests.properties.mutated_rows import file_of

WORDS = ("a", "x9", "true", "7", "user", "gpt", "function_call", "text", "NaN", "_")
NUMBERS = ("1", "20", "999999999999999", "0", "9" * 16, "7.05", "1e5", "1e999", "-3", "01", "0.5")
ROWS = (
    *(b'{"messages":[1]}', b'{"messages":["a"]}', b'{"messages":[[1,[{}]]]}', b'{"text":1}', b'{"text":1.5}'),
    *(b'{"prompt":"a"}', b'{"prompt":"a","chosen":1}', b'{"messages":[{"role":"user","content":1}]}', b'["a"]'),
    *(b'{"conversation_id":"a","turns":[1]}', b'{"conversation_id":"a","turns":[{"role":"a"}]}', b'[1,{"role":"a"}]'),
    *(b'{"text":"a","tools":"a"}', b'{"messages":[{"role":"user","content":"a","weight":1}]}', b'{"text":"a" "a"}'),
    *(b'{"conversations":[{"from":"a","value":1}]}', b'{"prompt":"a","completion":"b","label":1}', b'{"text":1,}'),
    *(b'{"messages":[{"role":"assistant","content":[{"type":"text","text":1}]}]}', b'[{"role":"a","content":1}, 1]'),
)
A_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def varied(random: Random, text: bytes) -> bytes:
    """The text with other words, and other numbers outside its strings."""
    pieces = re.split(rb'("[^"]*")', text)
    return b"".join(
        A_NUMBER.sub(lambda _: random.choice(NUMBERS).encode(), piece)
        if place % 2 == 0
        else re.sub(rb'"\w+"', lambda _: b'"%b"' % random.choice(WORDS).encode(), piece)
        if not pieces[place + 1].startswith(b":")
        else piece
        for place, piece in enumerate(pieces)
    )


def told(texts: list[bytes], form: str) -> list[tuple[str, ...] | None]:
    """The codes of each, None for a row that is accepted."""
    judged = TextJudge(LIMITS, BY_NAME[form], is_utf8=True).judge_all(texts)
    return [verdict if isinstance(verdict, tuple) else None for verdict in judged]


def told_alone(text: bytes, form: str) -> tuple[str, ...] | None:
    verdict = judge_line(text, 0, 0, LIMITS, BY_NAME[form])
    return None if isinstance(verdict, FullConversation) else tuple(finding.code for finding in verdict)


@pytest.mark.parametrize("form", BY_NAME)
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


def test_texts_of_one_shape_differ_in_plain_words_and_numbers_alone():
    alike = [b'{"a":"x","b":[1,2.5]}', b'{"a":"y_9","b":[77,10.05]}']
    others = [
        *(b'{"a":"user","b":[1,2.5]}', b'{"c":"x","b":[1,2.5]}', b'{"a":"","b":[1,2.5]}', b'{"a":"x y","b":[1,2.5]}'),
        *(b'{"a":"x","b":[1,2]}', b'{"a":"x","b":[-1,2.5]}', b'{"a":"x","b":[01,2.5]}', b'{"a":"x","b":[1,2.5e9]}'),
        *(b'{"a":"x","b":[1,2.5e10]}', b'{"a":"x","b":[,2.5]}', b'{"a":1,"b":[1,2.5]}', b'{"a":"x","b":["1",2.5]}'),
    ]

    shapes = shapes_of([*alike, *others, b'{"a":"\\n"}', b'{"a":\x01}']).tolist()

    assert shapes == [0, 0, *range(1, len(others) + 1), -1, -1]


@pytest.mark.parametrize("value", ["word", 5, 2.5])
def test_what_is_closed_is_known_by_its_type_alone(value):
    closed = opaque(value)
    looks = [str, repr, hash, lambda v: v + v, lambda v: v < v, lambda v: v == value, lambda v: v != value]

    assert isinstance(closed, type(value))
    assert (closed == None, closed == [], closed in (None, [], {})) == (False, False, False)  # noqa: E711  # as `in` does
    for look in [*looks, lambda v: {v: 1}, "{}".format, lambda v: v in {"a", 1}]:
        with pytest.raises(NotAsked):
            look(closed)


def test_of_a_word_it_is_known_that_it_is_not_empty_and_has_no_marks():
    word = opaque("word")

    assert (bool(word), word == "", "\0" in word, word.lstrip().startswith(("{", "["))) == (True, False, False, False)
    for look in (len, list, str.upper, lambda v: "w" in v, lambda v: v.startswith("w"), lambda v: v[:1]):
        with pytest.raises(NotAsked):
            look(word)


def test_limits_hold_for_texts_of_a_shape():
    texts = [b'{"messages":[%d]}' % number for number in range(100, 120)]

    for limits in (Limits(max_line_bytes=10), Limits(max_nesting=1), Limits(max_values=2)):
        judged = list(TextJudge(limits, BY_NAME["openai"], is_utf8=True).judge_all(texts))
        expected = {
            tuple(each.code for each in TextJudge(limits, BY_NAME["openai"], is_utf8=True).findings(texts[0], 0, 0))
        }
        assert set(judged) == expected
