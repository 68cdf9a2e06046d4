"""Descriptions of a format's usual rows, so that whole blocks of them can be read at once.

A shape says which fields of a row hold turns, in the turns' order, and which other fields must say nothing. Rows of
any other kind are refused; the format's own `read` is the authority on all of them. The decoder of a shape is made in
`decoders.py`; how the rows that it decoded become columns is in `pipeline/dataset/reading/gathering.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, TypeAlias

import msgspec

from pipeline.dataset.formats.rows.call_rows import TOOL_FIELDS
from pipeline.dataset.formats.rows.message_lists import WEIGHT_FIELDS, Keys
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.model.json_text import Json

IDENTITIES = ("id", "conversation_id", "dialogue_id")
BARE = "$"  # a row that is the list of messages itself
EMPTY = msgspec.Raw(b'""')

PlainRow: TypeAlias = Any  # a row as a shape's decoder makes it; its attributes are named in `decoders.py`
Kind = Literal["text", "messages", "message", "pairs", "objects", "texts-in-turn"]
LISTS = ("messages", "objects", "texts-in-turn")  # kinds that are a list which must not be empty


@dataclass(frozen=True, slots=True)
class Segment:
    """A field of a row, and the turns that it holds."""

    field: str
    kind: Kind = "messages"
    """A text by `role`; messages under `keys`, or one of them; pairs of texts by user and assistant, objects with both
    under the names of `pair`, or texts by both in turn."""
    role: str = ""
    keys: Keys = Keys()
    text_part: Literal["", "text", "value"] = ""
    """Where the text, or each message's content, is a list of one part of text, the name of the text in it."""
    has_any_role: bool = False
    within: str = ""
    """The object that the field is in, if not the row itself."""
    pair: tuple[str, str] = ("", "")
    added: str = ""
    """Of a text, a field whose text follows on a line of its own."""
    is_optional: bool = False
    """A text that may be null, empty or absent, and then is no turn."""
    is_learned: bool | None = None
    """None for what its role and weight say."""
    branch: Branch = Branch.NONE
    weights: tuple[str, ...] = WEIGHT_FIELDS
    """A message's fields of that."""
    unread: tuple[str, ...] = ()
    first_role: str = ""
    """Of messages, whose the first must be."""

    def path(self, index: int) -> str:
        """JSON path of the content of one of its turns."""
        owner = "$" if self.field == BARE else ".".join(filter(None, ("$", self.within, self.field)))
        if self.kind == "text":
            return owner
        if self.kind == "pairs":
            return f"{owner}[{index // 2}][{index % 2}]"
        if self.kind == "objects":
            return f"{owner}[{index // 2}].{self.pair[index % 2]}"
        if self.kind == "texts-in-turn":
            return f"{owner}[{index}]"
        return f"{owner}.{self.keys.content}" if self.kind == "message" else f"{owner}[{index}].{self.keys.content}"


SYSTEM = Segment("system", "text", role="system", is_optional=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of rows that a format has."""

    segments: tuple[Segment, ...]
    identities: tuple[str, ...] = IDENTITIES
    """Fields that may name the row."""
    has_own_id: bool = False
    """The first of them is a text that must be there."""
    has_label: bool = False
    """Whether it is a judgement."""
    silent: tuple[str, ...] = TOOL_FIELDS
    """Fields that may be absent, null or "", but say nothing else."""
    null: tuple[str, ...] = ()
    """Those that may be absent or null."""
    absent: tuple[str, ...] = ()
    """Those that must not be there."""
    spelt: tuple[tuple[str, str], ...] = ()
    """Names of fields, and what a file calls them."""

    def named(self, field: str) -> str:
        """What a file calls a field."""
        return dict(self.spelt).get(field, field) if self.spelt else field

    def has_all(self, fields: tuple[str, ...]) -> bool:
        """Whether each of the fields holds turns."""
        return set(fields) <= {segment.field for segment in self.segments}

    @property
    def first_roles(self) -> list[tuple[int, str]]:
        """By the numbers of segments, whose the first message must be."""
        numbered = enumerate(self.segments)
        return [(number, each.first_role) for number, each in numbered if each.kind == "messages" and each.first_role]

    def getter(self, number: int) -> Callable[[PlainRow], Any]:
        """What takes a segment's value from a row."""
        segment = self.segments[number]
        if segment.field == BARE:
            return _itself
        return attrgetter(f"within_{number}.segment_{number}" if segment.within else f"segment_{number}")

    def fits(self, row: PlainRow) -> bool:
        """Whether its texts are texts: to the decoder they may be anything. Asked of the first row of many."""
        numbered = enumerate(self.segments)
        raw = (number for number, segment in numbered if segment.kind == "text" and not segment.text_part)
        texts = (self.getter(number)(row) for number in raw)
        return all(text is EMPTY or memoryview(text)[0] in b'"n' for text in texts)

    def are_whole(self, rows: list[PlainRow]) -> bool:
        """Whether no list of turns is empty, nor a name that must be there."""
        kinds = enumerate(segment.kind for segment in self.segments)
        have_turns = (all(map(self.getter(number), rows)) for number, kind in kinds if kind in LISTS)
        return all(have_turns) and self._begin_right(rows) and (not self.has_own_id or all(self.names_of(rows)))

    def _begin_right(self, rows: list[PlainRow]) -> bool:
        """Whether each list of messages begins with the role that it should."""
        lists = ((map(self.getter(number), rows), role) for number, role in self.first_roles)
        return all(messages[0].role == role for each, role in lists for messages in each)

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


def _itself(row: PlainRow) -> PlainRow:
    return row
