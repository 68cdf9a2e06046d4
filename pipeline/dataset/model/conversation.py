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
    """Where a format keeps what we read, as JSON paths for findings.

    turns: the list of turns. role, content: their fields. identity: the conversation's id.
    """

    turns: str = "$.turns"
    role: str = ".role"
    content: str = ".content"
    identity: str = "$.conversation_id"


NATIVE_LAYOUT = Layout()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader accepts; sizes in bytes, without the line's end.

    max_values: brackets, commas and texts on a line. Each may become an object of 20 to 100 times its bytes.
    max_unpacked_bytes: of the text in an archive; without bound where a person checks a file of their own.
    """

    max_line_bytes: int = 64 * 2**20
    max_nesting: int = MAX_NESTING
    max_values: int = 1_000_000
    max_unpacked_bytes: int = 2**62


class FullTurn(msgspec.Struct, gc=False):
    """A turn with all that any format can say of it.

    content: its text, "" where there is none. path: JSON path of the content in its line. weight: of its loss; None
    where the format leaves it open. tool_calls, parts: JSON text, in the shape of OpenAI's messages. reasoning: what
    was thought before the content, where the format keeps it apart. tag: how ShareGPT's row calls the role, where that
    is not LLaMA-Factory's name for it. annotations: JSON of what else is said.
    """

    role: str
    content: str
    path: str
    is_supervised: bool
    weight: float | None = None
    tool_calls: str | None = None
    parts: str | None = None
    tool_call_id: str | None = None
    name: str | None = None
    branch: int = 0
    reasoning: str | None = None
    tag: str | None = None
    annotations: str | None = None


class FullConversation(msgspec.Struct):
    """An accepted line of any format.

    conversation_id: "" where the line has none. tools: JSON text. label: whether the answer was liked, in data of
    single judgements (KTO). media: JSON of the row's fields of pictures and sounds. annotations: JSON of what else
    the format says of the whole conversation.
    """

    conversation_id: str
    turns: list[FullTurn]
    tools: str | None = None
    label: bool | None = None
    media: str | None = None
    annotations: str | None = None
