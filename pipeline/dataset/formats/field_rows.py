"""Reads the rows of one object that holds them as a list in a field, in bounded memory: as the array that it is.

What stands beside the list belongs to the file. A format that keeps it finds what stands before the list in the first
row, what stands behind it in the last one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pipeline.dataset.formats.array import read_array
from pipeline.dataset.formats.array_rows import GatheredRows
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, Block, ByteReader, joined
from pipeline.dataset.formats.brackets import WHITE
from pipeline.dataset.formats.object_files import MOST_DEPTH, path_of_rows
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.unfinished import finished
from pipeline.dataset.model.json_text import Json, decoded, encoded
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.mismatch import Mismatch

MOST_BESIDE_BYTES = 2**20
_END = "the object's '}'"


def read_field(
    stream: ByteReader,
    list_at: int,
    kept_as: str,
    max_row_bytes: int,
    on_bytes: Callable[[bytes], None] = lambda _: None,
    block_bytes: int = BLOCK_BYTES // 2,
) -> Iterator[Block]:
    """All rows of the list, in order, as blocks.

    list_at: the byte of the list's bracket. kept_as: the field that the rows get for what stands beside the list; ""
    where it is left out.
    """
    blanked, behind = _Blanked(stream, list_at, on_bytes), _Behind()
    blocks = read_array(blanked, max_row_bytes, block_bytes=block_bytes, on_rest=behind.keep)
    last: Block | None = None
    for block in blocks:
        if last is None and kept_as:
            block = _with_field(block, 0, kept_as, _beside(blanked.before, b""))
        elif last is not None:
            yield last
        last = block
    if not behind.is_begun:  # the list does not end, which is the fault of its last row
        if last is not None:
            yield last
        return
    fault = behind.fault(blanked.before)
    if last is not None:
        kept = {} if fault or not kept_as else behind.said(blanked.before)
        yield _with_field(last, last.line_count - 1, kept_as, kept)
    if fault:
        gathered = GatheredRows()
        gathered.add(b"", behind.line, behind.offset, fault)
        yield from gathered.blocks(last.first_row + last.line_count if last else 1, is_marked=False)


class _Blanked:
    """The stream with spaces for what stands before the list; its line breaks stay. before: what stood there."""

    def __init__(self, stream: ByteReader, list_at: int, on_bytes: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._left = list_at
        self._on_bytes = on_bytes
        self.before = b""

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._on_bytes(chunk)
        if not self._left or not chunk:
            return chunk
        before, rest = chunk[: self._left], chunk[self._left :]
        self._left -= len(before)
        self.before += before
        blank = np.full(len(before), ord(" "), dtype=np.uint8)
        blank[np.frombuffer(before, dtype=np.uint8) == ord("\n")] = ord("\n")
        mark = BYTE_ORDER_MARK if self.before == before and before.startswith(BYTE_ORDER_MARK) else b""
        return mark + bytes(blank[len(mark) :].tobytes()) + rest


class _Behind:
    """What stands behind the list, and where it begins."""

    def __init__(self) -> None:
        self.is_begun = False
        self.line, self.offset = 0, 0
        self._held = bytearray()
        self._size = 0

    def keep(self, text: bytes, line: int, offset: int) -> None:
        if not self.is_begun:
            self.is_begun, self.line, self.offset = True, line, offset
        self._size += len(text)
        self._held += text[: MOST_BESIDE_BYTES - len(self._held)]

    def fault(self, before: bytes) -> Mismatch | None:
        """What is wrong there: text that is no rest of the object, or that holds rows, too."""
        value = finished(before.removeprefix(BYTE_ORDER_MARK) + b"null" + self._held)
        others: list[tuple[str, ...]] = [(name,) for name, inner in _members(value) if _begins_with_a_row(inner)]
        if isinstance(value, dict) and not others:
            others = [path_of_rows(value, MOST_DEPTH)]
        if others and others[0]:
            name = ".".join(map(printable, others[0]))
            detail = f"(jq -c '.{name}[]' in.json > out.jsonl writes them)"
            return Mismatch("one list of rows in the object", f"more rows in the field {name}", detail)
        if self._size > MOST_BESIDE_BYTES:
            return Mismatch(f"at most {MOST_BESIDE_BYTES >> 20} MiB behind the rows", "more")
        if not isinstance(_decoded(before + b"null" + self._held), dict):
            return Mismatch(_END, "more text" if self._held.strip(WHITE) else "the end of the file")
        return None

    def said(self, before: bytes) -> dict[str, Json]:
        return {name: value for name, value in _beside(before, bytes(self._held)).items() if value is not None}


def _beside(before: bytes, behind: bytes) -> dict[str, Json]:
    """The fields beside the list; those behind it alone, where that is given."""
    of_before = dict(_members(finished(before.removeprefix(BYTE_ORDER_MARK) + b"null")))
    if not behind:
        return {name: value for name, value in of_before.items() if value is not None}
    return {name: value for name, value in _members(_decoded(before + b"null" + behind)) if name not in of_before}


def _begins_with_a_row(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and recognise_row(value[0]) is not None


def _members(value: Json) -> list[tuple[str, Json]]:
    return list(value.items()) if isinstance(value, dict) else []


def _decoded(text: bytes) -> Json:
    return decoded(text.removeprefix(BYTE_ORDER_MARK))


def _with_field(block: Block, index: int, name: str, value: dict[str, Json]) -> Block:
    """The block with one more field in a row, added to what the row has there."""
    if not value or block.skipped_bytes or index in block.faults:
        return block
    texts = block.lines()
    row = decoded(texts[index])
    if not isinstance(row, dict):
        return block
    held = row.get(name)
    row[name] = (held | value) if isinstance(held, dict) else value
    texts[index] = encoded(row).encode()
    data, starts = joined(texts, is_ended=True)
    return replace(block, data=data, starts=starts)


__all__ = ["MOST_BESIDE_BYTES", "read_field"]
