"""Looks at a file's beginning and says how it is packed, whether it is lines or an array, and of which format."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import msgspec

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.lookalikes import likeness
from pipeline.dataset.formats.rows import FORMATS, recognise_row
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.unfinished import finished
from pipeline.dataset.model.json_text import Json, decoded
from pipeline.wording import count_of

HEAD_BYTES = 2**20
MAX_ROWS = 1_000
MAX_OTHERS = 100  # fields; no table of people has more
_LOOKED_AT_LINES = 200
_ARRAY = re.compile(rb"[ \t\r\n]*\[")

Container = Literal["jsonl", "json-array"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. why: what was seen that says so, or that a person chose it, for people.

    unlike: what the file seems to hold instead, where no row of its beginning is of a format that we know. others:
    fields that the first rows have beside what is read as turns.
    """

    form: Format = NATIVE
    container: Container = "jsonl"
    compression: Compression = Compression.NONE
    why: str = "nothing else was recognised"
    unlike: str = ""
    others: tuple[str, ...] = ()

    @property
    def row_name(self) -> Literal["row", "line"]:
        """What a row is called where it is named by its place: rows of an array may share lines."""
        return "row" if self.container == "json-array" else "line"


def recognise(head: bytes, compression: Compression, chosen: Format | None) -> Reading:
    """How to read a file that begins with `head` (unpacked). chosen: the format, when a person named one."""
    text = head.removeprefix(BYTE_ORDER_MARK)
    container = _container(text)
    rows = list(_rows(text, container)) or _unfinished_rows(text, container)
    if chosen is not None:
        form = _variant(chosen, rows)
        return Reading(form, container, compression, "it was chosen", others=_others(rows, form))
    found = Counter(form for form in map(recognise_row, rows) if form is not None)
    if not found:
        return Reading(
            container=container,
            compression=compression,
            unlike=likeness(text, [row for row in rows if row is not None]),
        )
    best = min(found, key=lambda form: (-found[form], FORMATS.index(form)))
    why = f"{found[best]:,} of the first {count_of(len(rows), 'row')} fit {best.title}"
    return Reading(best, container, compression, why, others=_others(rows, best))


def _others(rows: list[Json], form: Format) -> tuple[str, ...]:
    """Fields that a table of the rows would have beside what the format reads, whose types it sees to."""
    read = {segment.field for shape in form.shapes for segment in shape.segments}
    seen = {key: None for row in rows if isinstance(row, dict) for key in row}
    return tuple(key for key in seen if key not in read and key.isprintable())[:MAX_OTHERS]


def _variant(chosen: Format, rows: list[Json]) -> Format:
    """The format of the chosen one's name that the first row fits: one name may stand for rows and for bare lists."""
    same = (form for form in FORMATS if form.name == chosen.name and rows and form.fits(rows[0]))
    return chosen if not rows or chosen.fits(rows[0]) else next(same, chosen)


def _container(text: bytes) -> Container:
    """An array's file begins with a bracket; so may a file of lines."""
    if not _ARRAY.match(text):
        return "jsonl"
    lines = [line for line in text.split(b"\n")[:_LOOKED_AT_LINES] if line.strip()]
    first = decoded(lines[0])
    if first is None and len(lines) == 1 and recognise_row(finished(lines[0])) is not None:
        return "jsonl"  # a list of messages, larger than what is looked at
    if isinstance(first, list):  # a whole array in a line: the only one, or one of many
        return "jsonl" if len(lines) > 1 or recognise_row(first) is not None else "json-array"
    # The first line is a broken row, or the beginning of an array. Of an array only the last row has no comma after it,
    # and a line with its bracket comes behind; what is indented is inside a row.
    rows = sum(_is_row(line) for line in lines[1:] if line[:1] not in (b" ", b"\t"))
    rows_of_array = sum(_is_row(line.rstrip().removesuffix(b",")) for line in lines[1:] if line.rstrip().endswith(b","))
    begun = decoded(lines[0].strip()[1:].removesuffix(b","))
    may_end = not _is_row(lines[-1]) or type(begun) is type(decoded(lines[-1]))
    is_array = isinstance(decoded(text), list) or rows <= rows_of_array + may_end
    return "json-array" if is_array else "jsonl"


def _is_row(line: bytes) -> bool:
    """Whether a line is an object, or a list of messages, as rows are."""
    value = decoded(line)
    return isinstance(value, dict) or (isinstance(value, list) and recognise_row(value) is not None)


def _rows(text: bytes, container: Container) -> Iterator[Json]:
    """The first rows that are whole and JSON."""
    pieces = _pieces(text) if container == "json-array" else iter(text.split(b"\n"))
    for _, piece in zip(range(MAX_ROWS), pieces, strict=False):
        try:
            yield msgspec.json.decode(piece)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue


def _unfinished_rows(text: bytes, container: Container) -> list[Json]:
    """The one row that begins the file, where it is larger than what is looked at."""
    value = finished(text)
    return value[:1] if container == "json-array" and isinstance(value, list) else [value]


def _pieces(text: bytes) -> Iterator[bytes]:
    for block in read_array(BytesIO(text), len(text) + 1):
        yield from block.lines()
