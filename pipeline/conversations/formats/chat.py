"""Formats whose row is a list of messages: OpenAI's, ShareGPT's, and those that a person describes in a mapping.

The native format is one of them to the eye, but has stricter rules of its own: `native.py`.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

import msgspec

from pipeline.conversations.faults import Faults, Json, field, name_of
from pipeline.conversations.formats.format import Decoder
from pipeline.conversations.formats.messages import (
    ALIASES,
    ESCAPED_LETTERS,
    Keys,
    optional_text,
    read_messages,
    require_turns,
    tools_of,
)
from pipeline.conversations.model import KNOWN_ROLES, Conversation, FullConversation, FullTurn, Layout

IDENTITIES = ("id", "conversation_id", "dialogue_id")
_ROW_FIELDS = ("tools", "functions")  # what else a row may say, besides _SYSTEM, which is a role as well
_SYSTEM = re.compile(rb'"system"[ \t\r\n]*:')
BARE = "$"  # a row that is the list of messages itself


@dataclass(frozen=True, slots=True)
class Chat:
    """A row with a list of messages. turns: the list's field, or BARE. identities: fields that may name the row."""

    name: str
    title: str
    turns: str
    keys: Keys = Keys()
    identities: tuple[str, ...] = IDENTITIES

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
                faults.add("not-an-object", "$", f"expected a list of messages, found {name_of(row)}")
                return None
            return FullConversation("", self._turns(row, "$", faults))
        if not isinstance(row, dict):
            faults.add("not-an-object", "$", f"expected an object, found {name_of(row)}")
            return None
        listed = field(row, self.turns, list, "$", faults)
        turns = self._turns(listed, f"$.{self.turns}", faults)
        tools = tools_of(row, faults)
        if "system" in row:
            system = optional_text(row, "system", "$", faults)
            if system:
                turns.insert(0, FullTurn("system", system, "$.system", False))
        return FullConversation(identity_of(row, self.identities), turns, tools)

    def _turns(self, listed: Json, path: str, faults: Faults) -> list[FullTurn]:
        require_turns(listed, path, faults)
        return read_messages(listed, path, self.keys, faults)

    def plain_decoder(self) -> Decoder | None:
        """For rows of messages of role and content, and beside them an id and fields that mean nothing to us."""
        return _plain_decoder(self)


def identity_of(row: dict[str, Json], names: tuple[str, ...]) -> str:
    """The row's own name, or "" where it has none."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value and "\0" not in value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


@cache
def _plain_decoder(form: Chat) -> Decoder:
    """Reads the same fields under the names that the engine's columns are made from."""
    roles = tuple(dict.fromkeys((*KNOWN_ROLES, *(alias for alias, _ in form.keys.aliases))))
    turn = msgspec.defstruct(
        "PlainTurn",
        [("role", Literal[roles]), ("content", msgspec.Raw)],
        rename={"role": form.keys.role, "content": form.keys.content},
        forbid_unknown_fields=True,
        gc=False,
    )
    if form.turns == BARE:
        decode_lines = msgspec.json.Decoder(list[turn]).decode_lines  # type: ignore[valid-type]
        return lambda data: [Conversation("", turns) for turns in decode_lines(data)]
    fields = {"turns": form.turns, "conversation_id": form.identities[0]}
    strict, lenient = (
        msgspec.json.Decoder(
            msgspec.defstruct(
                "PlainRow",
                [("turns", list[turn]), ("conversation_id", str, "")],  # type: ignore[valid-type]
                rename=fields,
                forbid_unknown_fields=is_strict,
                gc=False,
            )
        ).decode_lines
        for is_strict in (True, False)
    )
    marks = tuple(f'"{name}"'.encode() for name in (*_ROW_FIELDS, *form.identities[1:]))

    def decode(data: bytes) -> list[Conversation]:
        try:
            return cast(list[Conversation], strict(data))
        except msgspec.ValidationError:
            if any(mark in data for mark in (*marks, *ESCAPED_LETTERS)) or _SYSTEM.search(data):
                raise
            return cast(list[Conversation], lenient(data))

    return decode


SHAREGPT_KEYS = Keys("from", "value", tuple(ALIASES.items()))

OPENAI = Chat("openai", "OpenAI chat: messages of role and content", "messages")
SHAREGPT = Chat("sharegpt", "ShareGPT: conversations of from and value", "conversations", SHAREGPT_KEYS)
SHAREGPT_BARE = Chat("sharegpt", "ShareGPT: a bare list of from and value", BARE, SHAREGPT_KEYS)
CHAT_BARE = Chat("openai", "OpenAI chat: a bare list of role and content", BARE)
# In DSTC8, whose dialogues these are, SYSTEM is the one who answers.
DIALOGUE = Chat(
    "dialogue",
    "dialogues: turns of speaker and utterance",
    "turns",
    Keys("speaker", "utterance", (("USER", "user"), ("SYSTEM", "assistant"), *ALIASES.items())),
    ("dialogue_id", "conversation_id", "id"),
)

# Lists and messages under each other's names, as people mix them.
_LISTS = ("messages", "conversations", "conversation", "turns", "dialog", "dialogue")
_MIXED_KEYS = (
    Keys(),
    SHAREGPT_KEYS,
    Keys("speaker", "utterance", DIALOGUE.keys.aliases),
    Keys("speaker", "text", DIALOGUE.keys.aliases),
)
MIXED = tuple(
    Chat("chat", f"chat: {listed} of {keys.role} and {keys.content}", listed, keys)
    for listed in _LISTS
    for keys in _MIXED_KEYS
    if (listed, keys.role) not in {("messages", "role"), ("conversations", "from"), ("turns", "role")}
    and (listed, keys.content) != ("turns", "utterance")
)
