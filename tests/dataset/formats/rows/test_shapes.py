"""The usual rows of every format are read a block at a time, and nothing else is taken for them."""

import json
from random import Random

import pytest

from pipeline.dataset.formats.mapping import Mapping, format_of
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.reading.block_verdicts import judge_block
from pipeline.dataset.reading.columns import read_columns
from tests.properties.formats_reading import LIMITS, blocks, judge_exactly, read_said
from tests.properties.formats_rows import KINDS, USUAL_KINDS

# What has calls, tools or parts, or must be compared turn by turn, is read row by row.
ROW_BY_ROW = {
    "brightrun",
    "native-rich",
    "gemini-rich",
    "openai-rich",
    "openai-functions",
    "sharegpt-tools",
    "preference-implicit",
    "preference-openai",
    "v1-preference",
    "preference-swift",
    "bedrock-rich",
    "xlam",
    "request-log",
    "segments",
    "glaive",
    "guanaco",
    "chatgpt-export",
    "hub-rows",
    "oasst-tree",
}
# Whose rows say more than texts, repeat their turns, or are found by walking: they have none.
WITHOUT = {"brightrun-v4", "xlam", "request-log", "segments", "glaive", "guanaco", "chatgpt-export", "hub-rows"}


@pytest.mark.parametrize("kind", USUAL_KINDS, ids=lambda kind: kind.name)
def test_files_of_usual_rows_never_reach_the_reader_of_single_rows(kind):
    data = b"".join(line + b"\n" for line in kind.lines(Random(7), 50))
    (block,) = blocks(data)

    verdicts, columns = read_columns(block, LIMITS, kind.form)

    assert verdicts.shape is not None
    assert (len(verdicts.accepted), len(columns.ids), verdicts.findings) == (50, 50, [])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_is_read_by_a_shape_unless_it_says_more_than_texts(kind):
    for line in kind.lines(Random(11), 20):
        (block,) = blocks(line + b"\n")

        is_quick = judge_block(block, LIMITS, kind.form).shape is not None

        assert is_quick == (kind.name not in ROW_BY_ROW)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_format_of_texts_has_shapes(name):
    assert bool(BY_NAME[name].shapes) == (name not in WITHOUT)


HARD_ROWS = {
    "alpaca": [
        {"instruction": "", "input": "a", "output": "b"},
        {"instruction": "a", "input": None, "system": None, "history": None, "output": "b"},
        {"instruction": "a", "input": 12, "output": "b"},
        {"instruction": "a", "input": [], "output": "b"},
        {"instruction": 12, "input": "a", "output": "b"},
        {"instruction": None, "input": "a", "output": "b"},
        {"instruction": "a", "output": "b", "response": "b"},
        {"instruction": "a", "output": None, "response": "b"},
        {"instruction": "a", "history": [["a", "b", "c"]], "output": "b"},
        {"instruction": "a", "history": [["a", 1]], "output": "b"},
        {"instruction": "a", "output": "b", "tools": "[]"},
    ],
    "openai": [
        {"messages": [{"role": "assistant", "content": "a", "weight": 1e6}]},
        {"messages": [{"role": "assistant", "content": "a", "weight": -0.0}]},
        {"messages": [{"role": "assistant", "content": "a", "weight": True}]},
        {"messages": [{"role": "assistant", "content": "a", "weight": None, "loss_weight": 0}]},
        {"messages": [{"role": "assistant", "content": "a", "weight": 0.5, "loss_weight": 2e6}]},
        {"messages": [{"role": "assistant", "content": "a", "name": None, "tool_calls": None}]},
        {"messages": [{"role": "assistant", "content": "a", "name": "b", "value": "c"}]},
        {"messages": [], "system": "a"},
        {"messages": [{"role": "user", "content": "a"}], "id": 10**30},
        {"messages": [{"role": "user", "content": "a"}], "id": {"a": 1}, "dialogue_id": "d"},
        {"messages": [{"role": "user", "content": "a"}], "id": "\0", "conversation_id": True},
    ],
    "native": [
        {"conversation_id": "a", "turns": [{"role": "assistant", "content": "a", "weight": -1, "loss_weight": 0}]},
        {"conversation_id": "a", "turns": [{"role": "assistant", "content": "a", "loss_weight": 0}]},
        {"conversation_id": "a", "turns": [{"role": "x", "content": "a", "weight": 0.5}], "functions": [1]},
    ],
    "preference": [
        {"prompt": [], "chosen": "a", "rejected": "b"},
        {"prompt": "", "chosen": "a", "rejected": "b"},
        {"prompt": "p", "input": {"messages": [{"role": "user", "content": "q"}]}, "chosen": "a", "rejected": "b"},
        {"prompt": "p", "messages": None, "chosen": "a", "rejected": "b"},
        {"prompt": "p", "chosen": [{"role": "assistant", "content": "a", "value": "b"}], "rejected": "b"},
        {"conversations": [], "chosen": {"from": "gpt", "value": "a"}, "rejected": {"from": "gpt", "value": "b"}},
        {"prompt": None, "question": "q", "chosen": "a", "rejected": "b"},
    ],
    "kto": [
        {"prompt": "p", "response": "a", "label": True},
        {"prompt": "p", "completion": None, "response": "a", "label": True},
        {"messages": [{"role": "user", "content": "a"}], "conversations": 1, "label": False},
        {"messages": [{"role": "user", "content": "a"}], "label": 1},
    ],
}


@pytest.mark.parametrize("name", sorted(HARD_ROWS))
def test_rows_that_are_nearly_usual_are_judged_alike(name):
    for row in HARD_ROWS[name]:
        data = json.dumps(row).encode() + b"\n"

        assert read_said(data, BY_NAME[name]) == judge_exactly(data, BY_NAME[name])


@pytest.mark.parametrize(
    "mapping",
    [
        Mapping(turns="turns", role="name"),
        Mapping(turns="system"),
        Mapping(turns="tools"),
        Mapping(turns="turns", id="tools"),
        Mapping(turns="turns", roles={"user": "assistant", "function_call": "assistant"}),
        Mapping(prompt="tools", answer="label", system="system"),
    ],
)
def test_a_mapping_that_gives_a_name_two_meanings_is_read_alike(mapping):
    turn = {"role": "user", "name": "function_call", "content": "a"}
    row = {"turns": [turn], "tools": [turn], "system": [turn], "label": "b"}
    rows = [row, {**row, "system": "c"}, {**row, "tools": "d"}, {**row, "turns": [{"role": "user", "content": "a"}]}]
    data = b"".join(json.dumps(each).encode() + b"\n" for each in rows)

    assert read_said(data, format_of(mapping)) == judge_exactly(data, format_of(mapping))
