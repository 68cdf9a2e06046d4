"""Finds objects that name a field twice: of such, readers of JSON take the last, and Arrow refuses the file.

Looked for are the fields that a format reads, and those beside them that a table would have. A key that is read stands
once in a row, or once in each turn, so counting them in the bytes of a block tells which rows are worth a look; of
those one of each shape is read again, key by key.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.shapes import BARE
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers, places_of, preceded_by
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.line_shapes import first_alike

_SHORT_BYTES = 128  # longer rows are few in a block: each is read as quickly as its shape is found
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """A field that an object names more than once."""

    path: str
    """Of the object."""
    key: str
    count: int


def repeated_keys(
    block: Block,
    form: Format,
    indexes: Integers,
    turn_counts: Integers,
    others: tuple[str, ...] = (),
    *,
    is_plain: bool = False,
) -> dict[int, RepeatedKey]:
    """The first repeated key of each conversation that has one, by its number among the accepted ones.

    indexes: of the rows in the block. others: fields beside those that the format reads. is_plain: whether each turn
    surely has a role and a content, so that as many of them as turns in the whole block are one in each.
    """
    if len(indexes) == 0 or len(block.data) < 2:
        return {}
    of_rows, of_turns = _names(form)
    data = np.frombuffer(block.data, dtype=np.uint8)
    ends = places_of(data, ord(":")) - 1
    ends = ends[data[ends] == ord('"')]  # of keys, at their closing quotes
    lasts = data[np.maximum(ends - 1, 0)]
    turn_total = int(turn_counts.sum()) if len(indexes) == block.line_count else -1
    suspects = np.zeros(len(indexes), dtype=np.bool_)
    for names, most in ((of_rows, 1), (of_turns, turn_counts)):
        for name in names:
            found = _key_ends(data, ends, lasts, name.encode())
            if len(found) == 0 or (is_plain and most is turn_counts and len(found) == turn_total):
                continue
            suspects |= np.diff(np.searchsorted(found, block.starts))[indexes] > most
    beside = [name for name in others if name not in of_rows | of_turns]
    counted: dict[str, Integers] = {}  # of each name that some row has more than once
    for name in beside:
        found = _key_ends(data, ends, lasts, name.encode())
        counts = np.diff(np.searchsorted(found, block.starts))[indexes]
        if (counts > 1).any():
            counted[name] = counts
    firsts = _firsts(block, indexes, np.logical_or.reduce([suspects, *(counts > 1 for counts in counted.values())]))
    for name, counts in counted.items():
        _suspect_beside(block, name, beside, counts, firsts, suspects)
    names, numbers = {*of_rows, *of_turns, *beside}, np.flatnonzero(suspects)
    rows = firsts[numbers].tolist()
    repeated = {row: _first_repeated(block.line_at(row).decode(), names) for row in dict.fromkeys(rows)}
    return {number: key for number, row in zip(numbers.tolist(), rows, strict=True) if (key := repeated[row])}


def _firsts(block: Block, indexes: Integers, are_looked_at: Flags) -> Integers:
    """For each row the first of its shape among those that are looked at. Found once for all names."""
    firsts = indexes.copy()
    if are_looked_at.any():
        firsts[are_looked_at] = first_alike(block, indexes[are_looked_at], _SHORT_BYTES)
    return firsts


def _suspect_beside(
    block: Block, name: str, others: Sequence[str], counts: Integers, firsts: Integers, suspects: Flags
) -> None:
    """Flag rows that name a field twice, or in which one of the others has an object that does.

    firsts: of each row the one in the block that is read for it.

    What lies inside has fields of the same name as well, and mostly does where there are many: it is only counted.
    """
    key = b'"%b":' % name.encode()
    numbers = np.flatnonzero((counts > 1) & ~suspects)
    each, places, numbers_of = np.unique(firsts[numbers], return_index=True, return_inverse=True)
    looked_at = zip(each.tolist(), counts[numbers[places]].tolist(), strict=True)
    named_twice = [_names_twice(block.line_at(row), key, count, others) for row, count in looked_at]
    suspects[numbers] = np.array(named_twice, dtype=np.bool_)[numbers_of]


def _names_twice(text: bytes, key: bytes, count: int, others: Sequence[str]) -> bool:
    """Whether a row, or what one of the other fields holds, has the key twice. count: how often it is there in all."""
    try:
        fields = _decode_fields(text)
        if count - sum(bytes(value).count(key) for value in fields.values()) > 1:
            return True
        return any(_loses_one(bytes(fields[other]), key) for other in others if other in fields)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):  # only the exact judge reads it
        return True


def _loses_one(value: bytes, key: bytes) -> bool:
    """Whether a reader makes less of a value than stands there."""
    count = value.count(key)
    return count > 1 and msgspec.json.encode(msgspec.json.decode(value)).count(key) != count


def _names(form: Format) -> tuple[set[str], set[str]]:
    """Fields of a row, and those of its turns; a name that is both is a turn's."""
    segments = [(segment, shape) for shape in form.shapes for segment in shape.segments]
    of_turns = {
        shape.named(key)
        for each, shape in segments
        if each.kind.startswith("message")
        for key in (each.keys.role, each.keys.content)
    }
    return {shape.named(each.field) for each, shape in segments if each.field} - of_turns - {BARE}, of_turns


def _key_ends(data: Bytes, ends: Integers, lasts: Bytes, name: bytes) -> Integers:
    """Where keys of this name end. lasts: the last byte before each end, so that not all ends are copied."""
    quoted = b'"' + name  # before the end of a key without a name is its opening quote
    likely = preceded_by(data, ends[lasts == quoted[-1]], quoted)
    is_escaped = data[np.maximum(likely - len(name) - 2, 0)] == ord("\\")
    places: Integers = likely[~is_escaped]
    return places


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys."""


# Numbers stay text: Python refuses to make one of more than 4,300 digits.
_decode_pairs = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=str, parse_float=str).decode


def _first_repeated(text: str, names: set[str]) -> RepeatedKey | None:
    try:
        return _search(_decode_pairs(text.removeprefix("\ufeff")), "$", names)
    except RecursionError:  # nested far deeper than what is read of a row
        return None


def _search(value: Any, path: str, names: set[str]) -> RepeatedKey | None:
    if isinstance(value, _Pairs):
        keys = [key for key, _ in value]
        for key in keys:
            if key in names and keys.count(key) > 1:
                return RepeatedKey(path, key, keys.count(key))
        found = (_search(item, f"{path}.{printable(key)}", names) for key, item in value)
        return next((each for each in found if each), None)
    if isinstance(value, list):
        found = (_search(item, f"{path}[{index}]", names) for index, item in enumerate(value))
        return next((each for each in found if each), None)
    return None
