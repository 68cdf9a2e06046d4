"""Small blocks for tests of the engine's inner parts, made the way the reader makes them."""

import io
import json

from pipeline.dataset.formats.blocks_of_lines import Block, read_blocks
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import Columns, read_columns

LIMITS = Limits()


def block_of(data: bytes, line: int = 1, offset: int = 0) -> Block:
    """All of the lines as one block."""
    (block,) = read_blocks(io.BytesIO(data), 2**20, line, offset, block_bytes=2**26)
    return block


def line_of(identity: str, *turns: tuple[str, str], **fields: object) -> bytes:
    """A line of the native format; turns are (role, content)."""
    listed = [{"role": role, "content": content} for role, content in turns]
    return json.dumps({"conversation_id": identity, "turns": listed, **fields}, ensure_ascii=False).encode() + b"\n"


def columns_of(*lines: bytes) -> Columns:
    """The columns of the accepted lines."""
    return read_columns(block_of(b"".join(lines)), LIMITS)[1]
