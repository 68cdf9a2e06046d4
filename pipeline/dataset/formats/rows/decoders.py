"""Typed decoders of whole blocks, made from the shapes of a format's usual rows.

The attributes of a decoded row go by the numbers of the shape's parts: segment_0 (or within_0.segment_0), added_0,
identity_0, and label. Those of a message are role, content and weight_0; those of a pair stand in `SIDES`.
What is said in them stays as it is written; that it is said in texts, only the checking decoder of a shape finds out.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from pipeline.dataset.formats.rows.beside_text import MEDIA_FIELDS, REASONING_FIELDS
from pipeline.dataset.formats.rows.call_rows import CALL_FIELDS, CALL_ROLES
from pipeline.dataset.formats.rows.message_lists import FLAG_FIELDS, TOO_HEAVY
from pipeline.dataset.formats.rows.shapes import BARE, EMPTY, PlainRow, Segment, Shape
from pipeline.dataset.model.conversation import KNOWN_ROLES

_Silent = Annotated[str, msgspec.Meta(max_length=0)] | None
_Never = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
# Of a message; what they say is no plain turn.
_UNREAD = (*CALL_FIELDS, *FLAG_FIELDS, *REASONING_FIELDS, *MEDIA_FIELDS, "tool_call_id", "name")
_NoMedia = Annotated[str, msgspec.Meta(max_length=0)] | Annotated[list[Any], msgspec.Meta(max_length=0)] | None
_Field: TypeAlias = tuple[str, Any, Any, str]  # attribute, type, default, name in the row
_Text = TypeVar("_Text", msgspec.Raw, str)
_REQUIRED = object()
_ESCAPED = re.compile(r'["\\\x00-\x1f]')
SIDES = ("asked", "answered")  # attributes of a pair that is an object


@dataclass(frozen=True, slots=True)
class _Types:
    """Of what rows say."""

    text: Any
    optional: Any
    """Of a text that may be null."""
    pairs: Any
    """Of a list of two texts each."""
    weight: Any
    least: int
    """How long a list of turns is at least, and a name that must be there."""


_AS_WRITTEN = _Types(msgspec.Raw, msgspec.Raw, list[tuple[msgspec.Raw, msgspec.Raw]], float, least=0)
_OF_WEIGHT = msgspec.Meta(ge=0, lt=TOO_HEAVY)
_CHECKED = _Types(str, str | None, list[tuple[str, str]], Annotated[float, _OF_WEIGHT], least=1)


@cache
def decoder(shape: Shape) -> msgspec.json.Decoder[PlainRow]:
    """What reads rows of a shape; it raises msgspec's errors, or one of Unicode or recursion, at a row of another."""
    return _decoder(shape, _AS_WRITTEN)


@cache
def checking_decoder(shape: Shape) -> msgspec.json.Decoder[PlainRow]:
    """What raises the same errors also at a text or a weight that is none, and where a list or a name is empty.

    Not where the first message is by another than it should be.
    """
    return _decoder(shape, _CHECKED)


def _decoder(shape: Shape, types: _Types) -> msgspec.json.Decoder[PlainRow]:
    if shape.segments[0].field == BARE:
        return msgspec.json.Decoder(_list_of(_message(shape.segments[0], shape, types), types))
    return msgspec.json.Decoder(_struct("PlainRow", _fields(shape, types), shape))


def usable(*shapes: Shape) -> tuple[Shape, ...]:
    """Those that give no name two meanings, which a person's mapping may do, and have none with a mark to escape."""
    return tuple(shape for shape in shapes if _is_usable(shape))


@cache
def _is_usable(shape: Shape) -> bool:
    messages = all(_are_usable(_message_fields(segment, _AS_WRITTEN), shape) for segment in shape.segments)
    return messages and _are_usable(_fields(shape, _AS_WRITTEN), shape)  # whose types are made of the messages'


def _are_usable(fields: list[_Field], shape: Shape) -> bool:
    return _has_distinct_names(fields) and all(is_readable(shape.named(name)) for *_, name in fields)


def is_readable(name: str) -> bool:
    """Whether msgspec takes it for the name of a field: one that is written with an escape it refuses."""
    return _ESCAPED.search(name) is None


def _has_distinct_names(fields: list[_Field]) -> bool:
    return len({name for *_, name in fields}) == len(fields)


def _struct(name: str, fields: list[_Field], shape: Shape) -> type[msgspec.Struct]:
    names = {attribute: shape.named(field) for attribute, *_, field in fields}
    # A field that is there under the format's name, where the file has another for it, is a matter for the format.
    plain = [field for *_, field in fields if shape.named(field) != field]
    names |= {f"plain_{number}": field for number, field in enumerate(plain)}
    fields = [*fields, *((f"plain_{number}", _Never, "", field) for number, field in enumerate(plain))]
    ordered = sorted(fields, key=lambda field: field[2] is not _REQUIRED)
    return msgspec.defstruct(
        name,
        [field[:2] if field[2] is _REQUIRED else field[:3] for field in ordered],
        rename=names,
        gc=False,
    )


def _fields(shape: Shape, types: _Types) -> list[_Field]:
    """The fields of a row."""
    fields: list[_Field] = []
    silent = [(f"silent_{number}", _Silent, None, name) for number, name in enumerate(shape.silent)]
    for number, segment in enumerate(shape.segments):
        own: list[_Field] = [(f"segment_{number}", *_value(segment, shape, types), segment.field)]
        if segment.added:
            own.append((f"added_{number}", types.optional, EMPTY, segment.added))
        if segment.within:  # what a format keeps in an object of its own, it keeps there with its tools
            own, silent = [(f"within_{number}", _struct("Within", own + silent, shape), _REQUIRED, segment.within)], []
        fields += own
    identity: tuple[Any, Any] = (_at_least(types.least, str), _REQUIRED) if shape.has_own_id else (Any, None)
    fields += [(f"identity_{number}", *identity, name) for number, name in enumerate(shape.identities)]
    fields += silent
    if shape.segments[0].field != BARE:
        fields += [(f"media_{number}", _NoMedia, None, name) for number, name in enumerate(MEDIA_FIELDS)]
    fields += [(f"null_{number}", None, None, name) for number, name in enumerate(shape.null)]
    fields += [(f"absent_{number}", _Never, "", name) for number, name in enumerate(shape.absent)]
    return [*fields, ("label", bool, _REQUIRED, "label")] if shape.has_label else fields


def _value(segment: Segment, shape: Shape, types: _Types) -> tuple[Any, Any]:
    """Type and default of a segment's field."""
    if segment.kind == "text" and segment.text_part:
        return _part(segment, types) | None, None
    if segment.kind == "text":
        return (types.optional, EMPTY) if segment.is_optional else (types.text, _REQUIRED)
    if segment.kind == "pairs":
        return types.pairs | None, None
    if segment.kind == "texts-in-turn":
        return _list_of(types.text, types), _REQUIRED
    if segment.kind == "objects":
        sides: list[_Field] = [
            (side, types.text, _REQUIRED, name) for side, name in zip(SIDES, segment.pair, strict=True)
        ]
        return _list_of(_struct("PlainPair", sides, shape), types), _REQUIRED
    message = _message(segment, shape, types)
    return message if segment.kind == "message" else _list_of(message, types), _REQUIRED


def _list_of(kind: Any, types: _Types) -> Any:
    return _at_least(types.least, list[kind])


def _at_least(least: int, kind: Any) -> Any:
    return Annotated[kind, msgspec.Meta(min_length=least)] if least else kind


def _message(segment: Segment, shape: Shape, types: _Types) -> type[msgspec.Struct]:
    return _struct("PlainMessage", _message_fields(segment, types), shape)


class _Part(msgspec.Struct, Generic[_Text], gc=False, forbid_unknown_fields=True):
    """A part of a content that says no more than its text."""

    text: _Text


class _TypedPart(msgspec.Struct, Generic[_Text], gc=False, forbid_unknown_fields=True, rename={"text": "value"}):
    """The same, where parts say what they are."""

    type: Literal["text"]
    text: _Text


def _part(segment: Segment, types: _Types) -> Any:
    """A list of one part."""
    part: Any = _Part if segment.text_part == "text" else _TypedPart
    return tuple[part[types.text]]


def _message_fields(segment: Segment, types: _Types) -> list[_Field]:
    """The fields of a message."""
    keys = segment.keys
    aliases = (alias for alias, _ in keys.aliases if alias not in CALL_ROLES)
    roles = tuple(dict.fromkeys((*KNOWN_ROLES, *aliases)))
    # Of a few known roles the decoder hands out the same texts again and again.
    role: Any = str if segment.has_any_role else Literal[roles]
    content = _part(segment, types) if segment.text_part else types.text
    # A message that has both OpenAI's and ShareGPT's content is a matter for the format.
    foreign = "content" if keys.content == "value" else "value"
    return [
        ("role", role, _REQUIRED, keys.role),
        ("content", content, _REQUIRED, keys.content),
        ("foreign", _Never, "", foreign),
        *((f"weight_{number}", types.weight | None, None, name) for number, name in enumerate(segment.weights)),
        *((f"unread_{number}", None, None, name) for number, name in enumerate((*_UNREAD, *segment.unread))),
    ]
