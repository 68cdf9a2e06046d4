"""Messages that stand one a row, each with the key of its conversation: logs of chats, tables of messages.

They are put together before they are read (`formats/row_groups.py`), so that a row is a whole conversation.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import CALL_ROLES
from pipeline.dataset.formats.rows.message_lists import ALIASES, Keys, read_list, read_message
from pipeline.dataset.formats.rows.shapes import Segment, Shape, first_name
from pipeline.dataset.model.conversation import KNOWN_ROLES, FullConversation, Layout
from pipeline.dataset.model.json_text import Json

CONVERSATION_ID = "conversation_id"  # the key's name in the row that is made
CONVERSATION_KEYS = (
    CONVERSATION_ID,
    "conversation",
    "conv_id",
    "dialogue_id",
    "dialog_id",
    "chat_id",
    "thread_id",
    "session_id",
    "message_tree_id",
    "conversation_hash",
    "conversation_uuid",
    "conversationId",
    "convo_id",
    "thread",
    "session",
    "sessionId",
    "ticket_id",
    "channel_id",
    "room_id",
)
# Names of who speaks and of what is said, and of the list in which rows of whole conversations have such messages.
MESSAGE_NAMES: tuple[tuple[str, str, str], ...] = (
    ("role", "content", "messages"),
    ("from", "value", "conversations"),
    ("speaker", "utterance", "turns"),
    ("role", "text", "messages"),
    ("speaker", "text", "messages"),
    ("author", "content", "messages"),
    ("sender", "text", "messages"),
    ("role", "message", "messages"),
    ("sender", "message", "messages"),
)
# Names of a message's place in its conversation, where numbers or moments stand there.
_ORDERS = (
    *("turn", "turn_index", "turn_number", "turn_id", "message_index", "index", "idx", "position", "sequence", "seq"),
    *("timestamp", "created_at", "create_time", "created"),
)
_AS_IN_DSTC8 = (("USER", "user"), ("SYSTEM", "assistant"))
_FEW = 1_000  # rows whose names are looked at
_MOSTLY = 0.9  # of the first rows tell their place


@dataclass(frozen=True, slots=True)
class FlatMessages:
    """The names of fields of flat messages."""

    key: str = CONVERSATION_ID
    """The field of the conversation's key."""
    role: str = "role"
    """Of who speaks and what is said."""
    content: str = "content"
    """Of who speaks and what is said."""
    listed: str = ""
    """The list of the row that is made of a conversation; "" where the names of no file are known yet."""
    order: str = ""
    """Of the place."""
    name: str = "flat-messages"
    example: str = '{"conversation_id": "c-1", "turn": 0, "role": "user", "content": "Hello"}'
    becomes: str = (
        "one conversation of all messages with one key, wherever they stand; also `from` and `value`, `speaker` and "
        "`utterance` and others. They follow each other as `turn`, `index`, `timestamp` and the like say, where each "
        "message of the conversation has it, else as in the file. The key is `conversation_id`, `conversation`, "
        "`conv_id`, `dialogue_id`, `chat_id`, `thread_id`, `session_id` or another of that kind"
    )

    @property
    def title(self) -> str:
        """With the names of the file, where they are known."""
        return f"flat messages: {self.role} and {self.content}, one a row, with {self.key}"

    @property
    def keys(self) -> Keys:
        """How a message is read."""
        roles = _AS_IN_DSTC8 if self.content == "utterance" else ()
        return Keys(self.role, self.content, (*roles, *ALIASES.items()))

    @property
    def layout(self) -> Layout:
        """Paths in the row that is made."""
        return Layout(f"$.{self.listed or 'messages'}", f".{self.role}", f".{self.content}", f"$.{CONVERSATION_ID}")

    def is_message(self, row: Json) -> bool:
        """Whether it is a message under these names, with or without its key."""
        return isinstance(row, dict) and self.role in row and self.content in row and self.listed not in row

    def fits(self, row: Json) -> bool:
        """Whether it is a message with a key, or the row that is made of them."""
        if not isinstance(row, dict):
            return False
        return (self.listed != "" and self.listed in row) or _names_in(row) is not None

    def fitted(self, rows: Sequence[Json]) -> "FlatMessages":
        """The same with the names of a file. rows: its first ones."""
        some = [row for row in rows[:_FEW] if isinstance(row, dict)]
        found = Counter(names for row in some if (names := _names_in(row)))
        if not found:
            return NAMED_AS_USUAL
        key, role, content, listed = found.most_common(1)[0][0]
        orders = (name for name in _ORDERS if sum(_tells_place(row.get(name)) for row in some) >= _MOSTLY * len(some))
        return FlatMessages(key, role, content, listed, next(orders, ""))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation; of a message that stands alone, a fault where its key is none."""
        if (fields := as_object(row, faults)) is None:
            return None
        if not self.listed:
            return self.fitted([fields]).read(fields, faults)
        if self.listed in fields:
            turns = read_list(fields, self.listed, "$", self.keys, faults)
            return FullConversation(first_name([fields.get(CONVERSATION_ID)]), turns, media=media_of(fields))
        self._check_key(fields, faults)
        turn = read_message(fields, "$", self.keys, dict(self.keys.aliases), faults)
        name = first_name([fields.get(self.key)])
        return FullConversation(name, [turn] if turn else [], media=media_of(fields))

    def _check_key(self, row: dict[str, Json], faults: Faults) -> None:
        path, key = f"$.{self.key}", row.get(self.key)
        if key is None:
            faults.add(
                "message-without-key",
                path,
                "the key of the message's conversation",
                "null" if self.key in row else "none",
            )
        elif key == "":
            faults.add("message-without-key", path, "the key of the message's conversation", "an empty text")
        elif isinstance(key, bool) or not isinstance(key, int | str):
            faults.add("wrong-type", path, "a string or a whole number", name_of(key))
        check_nul(key, path, faults)
        if self.order and isinstance(row.get(self.order), list | dict):
            faults.add("wrong-type", f"$.{self.order}", "a number or a moment", name_of(row[self.order]))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages that say no more than texts, in the row that is made."""
        return (Shape((Segment(self.listed or "messages", keys=self.keys),), (CONVERSATION_ID,)),)


def _names_in(row: dict[str, Json]) -> tuple[str, str, str, str] | None:
    """Names of the key, of who speaks and what is said, and of the list; None of a row that is no such message."""
    names = next((names for names in MESSAGE_NAMES if names[0] in row and names[1] in row), None)
    if names is None or not _is_said(row, *names[:2]):
        return None
    key = next((name for name in CONVERSATION_KEYS if _is_key(row.get(name))), None)
    return (key, *names) if key else None


def _is_said(row: dict[str, Json], role: str, content: str) -> bool:
    speaker, said = row[role], row[content]
    return isinstance(speaker, str) and speaker in _SPEAKERS and (said is None or isinstance(said, str | list))


def _is_key(value: Json) -> bool:
    return (isinstance(value, str) and value != "") or (isinstance(value, int) and not isinstance(value, bool))


def _tells_place(value: Json) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and value[:1].isdigit()
    )


def _speakers() -> Iterator[str]:
    yield from (*KNOWN_ROLES, *ALIASES, *CALL_ROLES, "prompter", *(role for role, _ in _AS_IN_DSTC8))


_SPEAKERS = frozenset(_speakers())
FLAT_MESSAGES = FlatMessages()
NAMED_AS_USUAL = FlatMessages(listed="messages")
