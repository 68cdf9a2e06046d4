"""Columns hold what the lines hold, and faults that only whole texts show still reject just their line."""

import pytest

from pipeline.dataset.model.conversation import KNOWN_ROLES, Limits
from pipeline.dataset.reading.columns import read_columns
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of


def test_columns_are_the_conversations_in_file_order():
    columns = columns_of(
        line_of("a", ("user", "two words"), ("bot", "é😀"), ("assistant", "")), line_of("b", ("bot", "x\n\ty z"))
    )

    assert columns.ids.to_pylist() == ["a", "b"]
    assert columns.lines.tolist() == [1, 2]
    assert columns.turn_counts.tolist() == [3, 1]
    assert columns.turn_starts.tolist() == [0, 3, 4]
    assert columns.role_names == [*KNOWN_ROLES, "bot"]
    assert [columns.role_names[code] for code in columns.roles] == ["user", "bot", "assistant", "bot"]
    assert columns.contents.to_pylist() == ["two words", "é😀", "", "x\n\ty z"]
    assert columns.word_counts.tolist() == [2, 1, 0, 3]
    assert columns.turn(1) == {"role": "bot", "content": "é😀"}


def test_no_accepted_line_gives_empty_columns():
    columns = columns_of(b"{}\n")

    assert (columns.ids.to_pylist(), columns.turn_starts.tolist(), columns.contents.to_pylist()) == ([], [0], [])


GOOD = line_of("good", ("user", "hi"))
DEEP = b"[" * 600 + b"]" * 600


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (GOOD.replace(b'"hi"', b"4"), "wrong-type"),
        (GOOD.replace(b'"hi"', b'["hi"]'), "wrong-type"),
        (GOOD.replace(b'"hi"', rb'"h\u0000i"'), "nul-character"),
        (GOOD.replace(b'"user"', rb'"\u0000"'), "nul-character"),
        (GOOD.replace(b'"good"', rb'"\u0000"'), "nul-character"),
        (GOOD.replace(b'"hi"', DEEP), "nesting-too-deep"),
        (GOOD.replace(b'"content"', b'"content": %s, "content"' % DEEP), "nesting-too-deep"),
        (GOOD.replace(b'"content"', rb'"conten\u0074": %s, "content"' % DEEP), "nesting-too-deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_seen_late_rejects_its_line_and_no_other(bad, code):
    block = block_of(GOOD + bad + GOOD)

    verdicts, columns = read_columns(block, LIMITS)

    assert [(finding.line, finding.code) for finding in verdicts.findings] == [(2, code)]
    assert columns.lines.tolist() == [1, 3]
    assert columns.contents.to_pylist() == ["hi", "hi"]


@pytest.mark.parametrize(
    "good",
    [
        GOOD.replace(b'"content"', b'"content": %s, "content"' % (b"[" * 509 + b"]" * 509)),
        GOOD.replace(b'"content"', b'"content": [%s], "content"' % b",".join([b"[]"] * 600)),
        line_of("x" * 2_000, ("user", "hi")),
        line_of("a", ("user", "[" * 2_000)),
    ],
    ids=["509 levels", "600 shallow", "long id", "only text"],
)
def test_what_is_only_long_or_only_looks_deep_is_accepted(good):
    verdicts, columns = read_columns(block_of(GOOD + good), LIMITS)

    assert (verdicts.findings, columns.lines.tolist()) == ([], [1, 2])


@pytest.mark.parametrize("max_nesting", [3, 4, 5, 6])
def test_nesting_is_counted_in_a_content_that_does_not_count(max_nesting):
    line = GOOD.replace(b'"content"', b'"content": [[]], "content"')

    verdicts, _ = read_columns(block_of(line), Limits(max_nesting=max_nesting))

    assert len(verdicts.accepted) == (max_nesting >= 5)
