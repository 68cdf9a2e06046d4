"""Tokens of calls and tools are counted with the turn that they stand with."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.tokens import load_tokenizer, measure_tokens
from pipeline.dataset.tokens.call_tokens import call_text, with_calls
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of

TOKENIZER = load_tokenizer()
CALL = {"id": "c-1", "type": "function", "function": {"name": "find", "arguments": '{"what": "tea"}'}}
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


def row(number: int, *calls, **others) -> bytes:
    turns = [
        {"role": "user", "content": f"Where is the tea of day {number}?"},
        {"role": "assistant", "content": "", "tool_calls": [*calls]},
        {"role": "tool", "content": "in the pot"},
        {"role": "assistant", "content": "In the pot."},
    ]
    return json.dumps({"conversation_id": f"c-{number}", "turns": turns, **others}).encode() + b"\n"


def test_calls_follow_the_content_and_tools_come_before_the_first_turn():
    columns = columns_of(row(1, CALL, tools=TOOLS), line_of("plain", ("user", "hi"), ("assistant", "ho")))

    tools = json.dumps(TOOLS, separators=(",", ":"))
    assert with_calls(columns).contents.to_pylist() == [
        f"{tools}\nWhere is the tea of day 1?",
        '{"name": "find", "arguments": {"what": "tea"}}',
        "in the pot",
        "In the pot.",
        "hi",
        "ho",
    ]


@given(
    st.lists(st.tuples(st.sampled_from(["", "words"]), st.booleans(), st.booleans()), min_size=1, max_size=6),
    st.booleans(),
)
def test_every_turn_has_its_text_whichever_parts_it_lacks(turns, has_tools):
    messages = [
        {"role": "assistant", "content": content}
        | ({"reasoning_content": "thought"} if thinks else {})
        | ({"tool_calls": [CALL]} if calls else {})
        for content, thinks, calls in turns
    ]
    data = json.dumps({"messages": messages} | ({"tools": TOOLS} if has_tools else {})).encode() + b"\n"
    (_, columns) = read_columns(block_of(data), LIMITS, BY_NAME["openai"])

    said = with_calls(columns).contents.to_pylist()

    tools = [json.dumps(TOOLS, separators=(",", ":"))] if has_tools else []
    before = [tools, *[[]] * len(turns)]
    assert said == [
        "\n".join([*first, *["thought"] * thinks, *[content] * bool(content), *[call_text(json.dumps([CALL]))] * calls])
        for first, (content, thinks, calls) in zip(before, turns, strict=False)
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (CALL, '{"name": "find", "arguments": {"what": "tea"}}'),
        ({"name": "find", "arguments": {"what": "tea"}}, '{"name": "find", "arguments": {"what":"tea"}}'),
        ({"function": {"name": "now"}}, '{"name": "now", "arguments": {}}'),
        ({"function": 1}, '{"function":1}'),
    ],
)
def test_a_call_is_its_name_and_arguments(call, text):
    assert call_text(json.dumps([call, call])) == f"{text}\n{text}"


def test_without_calls_nothing_changes():
    columns = columns_of(line_of("plain", ("user", "hi")))

    assert with_calls(columns) is columns


def test_every_token_of_a_call_is_in_the_count():
    (with_call,) = [columns_of(row(1, CALL))]
    without = columns_of(row(1))

    counts = [measure_tokens(each, TOKENIZER, exact=True).tokens for each in (with_call, without)]

    (call_tokens,) = TOKENIZER.count(['{"name": "find", "arguments": {"what": "tea"}}']).tolist()
    assert counts[0] - counts[1] == call_tokens


def test_an_estimate_of_calls_is_near_the_count():
    calls = [
        {
            "function": {
                "name": f"find_{n % 7}",
                "arguments": json.dumps({"what": f"tea {n}", "where": "pot " * (n % 30)}),
            }
        }
        for n in range(1_500)
    ]
    columns = columns_of(*(row(n, call, call, tools=TOOLS) for n, call in enumerate(calls)))

    counted = measure_tokens(columns, TOKENIZER, exact=True).conclude(TOKENIZER).count.tokens
    estimated = measure_tokens(columns).conclude(TOKENIZER).count

    assert estimated.method.startswith("sample:")
    assert abs(estimated.tokens / counted - 1) < 0.02
