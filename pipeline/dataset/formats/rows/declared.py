"""A format whose rows are fields and lists, read by one reader from what a file of `declared/` says of it.

The exact reader and the shapes of the quick one follow from the same parts. What a file may say is in
`declaration.py`; how single fields are read is in `fields.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

from pipeline.dataset.findings.faults import Faults, as_object
from pipeline.dataset.formats.rows.beside_text import media_of, reasoning_of
from pipeline.dataset.formats.rows.call_rows import TOOL_FIELDS, tools_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import (
    FieldFormat,
    either,
    one_of,
    optional_turn,
    pairs_of_fields,
    pairs_of_texts,
    says,
    text_or_messages,
    text_turn,
    texts_in_turn,
)
from pipeline.dataset.formats.rows.row_sketches import Fields, Held, held_by
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Segment, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json, decoded

Holds = Literal["text", "text-or-messages", "pairs", "objects", "texts-in-turn"]
_LISTS = ("pairs", "objects", "texts-in-turn")


@dataclass(frozen=True, slots=True)
class Part:
    """A field of the row, and the turns that it holds."""

    fields: tuple[str, ...]
    """Its names, of which one holds them."""
    holds: Holds = "text"
    role: str = ""
    """Whose a text is."""
    is_optional: bool = False
    """It may be missing, null or empty."""
    is_learned: bool | None = None
    """None for an assistant's turns alone."""
    added: str = ""
    """A field whose text follows on a line of its own."""
    pair: tuple[str, str] = ("", "")
    """Of objects, the names of question and answer."""
    reasoning: tuple[str, ...] = ()
    """Fields of the row with what was thought before the answer."""

    def read(self, row: dict[str, Json], faults: Faults) -> list[FullTurn]:
        """Its turns in a row."""
        if self.is_optional and self.holds == "text":
            return optional_turn(row, self.fields, self.role, faults)
        name = one_of(row, self.fields, faults)
        if self.is_optional and row.get(name) is None:
            return []
        if self.holds == "text":
            turns = text_turn(row, name, self.role, faults, self.added)
        elif self.holds == "pairs":
            turns = pairs_of_texts(row, name, faults)
        elif self.holds == "objects":
            turns = pairs_of_fields(row, name, self.pair, faults)
        elif self.holds == "texts-in-turn":
            turns = texts_in_turn(row, name, faults)
        else:
            turns = text_or_messages(row, name, self.role, faults)
        if self.reasoning and turns:
            turns[-1].reasoning = reasoning_of(row, "$", faults, self.reasoning)
        if self.is_learned is not None:
            for turn in turns:
                turn.is_supervised = self.is_learned
        return turns

    def segments(self) -> Iterator[tuple[Segment, tuple[str, ...]]]:
        """Each way that it may be in a usual row, and the names that then hold nothing."""
        for name in self.fields:
            others = (*(other for other in self.fields if other != name), *self.reasoning)
            for segment in self._as_segments(name):
                yield replace(segment, is_learned=self.is_learned), others

    def _as_segments(self, name: str) -> tuple[Segment, ...]:
        if self.holds == "text-or-messages":
            return either(name, self.role)
        if self.holds == "text":
            return (Segment(name, "text", self.role, added=self.added, is_optional=self.is_optional),)
        return (Segment(name, self.holds, pair=self.pair),)

    def may_be(self, row: dict[str, Json], *, by_type: bool) -> bool:
        """Whether a row has it. by_type: and it holds what it should."""
        named = [name for name in self.fields if name in row]
        if not named or not by_type:
            return bool(named)
        return any(self._is_right(row[name]) for name in named)

    def could_be(self, fields: Fields, *, by_type: bool) -> bool:
        """Whether a row of these fields may have it."""
        return any(name in fields and (not by_type or self._takes(fields[name])) for name in self.fields)

    def _is_right(self, value: Json) -> bool:
        if not self._takes(held_by(value, frozenset((*self.pair, "role")))):
            return False
        return self.holds != "texts-in-turn" or not _is_json(value[0])  # type: ignore[index,arg-type]  # a list of texts

    def _takes(self, held: Held) -> bool:
        """Whether what a field holds is of the right kind."""
        if isinstance(held, frozenset):
            return (
                held.issuperset(self.pair)
                if self.holds == "objects"
                else self.holds == "text-or-messages" and "role" in held
            )
        if self.holds in _LISTS:
            return (self.holds, held) in (("pairs", "lists"), ("texts-in-turn", "texts"))
        return held == "text"


def _is_json(text: str) -> bool:
    """Whether it seems to be an object that was encoded twice."""
    return text.lstrip().startswith(("{", "[")) and isinstance(decoded(text), dict | list)


@dataclass(frozen=True, slots=True)
class Declared(FieldFormat):
    """A format of parts, in the turns' order."""

    name: str
    title: str
    parts: tuple[Part, ...]
    example: str = ""
    becomes: str = ""
    by_type: bool = False
    """Whether a row is recognised only where the parts hold what they should: for names that mean many things."""
    unless: tuple[tuple[str, ...], ...] = ()
    """Fields beside which it is another matter; of a group of names all must say something."""
    has_tools: bool = True
    """Whether the row may have tools."""
    needs: tuple[str, ...] = ()
    """Further texts that must be there."""

    def fits(self, row: Json) -> bool:
        """Whether it has all parts that must be there, and nothing that speaks against it."""
        if not isinstance(row, dict):
            return False
        if not all(part.may_be(row, by_type=self.by_type) for part in self.parts if not part.is_optional):
            return False
        if not all(isinstance(row.get(name), str) for name in self.needs):
            return False
        return not any(all(says(row.get(name)) for name in names) for names in self.unless)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The turns of all parts."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = [turn for part in self.parts for turn in part.read(fields, faults)]
        tools = tools_of(fields, faults) if self.has_tools else None
        return FullConversation(identity_of(fields, IDENTITIES), turns, tools, media=media_of(fields))

    def could_be(self, fields: Fields) -> bool:
        """Whether a row of these fields may be one of it."""
        return all(part.could_be(fields, by_type=self.by_type) for part in self.parts if not part.is_optional)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The parts in every way that a usual row may have them."""
        return _shapes(self)


@cache
def _shapes(form: Declared) -> tuple[Shape, ...]:
    shapes = []
    for ways in product(*(tuple(part.segments()) for part in form.parts)):
        optional = [others for part, (_, others) in zip(form.parts, ways, strict=True) if part.is_optional]
        needed = [others for part, (_, others) in zip(form.parts, ways, strict=True) if not part.is_optional]
        silent = (*(TOOL_FIELDS if form.has_tools else ()), *(name for others in optional for name in others))
        null = tuple(name for others in needed for name in others)
        shapes.append(Shape(tuple(segment for segment, _ in ways), silent=silent, null=null))
    return tuple(shapes)
