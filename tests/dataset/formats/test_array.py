"""An array is read row by row as `json` reads it whole, in any blocks; its faults reject a row at their place."""

import io
import json
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.block_verdicts import judge_block
from tests.properties.formats_reading import read_said
from tests.properties.formats_rows import BY_KIND, KINDS
from tests.properties.hostile_files import ACCIDENTS, SPACES, Literal, any_value, write
from tests.properties.slow_definition import Malformed, parse

seeds = st.integers(0, 2**32)
block_sizes = st.sampled_from([1, 2, 7, 64, 1_000, 2**22])
NATIVE_ROW = b'{"conversation_id": "%s", "turns": [{"role": "user", "content": "hi"}]}'
ONE, TWO = NATIVE_ROW % b"one", NATIVE_ROW % b"two"
UNREADABLE = {"malformed-json", "invalid-utf8", "nesting-too-deep"}


def rows_of(data: bytes, size: int) -> list[tuple[int, int, bytes]]:
    """Line, offset and text of each row; None for the text of one that cannot be read."""
    rows = []
    for block in read_array(io.BytesIO(data), 2**26, block_bytes=size):
        assert not block.faults
        rows += zip(block.lines_at.tolist(), block.offsets_at.tolist(), block.lines(), strict=True)
    return rows


def array_text(random: Random, rows: list[object]) -> bytes:
    """The rows as an array: pretty-printed, on one line, or with white space as it comes."""
    style = random.randrange(4)
    if style < 2:
        return json.dumps(rows, indent=[2, None][style], ensure_ascii=random.random() < 0.5).encode()
    if style == 2:
        return b"[\n" + b",\n".join(json.dumps(row).encode() for row in rows) + b"\n]\n"
    space = lambda: random.choice((*SPACES, "\n", "\r\n", "\n\n  "))  # noqa: E731
    items = (space() + write(row, random, freely=True) + space() for row in rows)
    return (space() + "[" + ",".join(items) + space() + "]" + space()).encode()


@given(seed=seeds, count=st.integers(1, 5), size=block_sizes)
def test_rows_are_what_json_reads_and_begin_where_they_say(seed, count, size):
    random = Random(seed)
    rows = [random.choice(KINDS).make(random, n) for n in range(count)]
    data = array_text(random, rows)

    found = rows_of(data, size)

    assert [json.loads(text) for _, _, text in found] == json.loads(data) == rows
    for line, offset, text in found:
        assert line == 1 + data[:offset].count(b"\n")
        assert data[offset : offset + 1] == text[:1]


@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 5), size=block_sizes)
def test_an_array_holds_the_conversations_of_the_same_rows_as_lines(kind, seed, count, size):
    """But for their places."""
    random = Random(seed)
    rows = [kind.make(random, n) for n in range(count)]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    data = array_text(random, rows)

    from_lines, found_in_lines = read_said(lines, kind.form)
    from_array, found_in_array = read_said(data, kind.form, is_array=True, block_bytes=size)

    assert found_in_lines == found_in_array == []
    assert len(from_array) == count
    assert [(one.turns, one.tools, one.label) for one in from_array] == [
        (one.turns, one.tools, one.label) for one in from_lines
    ]
    assert [one.line for one in from_array] == [1 + data[: one.offset].count(b"\n") for one in from_array]


@given(seed=seeds, count=st.integers(0, 4), size=block_sizes)
def test_an_array_is_faulty_exactly_when_it_is_no_json(seed, count, size):
    """Whatever accident happens to it, wherever blocks end: nothing is passed over, and nothing invented."""
    random = Random(seed)
    rows = [any_value(random) for _ in range(count)]
    data = b"[" + array_text(random, rows).strip(b" \t\r\n")[1:]
    for _ in range(random.choice((0, 1, 1, 2))):
        data = b"[" + random.choice(ACCIDENTS)(random, data[1:])

    found = set()
    for block in read_array(io.BytesIO(data), 2**26, block_bytes=size):
        found |= {finding.code for finding in judge_block(block, Limits()).findings}

    assert bool(found & UNREADABLE) == (not is_array(data))


def is_array(data: bytes) -> bool:
    try:
        return isinstance(parse(data.decode()), list)
    except (UnicodeDecodeError, Malformed):
        return False


@pytest.mark.parametrize("size", [1, 5, 2**22])
@pytest.mark.parametrize(
    ("data", "accepted", "faults"),
    [
        (b"[]", [], []),
        (b" [ \n ] \n", [], []),
        (b"[%s,\n%s]" % (ONE, TWO), [1, 2], []),
        (b"[%s,\n%s,\n]" % (ONE, TWO), [1, 2], [(3, "expected a row before the ']', found none")]),
        (b"[%s,\n,%s]" % (ONE, TWO), [1, 2], [(2, "expected a row before the ',', found none")]),
        (b"[,%s]" % ONE, [1], [(1, "expected a row before the ',', found none")]),
        (
            b"[%s,\n%s" % (ONE, TWO[:-1]),
            [1],
            [(2, "expected the array's ']', found the end of the file inside this row")],
        ),
        (
            b"[%s,\n%s\n" % (ONE, TWO),
            [1, 2],
            [(3, "expected the array's ']', found the end of the file behind the last row")],
        ),
        (b"[%s,\n" % ONE, [1], [(2, "expected the array's ']', found the end of the file before the array's ']'")]),
        (b"[", [], [(1, "expected the array's ']', found the end of the file before the array's ']'")]),
        (b"[%s]\n[%s]" % (ONE, TWO), [1], [(2, "expected nothing after the array's ']', found another array")]),
        (b"[%s\n}" % ONE, [1], [(2, "expected the array's ']', found '}'")]),
        (b"[}", [], [(1, "expected the array's ']', found '}'")]),
        (b"[%s]]" % ONE, [1], [(1, "expected nothing after the array's ']', found more text")]),
        (
            b"[%s\n%s]" % (ONE, TWO),
            [],
            [(1, f"expected one JSON value, found a fault at column {len(ONE) + 2}: trailing characters")],
        ),
    ],
    ids=lambda value: value.decode()[-12:] if isinstance(value, bytes) else "",
)
def test_what_is_wrong_around_rows_is_told_where_it_is(data, accepted, faults, size):
    said, findings = read_said(data, BY_KIND["native"].form, is_array=True, block_bytes=size)

    assert [one.line for one in said] == accepted
    assert [(finding.line, finding.code, finding.fault.partition(" (")[0]) for finding in findings] == [
        (line, "malformed-json", detail) for line, detail in faults
    ]


@pytest.mark.parametrize("size", [1, 7, 2**22])
def test_a_line_break_inside_a_string_is_no_json(size):
    data = b"[%s,\n%s]" % (ONE.replace(b"hi", b"h\ni"), TWO)

    said, findings = read_said(data, BY_KIND["native"].form, is_array=True, block_bytes=size)

    assert [(one.line, one.identity) for one in said] == [(3, "two")]
    assert [(finding.line, finding.code) for finding in findings] == [(1, "malformed-json")]


@pytest.mark.parametrize("size", [1, 7, 2**22])
def test_a_byte_order_mark_is_told_and_costs_no_row(size):
    data = b"\xef\xbb\xbf[%s,\n%s]" % (ONE, TWO)

    said, findings = read_said(data, BY_KIND["native"].form, is_array=True, block_bytes=size)

    assert [one.offset for one in said] == [data.index(ONE), data.index(TWO)]
    assert [(finding.line, finding.byte_offset, finding.code) for finding in findings] == [(1, 0, "byte-order-mark")]


LONG_TEXTS = (b"x" * 300, rb"\\\"]},{[" * 40, b"[{" * 150, rb"\\" * 151, rb"\"," * 99)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 2**22])
@pytest.mark.parametrize("text", LONG_TEXTS)
def test_a_row_over_the_maximum_is_too_long_and_all_others_are_read(size, text):
    limits = Limits(max_line_bytes=200)
    long = NATIVE_ROW % text
    data = b"[%s,\n %s ,\n%s, %s]" % (ONE, long, TWO, long)

    accepted, found = [], []
    for block in read_array(io.BytesIO(data), limits.max_line_bytes, block_bytes=size):
        verdicts = judge_block(block, limits)
        accepted += zip(verdicts.lines.tolist(), verdicts.offsets.tolist(), strict=True)
        found += [(finding.line, finding.byte_offset, finding.code) for finding in verdicts.findings]

    assert accepted == [(1, data.index(ONE)), (3, data.index(TWO))]
    assert found == [(2, data.index(long), "line-too-long"), (3, data.rindex(long), "line-too-long")]


@pytest.mark.parametrize("size", [1, 64, 2**22])
def test_a_long_row_that_never_ends_is_told(size):
    data = b"[%s,%s" % (ONE, (NATIVE_ROW % (b"x" * 300))[:-2])

    found = []
    for block in read_array(io.BytesIO(data), 200, block_bytes=size):
        found += [finding.code for finding in judge_block(block, Limits(max_line_bytes=200)).findings]

    assert found == ["line-too-long", "malformed-json"]


@example(rows=[Literal('"\\\\\\""'), Literal('"]"')], size=1)
@given(rows=st.lists(st.text('\\"[]{},:a', max_size=8).map(json.dumps).map(Literal), max_size=4), size=block_sizes)
def test_brackets_commas_and_quotes_in_strings_cut_nothing(rows, size):
    data = ("[" + ",".join(rows) + "]").encode()

    assert [text.decode() for _, _, text in rows_of(data, size)] == rows


@pytest.mark.parametrize("size", [1, 64, 2**22])
def test_rows_without_an_id_on_one_line_have_names_of_their_own(size):
    data = b'[{"text": "a"}, {"text": "b"},\n{"text": "c"},{"text": "d"}]'

    said, _ = read_said(data, BY_KIND["plain-text"].form, is_array=True, block_bytes=size)

    assert [one.identity for one in said] == ["row-1", "row-2", "row-3", "row-4"]
