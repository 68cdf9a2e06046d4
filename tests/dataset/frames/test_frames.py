"""The frames of a block hold what its Parquet files hold, and keep their schemas whatever the block lacks."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.frames.frames import Frames, frames_of
from pipeline.dataset.frames.warnings import WARNING_RULES, warning_groups
from pipeline.dataset.model.frame_columns import CONVERSATIONS, TURNS, TurnColumns
from pipeline.dataset.profiles.profile_rows import conversation_rows, turn_rows
from pipeline.dataset.profiles.row_measures import RowMeasures
from pipeline.dataset.reading.columns import read_columns
from tests.dataset.rich_rows import CALL
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of

MEASURED = ("char_count", "token_count", "language")
RICH = {
    "messages": [
        {"role": "user", "content": "Cold tea?", "weight": 0, "name": "ana"},
        {"role": "assistant", "content": "", "tool_calls": CALL},
        {"role": "tool", "content": "yes", "tool_call_id": "c1"},
        {"role": "assistant", "content": "<think>So</think>Yes.", "weight": 1},
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
}
PREFERENCE = {"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Hello."}]}
PREFERENCE["rejected"] = [{"role": "assistant", "content": "What?"}]


def frames(form: str, *rows: dict[str, object]) -> Frames:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return frames_of(read_columns(block_of(data), LIMITS, BY_NAME[form])[1])


BLOCKS = [
    frames("openai", RICH, {"messages": RICH["messages"][:1]}),
    frames("preference", PREFERENCE),
    frames_of(columns_of(line_of("a", ("user", "Grüße 茶"), ("critic", "")), line_of("b", ("assistant", "ok")))),
    frames_of(columns_of(b"{}\n")),
]


@pytest.mark.parametrize("block", BLOCKS, ids=["rich", "preference", "plain", "nothing"])
def test_every_block_has_the_declared_schemas(block):
    assert block.conversations.schema == pl.Schema(CONVERSATIONS)
    assert block.turns.schema == pl.Schema(TURNS)


@pytest.mark.parametrize("block", BLOCKS[:3], ids=["rich", "preference", "plain"])
def test_the_frames_are_what_is_written(block):
    """Columns of the lake's tables have its values; only how texts are encoded differs."""
    count = len(block.conversations)
    written = {
        "conversations": conversation_rows(block.columns, b"\0" * 16 * count, RowMeasures(np.zeros(count), None, None)),
        "turns": turn_rows(block.columns),
    }
    for name, frame in (("conversations", block.conversations), ("turns", block.turns)):
        table = pl.DataFrame({column: pl.from_arrow(array) for column, array in written[name].items()})
        shared = [column for column in table.columns if column in frame.columns]
        assert set(table.columns) - set(shared) <= {"turns_hash", *MEASURED}
        as_text = table.select(shared).with_columns(pl.col(pl.Categorical).cast(pl.String))
        assert_frame_equal(frame.select(shared), as_text)


@given(flags=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_counting_before_is_counting_in_each_part(flags):
    """A running sum against its value at the beginning of the part equals counting turn by turn."""
    begins = [True, *(begin for begin, _ in flags[1:])]
    flagged = [flag for _, flag in flags]
    frame = pl.DataFrame({"begin": begins, "flag": flagged})

    counted = frame.select(TurnColumns().count_before(pl.col("begin"), pl.col("flag")))

    expected, before = [], 0
    for begin, flag in zip(begins, flagged, strict=True):
        before = 0 if begin else before
        expected.append(before)
        before += flag
    assert counted.to_series().to_list() == expected


@pytest.mark.parametrize("rule", WARNING_RULES, ids=lambda rule: rule.kind.code)
def test_a_rule_gives_one_flag_a_row_and_says_why_in_english(rule):
    for block in BLOCKS[:3]:
        for group in warning_groups(block, [rule]):
            assert group.code == rule.kind.code
            assert np.all(np.diff(group.rows) > 0)
            assert all(finding.mismatch.expected for finding in group.findings())
