"""Quick readers of whole blocks, made from a description of a format's usual rows.

A shape says which fields of a row hold turns, in the turns' order, and which other fields must say nothing. Rows of
any other kind are refused; the format's own `read` is the authority on all of them. How the rows that a shape has
decoded become columns is in `pipeline/conversations/gathering.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from pipeline.conversations.faults import Json
from pipeline.conversations.formats.calls import CALL_ROLES
from pipeline.conversations.formats.messages import WEIGHT_FIELDS, Keys
from pipeline.conversations.model import KNOWN_ROLES, Branch

IDENTITIES = ("id", "conversation_id", "dialogue_id")
BARE = "$"  # a row that is the list of messages itself
EMPTY = msgspec.Raw(b'""')
_Silent = Annotated[str, msgspec.Meta(max_length=0)] | None
_Never = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
_UNREAD = ("tool_calls", "function_call", "tool_call_id", "name")  # of a message; what they say is no plain turn

PlainRow: TypeAlias = Any  # a row as a shape's decoder makes it, with a field for each segment
Kind = Literal["text", "messages", "message", "pairs"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A field of a row, and the turns that it holds.

    kind: a text by `role`; messages under `keys`, or one of them; pairs of texts by user and assistant. has_parts:
    whether each message's content is one part of text. within: the object that the field is in, if not the row itself.
    added: of a text, a field whose text follows it on a line of its own. is_optional: a text that may be null, empty or
    absent, and then is no turn. is_learned: None for what its role and weight say. weights: a message's fields of that.
    """

    field: str
    kind: Kind = "messages"
    role: str = ""
    keys: Keys = Keys()
    has_parts: bool = False
    has_any_role: bool = False
    within: str = ""
    added: str = ""
    is_optional: bool = False
    is_learned: bool | None = None
    branch: Branch = Branch.NONE
    weights: tuple[str, ...] = WEIGHT_FIELDS

    def path(self, index: int) -> str:
        """JSON path of the content of one of its turns."""
        owner = "$" if self.field == BARE else ".".join(filter(None, ("$", self.within, self.field)))
        if self.kind == "text":
            return owner
        if self.kind == "pairs":
            return f"{owner}[{index // 2}][{index % 2}]"
        return f"{owner}.{self.keys.content}" if self.kind == "message" else f"{owner}[{index}].{self.keys.content}"


SYSTEM = Segment("system", "text", role="system", is_optional=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of rows that a format has.

    identities: fields that may name the row. has_own_id: the first of them is a text that must be there. has_label:
    whether it is a judgement. silent: fields that may be absent, null or "", but say nothing else; null: those that may
    be absent or null; absent: those that must not be there.
    """

    segments: tuple[Segment, ...]
    identities: tuple[str, ...] = IDENTITIES
    has_own_id: bool = False
    has_label: bool = False
    silent: tuple[str, ...] = ("tools", "functions")
    null: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def decode_lines(self, data: bytes) -> list[PlainRow]:
        """All values of a block as rows.

        Raises:
            msgspec.MsgspecError, UnicodeDecodeError, RecursionError: one of them is no such row.
        """
        return _decoder(self).decode_lines(data)

    def decode(self, line: bytes) -> PlainRow:
        """One line as a row; raises as `decode_lines`."""
        return _decoder(self).decode(line)

    def has_all(self, fields: tuple[str, ...]) -> bool:
        """Whether each of the fields holds turns."""
        return set(fields) <= {segment.field for segment in self.segments}

    def getter(self, number: int) -> Callable[[PlainRow], Any]:
        """What takes a segment's value from a row."""
        segment = self.segments[number]
        if segment.field == BARE:
            return _itself
        return attrgetter(f"within_{number}.segment_{number}" if segment.within else f"segment_{number}")

    def fits(self, row: PlainRow) -> bool:
        """Whether its texts are texts: to the decoder they may be anything. Asked of the first row of many."""
        texts = (self.getter(number)(row) for number, segment in enumerate(self.segments) if segment.kind == "text")
        return all(text is EMPTY or memoryview(text)[0] in b'"n' for text in texts)

    def are_whole(self, rows: list[PlainRow]) -> bool:
        """Whether no list of messages is empty, nor a name that must be there."""
        kinds = enumerate(segment.kind for segment in self.segments)
        have_turns = (all(map(self.getter(number), rows)) for number, kind in kinds if kind == "messages")
        return all(have_turns) and (not self.has_own_id or all(self.names_of(rows)))

    def names_of(self, rows: list[PlainRow]) -> list[str]:
        """The rows' own names, "" where one has none."""
        if self.segments[0].field == BARE or not self.identities:
            return [""] * len(rows)
        named = [list(map(attrgetter(f"identity_{number}"), rows)) for number in range(len(self.identities))]
        if self.has_own_id:
            return named[0]
        if all(column.count(None) == len(rows) for column in named):
            return [""] * len(rows)
        return [first_name(values) for values in zip(*named, strict=True)]


def first_name(values: Iterable[Json]) -> str:
    """The first of them that can name a row, or "" where there is none."""
    for value in values:
        if isinstance(value, str) and value and "\0" not in value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def usable(*shapes: Shape) -> tuple[Shape, ...]:
    """Those that give no name two meanings, which a person's mapping may do."""
    return tuple(shape for shape in shapes if _is_usable(shape))


@cache
def _is_usable(shape: Shape) -> bool:
    messages = all(_has_distinct_names(_message_fields(segment)) for segment in shape.segments)
    return messages and _has_distinct_names(_fields(shape))


def _itself(row: PlainRow) -> PlainRow:
    return row


@cache
def _decoder(shape: Shape) -> msgspec.json.Decoder[PlainRow]:
    if shape.segments[0].field == BARE:
        return msgspec.json.Decoder(list[_message(shape.segments[0])])  # type: ignore[misc]  # made here
    return msgspec.json.Decoder(_struct("PlainRow", _fields(shape)))


_Field: TypeAlias = tuple[str, Any, Any, str]  # attribute, type, default, name in the row
_REQUIRED = object()


def _has_distinct_names(fields: list[_Field]) -> bool:
    return len({name for *_, name in fields}) == len(fields)


def _struct(name: str, fields: list[_Field]) -> type[msgspec.Struct]:
    ordered = sorted(fields, key=lambda field: field[2] is not _REQUIRED)
    return msgspec.defstruct(
        name,
        [field[:2] if field[2] is _REQUIRED else field[:3] for field in ordered],
        rename={field[0]: field[3] for field in fields},
        gc=False,
    )


def _fields(shape: Shape) -> list[_Field]:
    """The fields of a row."""
    fields: list[_Field] = []
    silent = [(f"silent_{number}", _Silent, None, name) for number, name in enumerate(shape.silent)]
    for number, segment in enumerate(shape.segments):
        own: list[_Field] = [(f"segment_{number}", *_value(segment), segment.field)]
        if segment.added:
            own.append((f"added_{number}", msgspec.Raw, EMPTY, segment.added))
        if segment.within:  # what a format keeps in an object of its own, it keeps there with its tools
            own, silent = [(f"within_{number}", _struct("Within", own + silent), _REQUIRED, segment.within)], []
        fields += own
    identity: tuple[Any, Any] = (str, _REQUIRED) if shape.has_own_id else (Any, None)
    fields += [(f"identity_{number}", *identity, name) for number, name in enumerate(shape.identities)]
    fields += silent
    fields += [(f"null_{number}", None, None, name) for number, name in enumerate(shape.null)]
    fields += [(f"absent_{number}", _Never, "", name) for number, name in enumerate(shape.absent)]
    return [*fields, ("label", bool, _REQUIRED, "label")] if shape.has_label else fields


def _value(segment: Segment) -> tuple[Any, Any]:
    """Type and default of a segment's field."""
    if segment.kind == "text":
        return msgspec.Raw, EMPTY if segment.is_optional else _REQUIRED
    if segment.kind == "pairs":
        return list[tuple[msgspec.Raw, msgspec.Raw]] | None, None
    message = _message(segment)
    return (message if segment.kind == "message" else list[message]), _REQUIRED  # type: ignore[valid-type]


def _message(segment: Segment) -> type[msgspec.Struct]:
    return _struct("PlainMessage", _message_fields(segment))


class _Part(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A part of a content that says no more than its text."""

    type: Literal["text"]
    value: msgspec.Raw


def _message_fields(segment: Segment) -> list[_Field]:
    """The fields of a message."""
    keys = segment.keys
    aliases = (alias for alias, _ in keys.aliases if alias not in CALL_ROLES)
    roles = tuple(dict.fromkeys((*KNOWN_ROLES, *aliases)))
    # Of a few known roles the decoder hands out the same texts again and again.
    role: Any = str if segment.has_any_role else Literal[roles]
    content: Any = tuple[_Part] if segment.has_parts else msgspec.Raw
    # A message that has both OpenAI's and ShareGPT's content is a matter for the format.
    foreign = "content" if keys.content == "value" else "value"
    return [
        ("role", role, _REQUIRED, keys.role),
        ("content", content, _REQUIRED, keys.content),
        ("foreign", _Never, "", foreign),
        *((f"weight_{number}", float | None, None, name) for number, name in enumerate(segment.weights)),
        *((f"unread_{number}", None, None, name) for number, name in enumerate(_UNREAD)),
    ]
