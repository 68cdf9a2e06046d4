"""The conversation as the engine reads it, and the limits it reads within."""

from dataclasses import dataclass

import msgspec

MAX_NESTING = 512  # deeper than any real row; msgspec and Python's own reader fail somewhere above 900

KNOWN_ROLES = ("assistant", "user", "system", "tool", "function", "developer")


class Turn(msgspec.Struct, gc=False):
    """One utterance. Not tracked by the garbage collector: it holds no containers, and there are millions.

    content: the JSON string literal as it stands in the file; `unescape` makes text of all of them at once.
    """

    role: str
    content: msgspec.Raw


class Conversation(msgspec.Struct, gc=False):
    """One accepted line of the native format; other fields of the line are allowed and not kept."""

    conversation_id: str
    turns: list[Turn]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader accepts; sizes in bytes, without the line's end."""

    max_line_bytes: int = 64 * 2**20
    max_nesting: int = MAX_NESTING
