"""Reads tables of text, CSV and TSV, as rows: each becomes a line of JSON with the names of the header.

Cells are texts. Where the name of a column promises a list of messages or of tools, the JSON of a list is one.
No more than a block of rows is held.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO

import numpy as np

from pipeline.dataset.formats.array_rows import GatheredRows, HandedOn
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BLOCK_LINES, BYTE_ORDER_MARK, Block, ByteReader
from pipeline.dataset.formats.guessed_mapping import guessed_mapping
from pipeline.dataset.formats.plain_tables import PlainRows, plain_rows
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.respelled import with_right_keys
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.json_text import Json, decoded, dumped
from pipeline.dataset.rules.mismatch import Mismatch

SEPARATORS = {"csv": ",", "tsv": "\t", "semicolons": ";", "bars": "|"}
_LISTS = frozenset(
    "messages conversations conversation turns dialog dialogue history tools functions chosen rejected prompt "
    "completion".split()
)
_ALONE = frozenset({"messages", "conversations", "conversation", "turns", "dialog", "dialogue"})  # a row in a field
_JUDGED = {"true": True, "false": False, "1": True, "0": False}
_SAMPLED_ROWS = 50
_SAMPLED_BYTES = 2**16  # read at a time for them
_BLOCK_BYTES = BLOCK_BYTES // 2
_PLAIN_BYTES = 2**15  # told apart at once: a quote among them costs no more than these
_TOO_LONG = "more in one row: a quote that is not closed, as a rule"


def separator_of(head: bytes, chosen: Format | None) -> str:
    """What separates the cells of a table whose rows are of a format, or fit a mapping; "" where it is no such table.

    head: the file's beginning, which may be cut off. chosen: the format, when a person named one.
    """
    first = head.removeprefix(BYTE_ORDER_MARK).partition(b"\n")[0]
    if first.lstrip()[:1] in (b"{", b"["):
        return ""
    if first.startswith(b"|"):  # a table of Markdown
        return ""
    names = first.decode(errors="replace").strip().strip('"')
    for separator in SEPARATORS.values():
        if separator.encode() in first or names in _ALONE:  # of one column, whose cells have commas
            rows = _first_rows(head, separator)
            if rows and (_fit(rows, chosen) or guessed_mapping(rows) is not None):
                return separator
    return ""


def _first_rows(head: bytes, separator: str) -> list[Json]:
    whole = head[: head.rfind(b"\n") + 1] if head.count(b"\n") > 1 else head  # the last line may be cut off
    blocks = read_table(BytesIO(whole), separator, len(whole) + 1, block_bytes=_SAMPLED_BYTES)
    texts = (text for block in blocks for index, text in enumerate(block.lines()) if index not in block.faults)
    return [decoded(text) for _, text in zip(range(_SAMPLED_ROWS), texts, strict=False)]


def _of_fields(form: Format | None) -> Format | None:
    """The format, where rows have several fields: of prose, too, a line may begin with a word and a comma."""
    return None if form is None or form.name == "plain-text" else form


def _fit(rows: list[Json], chosen: Format | None) -> bool:
    forms = (chosen,) if chosen is not None else ()
    right = map(with_right_keys, rows)  # a header may be written with blanks or in other case
    known = (recognise_row(row) or _of_fields(recognise_row(other)) for row, other in zip(rows, right, strict=True))
    fitting = sum(
        form is not None or any(each.fits(row) for each in forms) for form, row in zip(known, rows, strict=True)
    )
    return fitting * 2 > len(rows)


def read_table(
    stream: ByteReader,
    separator: str,
    max_row_bytes: int,
    on_bytes: Callable[[bytes], None] = lambda _: None,
    block_bytes: int = _BLOCK_BYTES,
) -> Iterator[Block]:
    """All rows behind the header, in order, as blocks; a row of other cells than the header is a fault of its own.

    stream: the file from its beginning.
    """
    csv.field_size_limit(max(csv.field_size_limit(), max_row_bytes))
    lines = _Lines(stream, max_row_bytes, on_bytes, block_bytes)
    rows = csv.reader(lines, delimiter=separator, strict=True)
    gathered, handed_on, held_bytes = GatheredRows(), HandedOn(), 0
    header: _Header | None = None
    while True:
        line, offset = lines.line + 1, lines.offset
        if header is not None and (plain := lines.plain_rows(separator, header)):
            gathered.faults |= _other_cells(plain.cell_counts, len(header.names), gathered.count)
            gathered.add_many(plain.text, plain.sizes, plain.lines + line, plain.offsets + offset)
            held_bytes += len(plain.text)
        else:
            lines.begin_row()
            if (row := _next_row(rows)) is None:
                break
            cells, fault = row
            if not cells and fault is None:
                continue  # a blank line
            if header is None and fault is None:
                header = _Header(cells)
                continue
            count = 0 if header is None else len(header.names)
            if fault is None and len(cells) != count:
                fault = _of_cells(len(cells), count)
            text = b"" if fault or header is None else header.as_json(cells)
            gathered.add(text, line, offset, fault)
            held_bytes += len(text)
        if held_bytes > block_bytes or gathered.count >= BLOCK_LINES:
            handed_on.is_marked = lines.is_marked and not handed_on.count
            yield from handed_on.blocks(gathered)
            gathered, held_bytes = GatheredRows(), 0
    handed_on.is_marked = lines.is_marked and not handed_on.count
    yield from handed_on.blocks(gathered)


def _of_cells(found: int, wanted: int) -> Mismatch:
    return Mismatch(f"{wanted} cells, as the header has", f"{found}")


def _other_cells(counts: Integers, wanted: int, before: int) -> dict[int, Mismatch]:
    """The faults of rows that have other cells. before: how many rows stand before these."""
    others = np.flatnonzero(counts != wanted)
    faults = {count: _of_cells(count, wanted) for count in np.unique(counts[others]).tolist()}
    return {row + before: faults[count] for row, count in zip(others.tolist(), counts[others].tolist(), strict=True)}


def _next_row(rows: Iterator[list[str]]) -> tuple[list[str], Mismatch | None] | None:
    """The cells of the next row, none of a blank line, and what is wrong with it; None at the end."""
    try:
        return next(rows), None
    except StopIteration:
        return None
    except csv.Error as error:
        return [], Mismatch("a row of cells", f"a fault: {error}")


class _Header:
    """The names of the columns, and how a row of cells is said under them."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.has_labels = "label" in names
        self.has_lists = not _LISTS.isdisjoint(names)
        self._row = ", ".join(dumped(name).replace("%", "%%") + ": %s" for name in names).join("{}")

    def as_json(self, cells: list[str]) -> bytes:
        """An object with each column in its place: one that is named twice is told as in JSON."""
        values: Iterable[Json] = cells
        if self.has_labels or self.has_lists:
            values = map(_value, self.names, cells)
        return (self._row % tuple(map(dumped, values))).encode("utf-8", "surrogateescape")


def _value(name: str, cell: str) -> Json:
    if name == "label":
        return _JUDGED.get(cell.strip().lower(), cell)
    if name in _LISTS and cell.lstrip().startswith("["):
        value = decoded(cell.encode("utf-8", "surrogateescape"))
        is_list = isinstance(value, list) and value and all(isinstance(item, dict | list) for item in value)
        return value if is_list else cell
    return cell


class _Lines:
    """The lines of a stream as texts. line: how many were given; offset: of the next one's first byte."""

    def __init__(
        self, stream: ByteReader, max_row_bytes: int, on_bytes: Callable[[bytes], None], block_bytes: int
    ) -> None:
        self._stream, self._on_bytes, self._block_bytes = stream, on_bytes, block_bytes
        self._max = max_row_bytes
        self._chunk, self._at = b"", 0  # what was read, and how far it was given
        self._looked_at = 0  # how far it is known whether lines are plain
        self._row_bytes = 0
        self.line = self.offset = 0
        self.is_marked = False

    def begin_row(self) -> None:
        """Count the bytes of a row from here."""
        self._row_bytes = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line, size = self._next_line()
        self._row_bytes += size
        self.line += 1
        if self.offset == 0 and line.startswith(BYTE_ORDER_MARK):
            self.is_marked, line = True, line[len(BYTE_ORDER_MARK) :]
        self.offset += size
        if self._row_bytes > self._max:
            self._row_bytes = 0
            raise csv.Error(f"expected at most {self._max:,} bytes, found {_TOO_LONG}")
        return line.decode("utf-8", "surrogateescape")

    def plain_rows(self, separator: str, header: _Header) -> PlainRows | None:
        """The next rows, which are taken then, where they are plain; None where they are to be read one by one."""
        if header.has_labels or self._at < self._looked_at or not self._has_more():
            return None
        end = self._chunk.rfind(b"\n", self._at, self._at + _PLAIN_BYTES) + 1
        self._looked_at = end or len(self._chunk)
        text = self._chunk[self._at : end]
        if not text or (header.has_lists and b"[" in text):
            return None
        plain = plain_rows(text, separator, header.names, self._max)
        if plain is not None:
            self._at = end
            self.line += text.count(b"\n")
            self.offset += len(text)
        return plain

    def _has_more(self) -> bool:
        """Whether there is more, which is read when all was given."""
        if self._at < len(self._chunk):
            return True
        self._chunk, self._at, self._looked_at = self._stream.read(self._block_bytes), 0, 0
        self._on_bytes(self._chunk)
        return bool(self._chunk)

    def _next_line(self) -> tuple[bytes, int]:
        """The next line, empty where it is too long, and its size."""
        held: list[bytes] = []
        size = 0
        while self._has_more():
            end = self._chunk.find(b"\n", self._at) + 1 or len(self._chunk)
            line, self._at = self._chunk[self._at : end], end
            size += len(line)
            held = [*held, line] if size <= self._max else []
            if line.endswith(b"\n"):
                return b"".join(held), size
        if size:
            return b"".join(held), size
        raise StopIteration
