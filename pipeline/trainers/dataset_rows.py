"""Reads a dataset back from the lake: its conversations as `Talk`s, in file order, each with its side of the split.

Streamed: a batch of turns is held, and the sides. What a trainer gets of them is in `learning.py` and in its folder.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any

from pipeline.dataset.convert.conversations import Said, Talk, lost_media
from pipeline.dataset.model.conversation import TEXT_ROLE
from pipeline.dataset.profiles.splits import TRAIN, VALIDATION
from pipeline.errors import LakeError
from pipeline.state.lake.lake_protocol import Lake
from pipeline.state.lake.older_files import row_column
from pipeline.state.lake.parquet_files import ANEW, parquet_file

_BATCH_ROWS = 2_048
_TURN_COLUMNS = (
    "role",
    "content",
    "is_supervised",
    "weight",
    "tool_calls",
    "parts",
    "tool_call_id",
    "speaker_name",
    "branch",
    "reasoning",
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
            LakeError: the tables do not belong together, or are damaged.
        """
        sides = _sides(self.splits)
        turns = groupby(_records(self.turns, _TURN_COLUMNS), key=itemgetter(0))
        conversations = _records(self.conversations, ("line", "conversation_id", "tools", "label", "media"))
        for said, turns_of_row in zip_longest(conversations, turns):
            if said is None or turns_of_row is None or said[0] != turns_of_row[0]:
                raise _not_together(said, turns_of_row)
            row, line, identity, tools, label, media = said
            talk = _talk(row, line, identity, tools, label, media, turns_of_row[1])
            yield Row(talk, sides.get(row, TRAIN) == VALIDATION)


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


def _not_together(said: tuple[Any, ...] | None, turns_of_row: tuple[int, Any] | None) -> LakeError:
    """Also what an older version left of an array whose rows share lines, which it could not tell apart."""
    expected = "no more turns" if said is None else f"turns of row {said[0]}"
    found = "none" if turns_of_row is None else f"row {turns_of_row[0]}"
    return LakeError(f"expected {expected}, found {found}; {ANEW}")


def _records(path: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The row's place in the upload, then the columns; None for those that an older file has not."""
    with parquet_file(path, ANEW) as file:
        read = [row_column(file), *columns]
        present = set(file.schema_arrow.names)
        for batch in file.iter_batches(_BATCH_ROWS, columns=[name for name in read if name in present]):
            nothing = [None] * batch.num_rows
            yield from zip(*(batch[name].to_pylist() if name in present else nothing for name in read), strict=True)


def _sides(path: Path) -> dict[int, str]:
    """Rows of the smaller side; 500 at most, so memory does not grow with the dataset."""
    return {row: side for row, side in _records(path, ("split",)) if side == VALIDATION}


def _talk(
    row: int,
    line: int,
    identity: str,
    tools: str | None,
    label: bool | None,
    media: str | None,
    group: Iterator[tuple[Any, ...]],
) -> Talk:
    turns: list[Said] = []
    rejected: list[Said] = []
    for _, role, content, is_supervised, weight, tool_calls, parts, tool_call_id, name, branch, reasoning in group:
        said_role = "assistant" if role == TEXT_ROLE else role
        said = Said(said_role, content, is_supervised, weight, tool_calls, parts, tool_call_id, name, reasoning)
        (rejected if branch == "rejected" else turns).append(said)
    lost = frozenset({"rejected-answers"} if rejected else ()) | lost_media(media, turns)
    return Talk(row, line, identity, turns, tools, lost, tuple(rejected), label)
