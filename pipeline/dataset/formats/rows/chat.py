"""Formats whose row is a list of messages: OpenAI's, ShareGPT's, and those that a person describes in a mapping.

The native format is one of them to the eye, but has stricter rules of its own: `native.py`.
"""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.decoders import usable
from pipeline.dataset.formats.rows.message_lists import (
    ALIASES,
    Keys,
    optional_text,
    read_list,
    read_messages,
    require_turns,
)
from pipeline.dataset.formats.rows.shapes import BARE, IDENTITIES, SYSTEM, Segment, Shape, first_name
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class Chat:
    """A row with a list of messages. turns: the list's field, or BARE. identities: fields that may name the row.

    example, becomes: as a `Format` has them.
    """

    name: str
    title: str
    turns: str
    keys: Keys = Keys()
    identities: tuple[str, ...] = IDENTITIES
    example: str = ""
    becomes: str = ""

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        turns = "$" if self.turns == BARE else f"$.{self.turns}"
        return Layout(turns, f".{self.keys.role}", f".{self.keys.content}", f"$.{self.identities[0]}")

    def fits(self, row: Json) -> bool:
        """Whether it has the list, and its first message one of the two fields."""
        listed = row if self.turns == BARE else row.get(self.turns) if isinstance(row, dict) else None
        if not isinstance(listed, list):
            return False
        first = listed[0] if listed else None
        return isinstance(first, dict) and (self.keys.role in first or self.keys.content in first)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """All that the messages and the fields beside them say."""
        if self.turns == BARE:
            if not isinstance(row, list):
                faults.add("not-an-object", "$", "a list of messages", name_of(row))
                return None
            require_turns(row, "$", faults)
            return FullConversation("", read_messages(row, "$", self.keys, faults))
        if (fields := as_object(row, faults)) is None:
            return None
        turns = read_list(fields, self.turns, "$", self.keys, faults)
        tools = tools_of(fields, faults)
        if system := optional_text(fields, "system", "$", faults):
            turns.insert(0, FullTurn("system", system, "$.system", False))
        return FullConversation(identity_of(fields, self.identities), turns, tools, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages of role, content and perhaps a weight, and beside them a system text and an id."""
        turns = Segment(self.turns, keys=self.keys)
        return usable(Shape((turns,) if self.turns == BARE else (SYSTEM, turns), self.identities))


def identity_of(row: dict[str, Json], names: tuple[str, ...]) -> str:
    """The row's own name, or "" where it has none."""
    return first_name(map(row.get, names))


SHAREGPT_KEYS = Keys("from", "value", tuple(ALIASES.items()))

OPENAI = Chat(
    "openai",
    "OpenAI chat: messages of role and content",
    "messages",
    example='{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}]}',
    becomes="its turns, with tools, tool calls and weights; the text of content parts is joined, the parts are kept",
)
SHAREGPT = Chat(
    "sharegpt",
    "ShareGPT: conversations of from and value",
    "conversations",
    SHAREGPT_KEYS,
    example='{"conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi!"}]}',
    becomes="its turns under the roles below, with `system` first and `tools`; a call's text becomes a tool call",
)
SHAREGPT_BARE = Chat("sharegpt", "ShareGPT: a bare list of from and value", BARE, SHAREGPT_KEYS)
CHAT_BARE = Chat("openai", "OpenAI chat: a bare list of role and content", BARE)
# In DSTC8, whose dialogues these are, SYSTEM is the one who answers.
DIALOGUE = Chat(
    "dialogue",
    "dialogues: turns of speaker and utterance",
    "turns",
    Keys("speaker", "utterance", (("USER", "user"), ("SYSTEM", "assistant"), *ALIASES.items())),
    ("dialogue_id", "conversation_id", "id"),
    example='{"dialogue_id": "d-1", "turns": [{"speaker": "USER", "utterance": "Hello"}]}',
    becomes="USER becomes user and SYSTEM assistant, as in DSTC8",
)

# Lists and messages under each other's names, as people mix them.
_LISTS = ("messages", "conversations", "conversation", "turns", "dialog", "dialogue")
_MIXED_KEYS = (
    Keys(),
    SHAREGPT_KEYS,
    Keys("speaker", "utterance", DIALOGUE.keys.aliases),
    Keys("speaker", "text", DIALOGUE.keys.aliases),
)
_EXAMPLE = '{"%s": [{"%s": "user", "%s": "Hello"}, {"%s": "assistant", "%s": "Hi!"}]}'
MIXED = tuple(
    Chat(
        "chat",
        f"chat: {listed} of {keys.role} and {keys.content}",
        listed,
        keys,
        example=_EXAMPLE % (listed, keys.role, keys.content, keys.role, keys.content),
        becomes="lists and messages under each other's names: as the names say",
    )
    for listed in _LISTS
    for keys in _MIXED_KEYS
    if (listed, keys.role) not in {("messages", "role"), ("conversations", "from"), ("turns", "role")}
    and (listed, keys.content) != ("turns", "utterance")
)
