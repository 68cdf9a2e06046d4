"""Looks at a file's beginning and says how it is packed, how its rows stand in it, and of which format they are."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, islice
from typing import Literal

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK, Block
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.field_rows import read_field
from pipeline.dataset.formats.groupings import Grouping, grouping_of
from pipeline.dataset.formats.guessed_mapping import guessed_mapping, mapping_text
from pipeline.dataset.formats.lookalikes.file_likeness import likeness, loose_rows, sample_of
from pipeline.dataset.formats.lookalikes.repairs import is_list_of_rows
from pipeline.dataset.formats.lookalikes.row_likeness import of_table
from pipeline.dataset.formats.mapped_rows import AUTO, AUTO_MAPPED
from pipeline.dataset.formats.object_files import FieldOfRows, field_of_rows, is_over_lines
from pipeline.dataset.formats.objects import read_objects
from pipeline.dataset.formats.rows import FORMATS, recognise_row
from pipeline.dataset.formats.rows.decoders import is_readable
from pipeline.dataset.formats.rows.flat_messages import FlatMessages
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.oasst import Oasst
from pipeline.dataset.formats.rows.respelled import Respelled, odd_names_of, with_right_keys
from pipeline.dataset.formats.table_rows import read_table, separator_of
from pipeline.dataset.formats.unfinished import finished
from pipeline.dataset.model.json_text import Json, decoded
from pipeline.dataset.model.printable import printable
from pipeline.dataset.model.quiet import paused_collector
from pipeline.wording import count_of

HEAD_BYTES = 2**20
MAX_ROWS = 1_000
_TABLE_BYTES = 2**16  # of a table at a time: a thousand rows are seldom more
MAX_OTHERS = 100  # fields; no table of people has more
_LOOKED_AT_LINES = 200
_FEW_FIELDS = 5  # of an object, that are named
_ARRAY = re.compile(rb"[ \t\r\n]*\[")
_LABELLED = re.compile(rb"[ \t]*\[[ \t]*[^\s{\[\"\]]")  # as lines of a log begin: no row does

Container = Literal["jsonl", "json-array", "json-objects", "json-field", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read."""

    form: Format = NATIVE
    container: Container = "jsonl"
    compression: Compression = Compression.NONE
    why: str = "nothing else was recognised"
    """What was seen that says so, or that a person chose it, for people."""
    unlike: str = ""
    """What the file seems to hold instead, where no row of its beginning is of a format that we know as it stands."""
    is_certain: bool = False
    """Whether a row as it stands was recognised, or the format chosen."""
    others: tuple[str, ...] = ()
    """Fields that the first rows have beside what is read as turns."""
    list_at: int = 0
    """Of an object that holds the rows, the byte of their list's bracket."""
    separator: str = ""
    """Of the cells of a table of text."""
    grouping: Grouping | None = None
    """How rows that are parts of one conversation are put together, wherever they stand."""

    @property
    def untyped_fields(self) -> tuple[str, ...]:
        """Those of the others that may hold anything, and that are read quickly.

        The native format's id is a text, or the row is refused.
        """
        typed = {name for shape in NATIVE.shapes for name in shape.identities} if self.form == NATIVE else set()
        return tuple(name for name in self.others if name not in typed and is_readable(name))

    @property
    def row_name(self) -> Literal["row", "line"]:
        """What a row is called where it is named by its place: of lines, each is one; else they may share lines."""
        return "line" if self.has_rows_on_lines else "row"

    @property
    def container_name(self) -> str:
        """The public name of how the rows stand in the file: parts that are put together stand nowhere as rows."""
        return self.grouping.name if self.grouping else self.container

    @property
    def has_rows_on_lines(self) -> bool:
        """Whether each line is a row, and each row a line."""
        return self.container == "jsonl" and not self.grouping


def recognise(head: bytes, compression: Compression, chosen: Format | None, *, are_lines: bool = False) -> Reading:
    """How to read a file that begins with `head` (unpacked).

    chosen: the format, when a person named one. are_lines: whether its rows are known to be lines.
    """
    with paused_collector():  # a megabyte that is looked at may be a million lists
        reading = _recognised(head, compression, chosen, are_lines=are_lines)
    return replace(reading, why=f"{reading.why}; {reading.grouping.said}") if reading.grouping else reading


def _recognised(head: bytes, compression: Compression, chosen: Format | None, *, are_lines: bool) -> Reading:
    text = head.removeprefix(BYTE_ORDER_MARK)
    container: Container = "jsonl" if are_lines else _container(text)
    inner = None
    if container == "json-objects" or (container == "jsonl" and _is_one_line(text) and not are_lines):
        inner = field_of_rows(head)
    if inner is not None:
        container = "json-field"
    separator = separator_of(head, chosen) if container == "jsonl" and not (inner or are_lines) else ""
    if separator:
        container = "csv"
    list_at = inner.list_at if inner else 0
    list_in_text = max(0, list_at - len(head) + len(text))
    rows = _rows(text, container, list_in_text, separator)
    reading = Reading(container=container, compression=compression, list_at=list_at, separator=separator)
    if not rows and _is_one_row(text, container):
        rows = _unfinished_rows(text, container, list_in_text)
    if chosen is not None and chosen != AUTO_MAPPED:
        form = _variant(chosen, rows)
        if (spelt := _respelled(rows, chosen)) and spelt[1] > sum(map(form.fits, rows)):
            form = spelt[0]
        return replace(_of_form(reading, form, rows), why="it was chosen", is_certain=True)
    best = _most_frequent(rows)
    if (spelt := _respelled(rows)) and spelt[1] > (best[1] if best else 0):
        form, fitting = spelt
        why = f"{fitting:,} of the first {count_of(len(rows), 'row')} fit {form.title} but for the names of fields"
        return replace(_of_form(reading, form, rows), why=f"{why}{_inside(inner)}", is_certain=True)
    if best:
        why = f"{best[1]:,} of the first {count_of(len(rows), 'row')} fit {best[0].title}{_inside(inner)}"
        table = of_table(rows[0]) if len(rows) == 1 else ""
        return replace(_of_form(reading, best[0], rows), why=why, is_certain=True, unlike=table)
    is_table = len(rows) == 1 and bool(of_table(rows[0]))
    mapping = None if is_table else guessed_mapping(rows)
    if mapping is not None and chosen == AUTO_MAPPED:
        from pipeline.dataset.formats.mapping import format_of  # pydantic: most files need none

        form = format_of(mapping)
        why = f"no format that we know fits; this mapping does: {mapping_text(mapping)}"
        return replace(_of_form(reading, form, rows), why=why, is_certain=True)
    sample = sample_of(_pieces(text, container, list_in_text, separator))
    said = likeness(text, [row for row in rows if row is not None], sample)
    if mapping is not None:
        hint = f"--mapping '{mapping_text(mapping)}' reads them, and so does --mapping {AUTO}"
        said = f"{said}; {hint}" if said else f"rows of a question and its answer; {hint}"
    reading = replace(reading, unlike=said)
    if best := _most_frequent(_inner_rows(rows) or loose_rows(text, sample)):
        return replace(reading, form=best[0], why=f"as they stand, no rows fit; mended, they would be {best[0].title}")
    return reading


def _of_form(reading: Reading, form: Format, rows: list[Json]) -> Reading:
    """The reading of rows as this format."""
    form = form.fitted(rows) if isinstance(form, FlatMessages) else form
    grouping = grouping_of(form, rows)
    others = () if grouping or isinstance(form, Oasst) else _others(rows, form)  # no table is made of trees
    return replace(reading, form=form, others=others, grouping=grouping)


def _inside(inner: FieldOfRows | None) -> str:
    """Where the rows are, and what stands beside them."""
    if inner is None:
        return ""
    beside = f", beside {', '.join(map(printable, inner.beside[:_FEW_FIELDS]))}" if inner.beside else ""
    return f"; they are in the field {inner.name} of one object{beside}"


def _is_one_line(text: bytes) -> bool:
    return b"\n" not in text.strip()


def _most_frequent(rows: list[Json]) -> tuple[Format, int] | None:
    """The format that most of the rows fit, and how many; None where none fits any."""
    found = Counter(form for form in map(recognise_row, rows) if form is not None)
    if not found:
        return None
    best = min(found, key=lambda form: (-found[form], FORMATS.index(form)))
    return best, found[best]


def _respelled(rows: list[Json], chosen: Format | None = None) -> tuple[Format, int] | None:
    """The format that most rows are of once the names of their fields are put right, and how many are.

    chosen: the only one to try. Rows whose names are right are of it as well.
    """
    names = odd_names_of(rows)
    if not names:
        return None
    right = list(map(with_right_keys, rows))
    best = _most_frequent(right) if chosen is None else (_variant(chosen, right), 0)
    if best is None:
        return None
    form = Respelled(best[0], names)
    return form, sum(map(form.fits, rows))


def _is_one_row(text: bytes, container: Container) -> bool:
    """Whether what is looked at may be the beginning of one row: an object over several lines is none."""
    return container != "jsonl" or _is_one_line(text)


def _inner_rows(rows: list[Json]) -> list[Json]:
    """The rows of lists of rows, which stand on lines."""
    return [inner for row in rows if isinstance(row, list) and is_list_of_rows(row) for inner in row]


def _others(rows: list[Json], form: Format) -> tuple[str, ...]:
    """Fields that a table of the rows would have beside what the format reads, whose types it sees to."""
    read = {shape.named(segment.field) for shape in form.shapes for segment in shape.segments}
    seen = {key: None for row in rows if isinstance(row, dict) for key in row}
    nameable = (key for key in seen if key not in read and key.isprintable() and not {'"', "\\"} & set(key))
    return tuple(nameable)[:MAX_OTHERS]  # msgspec names no field with a quote or a backslash


def _variant(chosen: Format, rows: list[Json]) -> Format:
    """The format of the chosen one's name that the first row fits: one name may stand for rows and for bare lists."""
    same = (form for form in FORMATS if form.name == chosen.name and rows and form.fits(rows[0]))
    return chosen if not rows or chosen.fits(rows[0]) else next(same, chosen)


def _container(text: bytes) -> Container:
    """An array's file begins with a bracket; so may a file of lines."""
    if not _ARRAY.match(text):
        return "json-objects" if is_over_lines(text) else "jsonl"
    lines = [line for line in text.split(b"\n")[:_LOOKED_AT_LINES] if line.strip()]
    if len(lines) > 1 and all(map(_LABELLED.match, lines[:2])):
        return "jsonl"
    first = decoded(lines[0])
    if first is None and len(lines) == 1 and recognise_row(finished(lines[0])) is not None:
        return "jsonl"  # a list of messages, larger than what is looked at
    if isinstance(first, list):  # a whole array in a line: the only one, or one of many
        return "jsonl" if len(lines) > 1 or recognise_row(first) is not None else "json-array"
    # The first line is a broken row, or the beginning of an array. Of an array only the last row has no comma after it,
    # and a line with its bracket comes behind; what is indented is inside a row.
    rows = sum(_is_bracketed(line) for line in lines[1:] if line[:1] not in (b" ", b"\t"))
    rows_of_array = sum(
        _is_bracketed(line.rstrip().removesuffix(b",")) for line in lines[1:] if line.rstrip().endswith(b",")
    )
    begun = decoded(lines[0].strip()[1:].removesuffix(b","))
    may_end = not _is_bracketed(lines[-1]) or type(begun) is type(decoded(lines[-1]))
    is_array = isinstance(decoded(text), list) or rows <= rows_of_array + may_end
    return "json-array" if is_array else "jsonl"


def _is_bracketed(line: bytes) -> bool:
    """Whether a line begins and ends as an object or a list does: as rows do, also those that are no JSON."""
    text = line.strip()
    return text[:1] + text[-1:] in (b"{}", b"[]")


def _rows(text: bytes, container: Container, list_at: int, separator: str) -> list[Json]:
    """The first rows that are whole and JSON."""
    rows: list[Json] = []
    for piece in islice(_pieces(text, container, list_at, separator), MAX_ROWS):
        value = decoded(piece)
        if value is not None or piece.strip() == b"null":
            rows.append(value)
    return rows


def _unfinished_rows(text: bytes, container: Container, list_at: int) -> list[Json]:
    """The one row that begins the file, where it is larger than what is looked at."""
    value = finished(text[list_at:])
    return value[:1] if container in ("json-array", "json-field") and isinstance(value, list) else [value]


def _pieces(text: bytes, container: Container, list_at: int, separator: str) -> Iterable[bytes]:
    """Each line, or each row of another container."""
    if container == "jsonl":
        return text.split(b"\n")
    return chain.from_iterable(block.lines() for block in _blocks(text, container, list_at, separator))


def _blocks(text: bytes, container: Container, list_at: int, separator: str) -> Iterator[Block]:
    if container == "csv":
        return read_table(BytesIO(text), separator, len(text) + 1, block_bytes=_TABLE_BYTES)
    if container == "json-objects":
        return read_objects(BytesIO(text), len(text) + 1)
    if container == "json-field":
        return read_field(BytesIO(text), list_at, "", len(text) + 1)
    return read_array(BytesIO(text), len(text) + 1)
