"""The conversation as the engine reads it, and the limits it reads within."""

from dataclasses import dataclass
from enum import IntEnum

import msgspec

MAX_NESTING = 512  # deeper than any real row; msgspec and Python's own reader fail somewhere above 900

KNOWN_ROLES = ("assistant", "user", "system", "tool", "function", "developer")
ASSISTANT = KNOWN_ROLES.index("assistant")
USER = KNOWN_ROLES.index("user")
TOOL_RESULTS = [KNOWN_ROLES.index(role) for role in ("tool", "function")]
TEXT_ROLE = "text"  # of the one turn of a plain text, which is by nobody


class Branch(IntEnum):
    """Which alternative of a preference a turn belongs to."""

    NONE = 0
    CHOSEN = 1
    REJECTED = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a format keeps what we read, as JSON paths for findings."""

    turns: str = "$.turns"
    """The list of turns."""
    role: str = ".role"
    """Their fields."""
    content: str = ".content"
    """Their fields."""
    identity: str = "$.conversation_id"
    """The conversation's id."""


NATIVE_LAYOUT = Layout()


ANY_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader accepts; sizes in bytes, without the line's end."""

    max_line_bytes: int = 64 * 2**20
    max_nesting: int = MAX_NESTING
    max_values: int = 1_000_000
    """Brackets, commas and texts on a line. Each may become an object of 20 to 100 times its bytes."""
    max_unpacked_bytes: int = 2**62
    """Of the text in an archive; without bound where a person checks a file of their own. ANY_SIZE also lets it grow
    beyond reason: of rows that a person holds."""


class FullTurn(msgspec.Struct, gc=False):
    """A turn with all that any format can say of it."""

    role: str
    content: str
    """Its text, "" where there is none."""
    path: str
    """JSON path of the content in its line."""
    is_supervised: bool
    weight: float | None = None
    """Of its loss; None where the format leaves it open."""
    tool_calls: str | None = None
    """JSON text, in the shape of OpenAI's messages."""
    parts: str | None = None
    """JSON text, in the shape of OpenAI's messages."""
    tool_call_id: str | None = None
    name: str | None = None
    branch: int = 0
    reasoning: str | None = None
    """What was thought before the content, where the format keeps it apart."""
    tag: str | None = None
    """How ShareGPT's row calls the role, where that is not LLaMA-Factory's name for it."""
    annotations: str | None = None
    """JSON of what else is said."""


class FullConversation(msgspec.Struct):
    """An accepted line of any format."""

    conversation_id: str
    """"" where the line has none."""
    turns: list[FullTurn]
    tools: str | None = None
    """JSON text."""
    label: bool | None = None
    """Whether the answer was liked, in data of single judgements (KTO)."""
    media: str | None = None
    """JSON of the row's fields of pictures and sounds."""
    annotations: str | None = None
    """JSON of what else the format says of the whole conversation."""
