"""Plain rows are read one by one where some of a block are not: what those cost, the others do not."""

from random import Random

import pytest

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.reading.plain_lines import PlainReader
from pipeline.dataset.reading.text_judge import TextJudge
from tests.engine_blocks import LIMITS, block_of
from tests.properties.formats_rows import USUAL_KINDS
from tests.properties.formats_spoiling import line

_SAMPLED = 16
RIGHT = {
    "alpaca": b'{"instruction":"a","input":null,"output":"b"}',
    "native": b'{"conversation_id":"a","turns":[{"role":"x","content":"b","weight":0.5}]}',
    "openai": rb'{"messages":[{"role":"user","content":"a\\u0000"}]}',
    "kto": b'{"prompt":"a","completion":"b","label":true}',
    "llamafactory-v1": b'{"messages":[{"role":"user","content":[{"type":"text","value":"a"}]}]}',
    "preference": (
        b'{"prompt":"a","chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}'
    ),
}
NOT_PLAIN = (
    ("alpaca", b'{"instruction":null,"output":"b"}'),
    ("alpaca", b'{"instruction":"a","input":1,"output":"b"}'),
    ("native", b'{"conversation_id":"","turns":[{"role":"x","content":"b"}]}'),
    ("native", b'{"conversation_id":"a","turns":[]}'),
    ("native", b'{"conversation_id":"a","turns":[{"role":"x","content":"b","weight":-1}]}'),
    ("openai", rb'{"messages":[{"role":"user","content":"\u0000"}]}'),
    ("openai", b'{"messages":[{"role":"user","content":2}]}'),
    ("openai", b'{"messages":[{"role":"user","content":"\xff"}]}'),
    ("openai", b'{"messages":[{"role":"user","content":"b"}],"x":[[[[[[1]]]]]]}'),
    ("kto", b'{"prompt":"a","completion":"b","label":1}'),
    ("llamafactory-v1", b'{"messages":[{"role":"user","content":[{"type":"text","value":1}]}]}'),
    ("preference", RIGHT["preference"].replace(b"assistant", b"user", 1)),
)


@pytest.fixture
def judged(monkeypatch) -> list[bytes]:
    """The lines that are judged by themselves."""
    texts: list[bytes] = []
    judge = TextJudge.judge
    monkeypatch.setattr(TextJudge, "judge", lambda self, text: texts.append(text) or judge(self, text))
    return texts


@pytest.mark.parametrize("kind", USUAL_KINDS, ids=lambda kind: kind.name)
def test_a_wrong_row_among_right_ones_is_judged_by_itself_and_they_are_not(kind, judged):
    """In every format, whatever is wrong: 1.6 s a megabyte of rows of one word, where each was."""
    random = Random(7)
    right = kind.lines(random, 100)
    wrong = [b'{"x":1}', b"\xff", b'{"a":"\xff"}', rb'{"a":"\u0000"}', line(random, kind, 1)]
    shuffled = random.sample([*right, *wrong], 105)

    verdicts, columns = read_columns(block_of(b"\n".join([right[0], *shuffled, b""])), LIMITS, kind.form)

    assert len(verdicts.accepted) in (101, 102)
    assert len(columns.ids) == len(verdicts.accepted)
    assert not {*judged} & {*right}


@pytest.mark.parametrize("row", [b'{"messages":[%d]}', b'{"messages":[{"role":"user","content":%d}]}'])
def test_a_line_that_is_no_utf8_does_not_hold_up_what_is_told_of_many_others(row, judged):
    lines = [*(row % number for number in range(200)), b'"\xff', '"é'.encode()]

    verdicts, _ = read_columns(block_of(b"\n".join([*lines, b""]), line=2, offset=9), LIMITS, BY_NAME["openai"])

    codes = [finding.code for finding in verdicts.findings]
    assert (verdicts.rejected_count, codes[-2:]) == (202, ["invalid-utf8", "malformed-json"])
    assert len(judged) <= _SAMPLED


@pytest.mark.parametrize("form", RIGHT)
def test_a_row_is_plain_whatever_beside_it_is_not(form):
    reader = PlainReader(Limits(max_nesting=6), BY_NAME[form], is_utf8=False)
    shape = reader.shape_of([RIGHT[form]])
    others = [text for name, text in NOT_PLAIN if name == form]

    rows = reader.read([*others, RIGHT[form]], shape)

    assert [row is not None for row in rows] == [*(False for _ in others), True]


def test_lines_of_which_fewer_than_half_are_plain_are_read_in_other_ways_first():
    reader = PlainReader(LIMITS, BY_NAME["openai"], is_utf8=True)

    assert reader.shape_of([RIGHT["openai"], b"{}", b"[]"]) is None
    assert reader.shape_of([RIGHT["openai"], b"{}"]) is not None
