"""Formats whose row is a list of messages: those of `declared/`, mixed ones, and what a person describes in a mapping.

The native format is one of them to the eye, but has stricter rules of its own: `native.py`.
"""

from collections.abc import Set
from dataclasses import dataclass, replace

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
from pipeline.dataset.formats.rows.row_sketches import Fields
from pipeline.dataset.formats.rows.shapes import BARE, IDENTITIES, SYSTEM, Segment, Shape, first_name
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class Chat:
    """A row with a list of messages."""

    name: str
    title: str
    turns: str
    """The list's field, or BARE."""
    keys: Keys = Keys()
    identities: tuple[str, ...] = IDENTITIES
    """Fields that may name the row."""
    example: str = ""
    """As a `Format` has them."""
    becomes: str = ""
    """As a `Format` has them."""
    system: str = "system"
    """The field of a text that comes first."""
    known_by: tuple[str, ...] = ()
    """Roles of which one must be there; none where any will do."""
    is_odd: bool = False
    """Whether a message must have both fields, and no `content` beside another name of it: for names that come second
    to OpenAI's."""

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
        if not isinstance(first, dict) or not self._goes_by(first.keys()):
            return False
        return not self.known_by or any(
            isinstance(message, dict) and message.get(self.keys.role) in self.known_by for message in listed
        )

    def could_be(self, fields: Fields) -> bool:
        """Whether a row of these fields may be one of it."""
        first = fields.get(self.turns)
        return isinstance(first, frozenset) and self._goes_by(first)

    def _goes_by(self, names: Set[str]) -> bool:
        """Whether a first message of these fields is one of it."""
        role, content = self.keys.role, self.keys.content
        if self.is_odd:
            return role in names and content in names and (content == "content" or "content" not in names)
        return role in names or content in names

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
        if system := optional_text(fields, self.system, "$", faults):
            turns.insert(0, FullTurn("system", system, f"$.{self.system}", False))
        return FullConversation(identity_of(fields, self.identities), turns, tools, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages of role, content and perhaps a weight, and beside them a system text and an id."""
        turns = Segment(self.turns, keys=self.keys)
        before = () if self.turns == BARE else (replace(SYSTEM, field=self.system),)
        return usable(Shape((*before, turns), self.identities))


def identity_of(row: dict[str, Json], names: tuple[str, ...]) -> str:
    """The row's own name, or "" where it has none."""
    return first_name(map(row.get, names))


SHAREGPT_KEYS = Keys("from", "value", tuple(ALIASES.items()))
SHAREGPT_BARE = Chat("sharegpt", "ShareGPT: a bare list of from and value", BARE, SHAREGPT_KEYS)
CHAT_BARE = Chat("openai", "OpenAI chat: a bare list of role and content", BARE)

# Lists and messages under each other's names, as people mix them.
_LISTS = ("messages", "conversations", "conversation", "turns", "dialog", "dialogue")
_MORE_LISTS = ("items", "chat", "thread", "data")  # names of other things, too
_DIALOGUE_ROLES = (("USER", "user"), ("SYSTEM", "assistant"), *ALIASES.items())  # as in DSTC8
_MIXED_KEYS = (
    Keys(),
    SHAREGPT_KEYS,
    Keys("speaker", "utterance", _DIALOGUE_ROLES),
    Keys("speaker", "text", _DIALOGUE_ROLES),
)
_ODD_LISTS = (*_LISTS, *_MORE_LISTS, "interactions")
_ODD_NAMES = (
    *(("role", name) for name in ("text", "message", "value")),
    *(("from", name) for name in ("content", "text", "message")),
    *((name, "content") for name in ("speaker", "author", "sender")),
    *((name, said) for name in ("author", "sender") for said in ("text", "message")),
)
_EXAMPLE = '{"%s": [{"%s": "user", "%s": "Hello"}, {"%s": "assistant", "%s": "Hi!"}]}'


def _mixed(listed: str, keys: Keys, *, is_odd: bool = False) -> Chat:
    return Chat(
        "chat",
        f"chat: {listed} of {keys.role} and {keys.content}",
        listed,
        keys,
        example=_EXAMPLE % (listed, keys.role, keys.content, keys.role, keys.content),
        becomes="lists and messages under each other's names: as the names say",
        is_odd=is_odd,
    )


MIXED = tuple(
    _mixed(listed, keys)
    for listed in _LISTS
    for keys in _MIXED_KEYS
    if (listed, keys.role) not in {("messages", "role"), ("conversations", "from"), ("turns", "role")}
    and (listed, keys.content) != ("turns", "utterance")
)
# Asked before the others: a message of role and text is no message of OpenAI's that lacks its content.
ODD = (
    *(_mixed(listed, Keys(*each, tuple(ALIASES.items())), is_odd=True) for listed in _ODD_LISTS for each in _ODD_NAMES),
    *(_mixed(listed, keys, is_odd=True) for listed in _MORE_LISTS for keys in _MIXED_KEYS),
)
