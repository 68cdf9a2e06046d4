"""The rows of the lake's tables, as columns of one block."""

from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.profiles.row_measures import RowMeasures
from pipeline.dataset.reading.columns import Columns

_BRANCHES = pa.array([branch.name.lower() for branch in Branch if branch is not Branch.NONE], pa.string())


def conversation_rows(columns: Columns, turn_hashes: bytes, measures: RowMeasures) -> dict[str, pa.Array]:
    """The accepted conversations. turn_hashes: 16 bytes each, end to end."""
    words_before = np.concatenate([[0], np.cumsum(columns.word_counts)])
    count, extras = len(columns.ids), columns.extras
    return {
        "row": pa.array(columns.rows),
        "line": pa.array(columns.lines),
        "byte_offset": pa.array(columns.offsets),
        "conversation_id": columns.ids,
        "turn_count": pa.array(columns.turn_counts),
        "word_count": pa.array(np.diff(words_before[columns.turn_starts])),
        "turns_hash": pa.Array.from_buffers(pa.binary(16), count, [None, pa.py_buffer(turn_hashes)]),
        "tools": _column(extras.tools, pa.string(), count),
        "label": _column(extras.labels, pa.bool_(), count),
        "media": _column(extras.media, pa.string(), count),
        "conversation_annotations": _column(extras.conversation_annotations, pa.string(), count),
        "char_count": pa.array(measures.char_counts, pa.int64()),
        "token_count": _column(measures.token_counts, pa.int64(), count),
        "language": _column(measures.languages, pa.string(), count),
    }


def turn_rows(columns: Columns) -> dict[str, pa.Array]:
    """Their turns, in order."""
    index = np.arange(len(columns.roles)) - np.repeat(columns.turn_starts[:-1], columns.turn_counts)
    roles = pa.DictionaryArray.from_arrays(
        pa.array(columns.roles.astype(np.int32)), pa.array(columns.role_names, pa.string())
    )
    count, extras = len(columns.roles), columns.extras
    return {
        "row": pa.array(np.repeat(columns.rows, columns.turn_counts)),
        "line": pa.array(np.repeat(columns.lines, columns.turn_counts)),
        "turn_index": pa.array(index.astype(np.int32)),
        "role": roles,
        "content": columns.contents,
        "word_count": pa.array(columns.word_counts.astype(np.int32)),
        "is_supervised": pa.array(columns.is_supervised),
        "weight": _column(extras.weights, pa.float64(), count),
        "tool_calls": _column(extras.tool_calls, pa.string(), count),
        "tool_call_id": _column(extras.tool_call_ids, pa.string(), count),
        "speaker_name": _column(extras.names, pa.string(), count),
        "parts": _column(extras.parts, pa.string(), count),
        "reasoning": _column(extras.reasoning, pa.large_string(), count),
        "branch": _branches(columns),
        "turn_annotations": _column(extras.turn_annotations, pa.string(), count),
    }


def _column(values: Any, kind: pa.DataType, count: int) -> pa.Array:
    """A column of which some or all may be missing; NaN is missing."""
    return pa.nulls(count, kind) if values is None else pa.array(values, kind, from_pandas=True)


def _branches(columns: Columns) -> pa.DictionaryArray:
    codes = columns.branches.astype(np.int32) - 1
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), _BRANCHES)
