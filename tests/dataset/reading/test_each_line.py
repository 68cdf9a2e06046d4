"""Lines that are judged once a text get what each would get alone; so do those that are told apart at a glance."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.faults import NotAsked
from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.formats.rows import BY_NAME, FORMATS
from pipeline.dataset.formats.rows.probe import Probe
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.block_verdicts import judge_block, judge_each
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.reading.judge_line import judge_line, unknown_object
from tests.engine_blocks import LIMITS, block_of, line_of
from tests.properties.hostile_files import KINDS, seeds

GOOD = line_of("a", ("user", "hi")).strip()
TRIFLES = [
    *(
        b"",
        b" ",
        b"\r",
        b"1",
        b"-1.5",
        b"1e999",
        b"9" * 5_000,
        b'"a"',
        b'"\\ud800"',
        b'"\\u0000"',
        b"true",
        b"null",
        b"{}",
    ),
    *(
        b"[]",
        b",",
        b'"',
        b"\0",
        b"\xff",
        b"{",
        b"[[[[",
        b"x",
        b" 1",
        b" x",
        b'{"a":1}',
        b'"\x01"',
        b'"\\x"',
        b"NaN",
        b"01",
    ),
    *(b'{"conversation_id":"a","turns":[{}]}', b'{"messages":[1]}', b'{"text":1}', b"[1]", b'[{"role":"user"}]'),
    *(b"[[]]", b'[[{"role":"user"}]]', b'["a",{"role":"user"}]', b'[{"text":"a"}]', b"[{}]", b"[null]", b"[1] 2"),
]
OF_ANY = frozenset(name for form in FORMATS for name in (unknown_object(form) or ((), ()))[0])


def alone(text: bytes, line: int, offset: int, limits: Limits, form: str) -> list[object]:
    """The findings of a line that is not blank, by the authority."""
    verdict = judge_line(text, line, offset, limits, BY_NAME[form])
    return [] if isinstance(verdict, FullConversation) else list(verdict)


@pytest.mark.parametrize("judge", [judge_block, judge_each])
@pytest.mark.parametrize("form", ["native", "openai", "plain-text", "sharegpt", "alpaca", "preference", "kto"])
def test_equal_trifles_get_what_each_gets_alone_at_its_own_place(judge, form):
    texts = [text for text in TRIFLES for _ in range(2)]
    block = block_of(b"\n".join(texts) + b"\n", line=7, offset=50)

    verdicts = judge(block, LIMITS, BY_NAME[form])

    places = zip(texts, block.lines_at.tolist(), block.offsets_at.tolist(), strict=True)
    expected = [found for text, *place in places if text.strip(b" \r") for found in alone(text, *place, LIMITS, form)]
    assert [finding for finding in verdicts.findings if finding.code != "blank-line"] == expected
    assert verdicts.blank_count == 6
    assert verdicts.rejected_count == block.line_count - 6 - len(verdicts.accepted)


@given(seed=seeds, form=st.sampled_from(["native", "openai", "plain-text", "alpaca"]), depth=st.sampled_from([2, 512]))
def test_hostile_lines_get_what_each_gets_alone(seed, form, depth):
    random = Random(seed)
    limits = Limits(max_nesting=depth, max_values=random.choice((3, 1_000_000)))
    texts = [random.choice(KINDS)(random, [GOOD]).replace(b"\n", b" ") for _ in range(5)]
    texts = [text for text in texts if text.strip(b" \t\r")] or [b"x"]
    block = block_of(b"\n".join(random.choices(texts, k=9)) + b"\n", line=2, offset=9)

    verdicts, _ = read_columns(block, limits, BY_NAME[form])

    places = zip(block.lines(), block.lines_at.tolist(), block.offsets_at.tolist(), strict=True)
    assert verdicts.findings == [found for place in places for found in alone(*place, limits, form)]


def test_rows_beside_lines_that_are_no_rows_keep_their_places_and_are_read_at_once():
    block: Block = block_of(b"\n".join([b"1", GOOD, b"", GOOD, b"x", GOOD, b""]), line=3, offset=20)

    verdicts = judge_block(block, LIMITS)

    assert verdicts.lines.tolist() == [4, 6, 8]
    assert verdicts.offsets.tolist() == [block.offsets_at[row] for row in (1, 3, 5)]
    assert verdicts.shape is not None
    assert [(finding.line, finding.code) for finding in verdicts.findings] == [
        (3, "not-an-object"),
        (5, "blank-line"),
        (7, "malformed-json"),
    ]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.title)
def test_objects_are_told_apart_by_the_fields_that_they_have(form):
    """Of those that have none of a format's fields nothing else is looked at; each field alone is."""
    own = (unknown_object(form) or (OF_ANY, ()))[0]
    values = ("1", "null", '"x"', "[]", "{}", '[{"role":"user","content":"x"}]')
    number = FORMATS.index(form)
    # Variants of one name have one reader: every value for the first of them, for another one each, in turn.
    is_first = next(each for each in FORMATS if each.name == form.name) == form
    texts = [
        f'{{"{name}":{value}}}'.encode()
        for place, name in enumerate([*sorted(own), "", "é", "x"], start=number)
        for value in (values if is_first else [values[place % 6]])
    ]
    # Of a field that only others have, one value each, and for every fourth format: no reader asks for it.
    others = list(enumerate(sorted(OF_ANY - own)))[number % 4 :: 4]
    texts += [f'{{"{name}":{values[n % 6]}}}'.encode() for n, name in others]
    texts += [b"[%b]" % held for held in (b"", b"1", b'"x"', b"[]", b"{}", b'[{"role":"user","content":"x"}]')]
    block = block_of(b"\n".join(texts) + b"\n")

    verdicts = judge_each(block, LIMITS, form)

    expected = [judge_line(text, n, int(block.offsets_at[n - 1]), LIMITS, form) for n, text in enumerate(texts, 1)]
    assert verdicts.findings == [found for each in expected if isinstance(each, list) for found in each]
    assert len(verdicts.accepted) == sum(isinstance(each, FullConversation) for each in expected)


def test_an_object_that_may_only_be_asked_lets_nobody_look_at_all_of_it():
    probe = Probe()

    assert (probe.get("a"), "b" in probe, probe.keys().isdisjoint({"c"}), probe.asked) == (None, False, True, {*"abc"})
    with pytest.raises(KeyError):
        probe["d"]
    for look in (len, bool, list, dict, set, lambda value: {**value}, lambda value: value == {}, sorted):
        with pytest.raises(NotAsked):
            look(probe)


def test_most_formats_decide_by_single_fields():
    """Where one does not, its lines are judged one by one, and cost more."""
    assert {form.name for form in FORMATS if unknown_object(form) is None} == {"brightrun-v4"}
