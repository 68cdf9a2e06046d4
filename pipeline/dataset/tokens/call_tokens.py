"""What a model reads of a conversation beside its contents: reasoning, calls of tools, and the tools to call.

Chat templates put the tools once before the first turn, as JSON, and a call as the JSON of its name and arguments. So
their tokens are counted with those of the turn that they stand with; and so are those of reasoning, which stands
before the content. What a template writes around them is not counted.
"""

from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa

from pipeline.dataset.model.tool_calls import function_of
from pipeline.dataset.model.words import count_words
from pipeline.dataset.model.xxh3 import hash_texts
from pipeline.dataset.reading.columns import Columns


def with_calls(columns: Columns) -> Columns:
    """The columns with calls behind the contents, tools and reasoning before them; the same, where a block has none."""
    extras = columns.extras
    if extras.tool_calls is None and extras.tools is None and extras.reasoning is None:
        return columns
    import pyarrow.compute as pc  # 25 ms that the bare structure need not wait for

    count = len(columns.roles)
    tools, calls = np.full(count, None, dtype=object), np.full(count, None, dtype=object)
    if extras.tools is not None:
        tools[columns.turn_starts[:-1]] = extras.tools
    if extras.tool_calls is not None:
        calls[:] = [None if call is None else call_text(call) for call in extras.tool_calls]
    thoughts = pa.nulls(count, pa.large_string())
    if extras.reasoning is not None:
        thoughts = pa.array(extras.reasoning, pa.large_string())
    before, behind = pa.array(tools, pa.large_string()), pa.array(calls, pa.large_string())
    # An empty content leaves no line of its own; but where all are null, Arrow's join leaves the whole turn out.
    has_others = pc.or_(pc.or_(before.is_valid(), thoughts.is_valid()), behind.is_valid())
    is_left_out = pc.and_(has_others, pc.equal(pc.binary_length(columns.contents), 0))
    parts = [before, thoughts, pc.if_else(is_left_out, None, columns.contents), behind]
    joined = pc.binary_join_element_wise(*parts, pa.scalar("\n", pa.large_string()), null_handling="skip")
    text_starts = np.frombuffer(joined.buffers()[1], dtype=np.int64, count=count + 1)
    text = np.frombuffer(joined.buffers()[2] or b"", dtype=np.uint8)[: int(text_starts[-1])]
    word_counts = count_words(text, text_starts)
    return replace(
        columns,
        contents=joined,
        text=text,
        text_starts=text_starts,
        text_hashes=hash_texts(text, text_starts[columns.turn_starts]),
        word_counts=word_counts,
        again=None,
    )


def call_text(calls: str) -> str:
    """The calls of a turn as templates write them. calls: JSON text in OpenAI's shape."""
    return "\n".join(map(_written, msgspec.json.decode(calls)))


def _written(call: object) -> str:
    function = function_of(call)
    if function is None or "name" not in function:
        return _json(call)
    arguments = function.get("arguments", {})
    return f'{{"name": {_json(function["name"])}, "arguments": {_text(arguments)}}}'


def _text(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else _json(arguments)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
