"""Made conversations as rows of the native format, so that the engine reads them as it reads an upload.

Only roles and contents: what is told beside them is no matter of the engine, and costs it time. A training file's rows
are made in `training_file.py`.
"""

from collections.abc import Iterable, Iterator

import msgspec

from pipeline.dataset.formats.blocks_of_lines import Pieced, read_blocks
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.generation.model import MadeConversation

_LIMITS = Limits()
_encode = msgspec.json.Encoder().encode


def said(conversation: MadeConversation) -> list[tuple[str, str]]:
    """Role and content of all turns, the system prompt first where there is one."""
    system = [("system", conversation.system)] if conversation.system else []
    return [*system, *((turn.role, turn.content) for turn in conversation.turns)]


def blocks(conversations: Iterable[MadeConversation]) -> Iterator[tuple[Verdicts, Columns]]:
    """What the engine reads of the conversations, some at a time; their rows are numbered from 1."""
    rows = map(_row, enumerate(conversations, start=1))
    for block in read_blocks(Pieced(rows), _LIMITS.max_line_bytes):
        yield read_columns(block, _LIMITS)


def _row(numbered: tuple[int, MadeConversation]) -> bytes:
    number, conversation = numbered
    turns = [{"role": role, "content": content} for role, content in said(conversation)]
    return _encode({"conversation_id": str(number), "turns": turns}) + b"\n"
