"""Finds columns that change their type within a file, as a sum over its parts.

Whoever makes a table of a file, as Arrow and the dataset loaders do, gives each column one type. What is looked at are
the fields that the first rows have beside what a format reads, and the arguments of calls that are objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from pipeline.dataset.findings.faults import name_of
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.frames.call_facts import arguments_of
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.mismatch import Mismatch

MAX_PATHS = 1_000  # of one file; hostile rows have others each time
MAX_DEPTH = 8
_PLAIN = {str, bool, int, float}
Place = tuple[int, int, int]  # row, line, offset
_NEVER: Place = (2**62, 0, 0)
_Places: TypeAlias = dict[str, dict[str, Place]]


@dataclass(frozen=True, slots=True)
class ColumnTypes:
    """Of each path, the place of the first row with each type; `+` joins two neighbouring parts."""

    places: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)

    def __add__(self, other: "ColumnTypes") -> "ColumnTypes":
        if not self.places or not other.places:
            return other if not self.places else self
        joined = {path: dict(types) for path, types in self.places.items()}
        for path, types in other.places.items():
            kept = joined.setdefault(path, {})
            for name, place in types.items():
                kept[name] = min(kept.get(name, place), place)
        return ColumnTypes(_bounded(joined))

    def findings(self, row_name: str) -> list[Finding]:
        """Where each column first has another type than before, by row."""
        first_of_row: dict[int, Finding] = {}  # a code is told once a row, at one place however the file was cut
        for path, types in sorted(self.places.items()):
            first, *others = sorted(types.items(), key=lambda item: item[1])
            if others:
                name, (row, line, offset) = others[0]
                mismatch = Mismatch(f"{first[0]}, as in {row_name} {first[1][0]:,}", name)
                first_of_row.setdefault(row, Finding(line, offset, "type-drift", path, mismatch, row))
        return sorted(first_of_row.values(), key=lambda finding: finding.sort_key)


def measure_types(block: Block, columns: Columns, names: tuple[str, ...]) -> ColumnTypes:
    """The types in a block's accepted rows. names: of the fields of a row that are looked at."""
    places: _Places = {}
    if not len(columns.ids) or block.skipped_bytes:
        return ColumnTypes()
    if names:
        rows = _others(block, columns, names)
        for index, name in enumerate(names):
            _note_column(list(map(attrgetter(f"field_{index}"), rows)), f"$.{printable(name)}", columns, places)
    for turn, calls in enumerate(columns.extras.tool_calls or ()):
        if calls and '"arguments":{' in calls:
            path = f"{columns.layout.turns}[].tool_calls[].function.arguments"
            for arguments in arguments_of(calls):
                if isinstance(arguments, dict):
                    _note(arguments, path, _place(columns, columns.owner(turn)), places)
    return ColumnTypes(_bounded(places))


def _bounded(places: _Places) -> _Places:
    """The first paths by name, so that the sum does not depend on the parts: those of the whole are among theirs."""
    return places if len(places) <= MAX_PATHS else {path: places[path] for path in sorted(places)[:MAX_PATHS]}


def _note_column(values: list[Any], path: str, columns: Columns, places: _Places) -> None:
    """Note the types of a field in all rows; most fields hold the same plain type in each."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= _PLAIN:
        for kind in kinds:
            number = next(number for number, value in enumerate(values) if type(value) is kind)
            _note(values[number], path, _place(columns, number), places)
        return
    for number, value in enumerate(values):
        if value is not None:
            _note(value, path, _place(columns, number), places)


def _others(block: Block, columns: Columns, names: tuple[str, ...]) -> list[Any]:
    """The fields of each accepted row."""
    decoder = _decoder(names)
    if len(columns.ids) == block.line_count:
        try:
            return decoder.decode_lines(block.data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # a row that only the exact judge reads
    lines, rows = block.lines(), []
    for index in (columns.rows - block.first_row).tolist():
        try:
            rows.append(decoder.decode(lines[index]))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            rows.append(decoder.decode(b"{}"))
    return rows


@cache
def _decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    fields = [(f"field_{index}", Any, None) for index in range(len(names))]
    rename = {f"field_{index}": name for index, name in enumerate(names)}
    return msgspec.json.Decoder(msgspec.defstruct("Others", fields, rename=rename))


def _note(value: Any, path: str, place: Place, places: _Places, depth: int = 0) -> None:
    """Note the type of a value that is not null, and of what it holds."""
    kind, name = type(value), name_of(value)
    types = places.setdefault(path, {})
    if place < types.get(name, _NEVER):
        types[name] = place
    if depth < MAX_DEPTH and kind is dict:
        for key, item in value.items():
            if item is not None:
                _note(item, f"{path}.{printable(key)}", place, places, depth + 1)
    elif depth < MAX_DEPTH and kind is list:
        for item in value:
            if item is not None:
                _note(item, f"{path}[]", place, places, depth + 1)


def _place(columns: Columns, number: int) -> Place:
    return int(columns.rows[number]), int(columns.lines[number]), int(columns.offsets[number])
