"""Reads a dataset back from the lake: its conversations as `Talk`s, in file order, each with its side of the split.

Streamed: a batch of turns is held, and the sides. What a trainer gets of them is in `learning.py` and `targets/`.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.conversations.model import TEXT_ROLE
from pipeline.convert.conversations import Said, Talk
from pipeline.errors import LakeError
from pipeline.lake.protocol import Lake
from pipeline.profiles.splits import TRAIN, VALIDATION

_BATCH_ROWS = 2_048
_TURN_COLUMNS = (
    "line",
    "role",
    "content",
    "is_supervised",
    "weight",
    "tool_calls",
    "parts",
    "tool_call_id",
    "speaker_name",
    "branch",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation and whether it is kept for validation."""

    talk: Talk
    is_validation: bool


@dataclass(frozen=True, slots=True)
class DatasetRows:
    """The Parquet files of one dataset; may be read several times."""

    conversations: Path
    turns: Path
    splits: Path

    def read(self) -> Iterator[Row]:
        """Every conversation, in file order.

        Raises:
            LakeError: the tables do not belong together.
        """
        sides = _sides(self.splits)
        turns = groupby(_records(self.turns, _TURN_COLUMNS), key=itemgetter(0))
        for (line, identity, tools, label), (turn_line, group) in zip(
            _records(self.conversations, ("line", "conversation_id", "tools", "label")), turns, strict=True
        ):
            if line != turn_line:
                raise LakeError(f"expected turns of line {line}, found line {turn_line}; validate the dataset again")
            yield Row(_talk(line, identity, tools, label, group), sides.get(line, TRAIN) == VALIDATION)


@contextmanager
def dataset_rows(lake: Lake, dataset_id: str) -> Iterator[DatasetRows]:
    """Lend a dataset's rows.

    Raises:
        LakeError: the lake does not have them.
    """
    with ExitStack() as stack:
        yield DatasetRows(
            *(stack.enter_context(lake.fetch(table, dataset_id)) for table in ("conversations", "turns", "splits"))
        )


def _records(path: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns)):
            yield from zip(*(batch[name].to_pylist() for name in columns), strict=True)


def _sides(path: Path) -> dict[int, str]:
    """Lines of the smaller side; 500 at most, so memory does not grow with the dataset."""
    return {line: side for line, side in _records(path, ("line", "split")) if side == VALIDATION}


def _talk(line: int, identity: str, tools: str | None, label: bool | None, group: Iterator[tuple[Any, ...]]) -> Talk:
    turns: list[Said] = []
    rejected: list[Said] = []
    for _, role, content, is_supervised, weight, tool_calls, parts, tool_call_id, name, branch in group:
        said_role = "assistant" if role == TEXT_ROLE else role
        said = Said(said_role, content, is_supervised, weight, tool_calls, parts, tool_call_id, name)
        (rejected if branch == "rejected" else turns).append(said)
    lost = frozenset({"rejected-answers"} if rejected else ())
    return Talk(line, identity, turns, tools, lost, tuple(rejected), label)
