"""The fast reader accepts exactly what the rule for one line accepts; every line gets one verdict."""

import io
from random import Random

import pytest
from hypothesis import given

from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.block_verdicts import judge_block, judge_each
from pipeline.dataset.reading.judge_line import judge_line
from tests.engine_blocks import LIMITS, block_of, line_of
from tests.properties.hostile_files import KINDS, seeds

GOOD = line_of("a", ("user", "hi"))
TWO = line_of("a", ("user", "hi"), ("assistant", "hello"))
MALFORMED_2_3 = [(2, "malformed-json"), (3, "malformed-json")]


def outcomes(verdicts) -> tuple[list[tuple[int, int, str]], list[tuple[int, str]], int, int]:
    """Accepted (line, offset, id), findings (line, code), rejected, blank."""
    places = zip(verdicts.lines.tolist(), verdicts.offsets.tolist(), strict=True)
    accepted = [(*place, identity) for place, identity in zip(places, verdicts.identities, strict=True)]
    findings = [(finding.line, finding.code) for finding in verdicts.findings]
    return accepted, findings, verdicts.rejected_count, verdicts.blank_count


def test_a_faultless_block_is_accepted_with_its_places():
    block = block_of(GOOD + GOOD.replace(b"\n", b"\r\n"), line=10, offset=500)

    assert outcomes(judge_block(block, LIMITS)) == ([(10, 500, "a"), (11, 500 + len(GOOD), "a")], [], 0, 0)


@pytest.mark.parametrize(
    ("data", "accepted", "findings", "rejected", "blank"),
    [
        (GOOD + GOOD.strip() + GOOD, [1], [(2, "malformed-json")], 1, 0),
        (GOOD.strip() + b" " + GOOD, [], [(1, "malformed-json")], 1, 0),
        (GOOD.replace(b', "turns"', b',\n"turns"'), [], [(1, "malformed-json"), (2, "malformed-json")], 2, 0),
        (GOOD.replace(b"}]", b"}\n]") + GOOD, [3], [(1, "malformed-json"), (2, "malformed-json")], 2, 0),
        (GOOD + b"\n" + GOOD, [1, 3], [(2, "blank-line")], 0, 1),
        (b"\xef\xbb\xbf" + GOOD, [1], [(1, "byte-order-mark")], 0, 0),
        (GOOD + b"\xef\xbb\xbf" + GOOD, [1], [(2, "malformed-json")], 1, 0),
        (b"\xef\xbb\xbf\n" + GOOD, [2], [(1, "byte-order-mark"), (1, "blank-line")], 0, 1),
        (GOOD + line_of("", ("user", "hi")), [1], [(2, "empty-conversation-id")], 1, 0),
        (GOOD + line_of("a"), [1], [(2, "empty-turns")], 1, 0),
        (GOOD + line_of("b", ("user", "hi"), extra=[1]), [1, 2], [], 0, 0),
        (GOOD.replace(b'"hi"', b'"\xff"') + GOOD, [2], [(1, "invalid-utf8")], 1, 0),
        (GOOD.replace(b"}\n", b', "x": "\xff"}\n') + GOOD, [2], [(1, "invalid-utf8")], 1, 0),
        (b" " + GOOD + b"\t\r\n", [1], [(2, "blank-line")], 0, 1),
        (b"}{\n", [], [(1, "malformed-json")], 1, 0),
        # As many values as lines, but not one a line.
        (TWO.replace(b"}, {", b"},\n{").strip() + GOOD, [], [(1, "malformed-json"), (2, "malformed-json")], 2, 0),
        (TWO.replace(b"}]", b"}\n]").strip() + GOOD, [], [(1, "malformed-json"), (2, "malformed-json")], 2, 0),
        (b"{}\n" + TWO.replace(b"}]", b"}\n]").strip() + GOOD, [], [(1, "missing-field"), *MALFORMED_2_3], 3, 0),
    ],
)
def test_whatever_is_unusual_is_looked_at_line_by_line(data, accepted, findings, rejected, blank):
    got_accepted, *others = outcomes(judge_block(block_of(data), LIMITS))

    assert ([line for line, *_ in got_accepted], *others) == (accepted, findings, rejected, blank)


@given(seed=seeds)
def test_line_by_line_agrees_with_the_rule_for_one_line(seed):
    random = Random(seed)
    text = random.choice(KINDS)(random, [GOOD.strip()]).replace(b"\n", b" ") or b"x"

    verdicts = judge_each(block_of(text + b"\n", line=2, offset=9), LIMITS)

    if text.strip(b" \t\r"):
        rule = judge_line(text, 2, 9, LIMITS)
        is_accepted = isinstance(rule, FullConversation)
        assert len(verdicts.accepted) == is_accepted
        assert verdicts.findings == ([] if is_accepted else rule)


@pytest.mark.parametrize("judge", [judge_block, judge_each])
@pytest.mark.parametrize("form", [NATIVE, BY_NAME["openai"]])
def test_a_line_with_too_many_values_is_rejected_however_it_is_read(judge, form):
    right = b'{"conversation_id":"a","turns":[{"role":"user","content":"[],[],[],[],[]"}]}\n'
    if form is not NATIVE:
        right = b'{"messages":[{"role":"user","content":"[],[],[],[],[]"}]}\n'
    wrong = right[:-2] + b',"x":[[],[],[],[]]}\n'
    block = next(read_blocks(io.BytesIO(right + wrong + right), 1_000))

    verdicts = judge(block, Limits(max_values=20), form)

    assert [(finding.line, finding.code) for finding in verdicts.findings] == [(2, "too-many-values")]
    assert (verdicts.lines.tolist(), verdicts.rejected_count) == ([1, 3], 1)


@pytest.mark.parametrize("block_bytes", [1, 8, 1_000])
def test_a_line_over_the_maximum_is_too_long_whatever_it_holds_and_however_it_is_read(block_bytes):
    """Also one of white space, and one with a byte order mark: a reader that skips a line cannot know."""
    lines = [b"\xef\xbb\xbf" + b"x" * 30, b" " * 33, b"\xff" * 33, b"{" * 33, b" " * 32]
    data = b"".join(line + b"\n" for line in lines)
    limits = Limits(max_line_bytes=32)

    found = []
    for block in read_blocks(io.BytesIO(data), limits.max_line_bytes, block_bytes=block_bytes):
        found += [(finding.line, finding.code, finding.fault) for finding in judge_block(block, limits).findings]

    too_long = "expected at most 32 bytes, found 33"
    assert found == [
        *((line, "line-too-long", too_long) for line in (1, 2, 3, 4)),
        (5, "blank-line", "expected a JSON object, found a blank line"),
    ]
