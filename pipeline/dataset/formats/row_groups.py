"""Puts rows together that are parts of one conversation, wherever they stand in the file.

The rows go to a temporary file as they come; in memory stay some 30 to 50 bytes for each and, while they are put in
order, 80 more: a million are about 120 MB. Conversations follow in the order of their first rows. What is no part of a
conversation stays a row of its own.
"""

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any

import msgspec
import numpy as np

from pipeline.dataset.formats.array_rows import GatheredRows, HandedOn, LongRow
from pipeline.dataset.formats.blocks_of_lines import (
    BLOCK_BYTES,
    BLOCK_LINES,
    BYTE_ORDER_MARK,
    Block,
    Parts,
    have_brackets,
    joined,
)
from pipeline.dataset.formats.groupings import Arranged, Grouping, Told
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.rules.mismatch import Mismatch

_TEXT, _FAULTY, _SKIPPED, _META = range(4)
_MOST_BYTES = BLOCK_BYTES // 2


def grouped(blocks: Iterable[Block], grouping: Grouping, max_row_bytes: int) -> Iterator[Block]:
    """The rows of the blocks, the parts of a conversation as one row, in the order that its grouping gives them.

    A row's line and byte are those of its first part. A line that says what the file is goes into the row after it.

    Raises:
        OSError: the folder for temporary files cannot be written.
    """
    with tempfile.TemporaryFile(prefix="lora-parts-") as spill:
        rows = _Spilled(spill, grouping)
        is_marked = False
        for block in blocks:
            is_marked = rows.add(block) or is_marked
            del block
        spill.flush()
        yield from _Groups(rows, max_row_bytes).blocks(is_marked=is_marked)


class _Spilled:
    """Rows on disk, a line each, and where they stand: there, and in the file that they come from."""

    def __init__(self, spill: IO[bytes], grouping: Grouping) -> None:
        self.spill = spill
        self.grouping = grouping
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(grouping.part)
        self._nothing = grouping.part()
        self._keys, self._parents, self._orders = array("Q"), array("Q"), array("d")
        self._sizes, self._lines, self._offsets = array("q"), array("q"), array("q")
        self._kinds = array("B")
        self.faults: dict[int, Mismatch] = {}
        self.skipped: dict[int, int] = {}  # sizes of rows that are too long, whose texts are not kept

    def add(self, block: Block) -> bool:
        """Take a block's rows; whether a byte order mark stands before them."""
        count = len(self._kinds)  # of the rows before
        if block.skipped_bytes:
            self.skipped[count] = block.skipped_bytes
            self._add(b"\n", np.ones(1, dtype=np.int64), block, [self._nothing], kind=_SKIPPED)
            return False
        parts = self._whole(block)
        if parts is not None:
            self._add(block.data, np.diff(block.starts), block, parts)
            return block.is_marked
        is_marked = block.is_marked
        texts = block.lines()
        if block.offsets_at[0] == 0 and texts[0].startswith(BYTE_ORDER_MARK):
            is_marked, texts[0] = True, texts[0][len(BYTE_ORDER_MARK) :]
        self.faults |= {count + int(row): block.faults[int(row)] for row in block.faults.rows}
        data, starts = joined(texts, is_ended=True)
        self._add(data, np.diff(starts), block, [self._part_of(text) for text in texts])
        for row in block.faults.rows.tolist():
            self._kinds[count + row] = _FAULTY
        return is_marked

    def _whole(self, block: Block) -> list[Any] | None:
        """The parts of a block of nothing but objects, decoded at once; None where a line is anything else."""
        if block.faults or not block.is_ended or not have_brackets(block, "{", "}").all():
            return None
        try:
            parts = self._decoder.decode_lines(block.data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        return parts if len(parts) == block.line_count else None

    def _part_of(self, text: bytes) -> Any:
        try:
            return self._decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return self._nothing

    def _add(self, data: bytes, sizes: Integers, block: Block, parts: Sequence[Any], kind: int = _TEXT) -> None:
        told = self.grouping.tell(parts)
        self.spill.write(data)
        self._sizes.frombytes(sizes.astype(np.int64).tobytes())
        self._lines.frombytes(block.lines_at.tobytes())
        self._offsets.frombytes(block.offsets_at.astype(np.int64).tobytes())
        self._keys.frombytes(told.keys.tobytes())
        if told.orders is not None:
            self._orders.frombytes(told.orders.tobytes())
        if told.parents is not None:
            self._parents.frombytes(told.parents.tobytes())
        is_meta = np.zeros(len(parts), dtype=np.bool_) if told.is_meta is None else told.is_meta
        self._kinds.frombytes(np.where(is_meta, _META, kind).astype(np.uint8).tobytes())

    def arranged(self) -> Arranged:
        """The rows in their new order."""
        has_any = len(self._kinds) > 0
        orders = np.array(self._orders) if self._orders and has_any else None
        parents = np.array(self._parents) if self._parents and has_any else None
        return self.grouping.arranged(Told(np.array(self._keys, dtype=np.uint64), orders, parents))

    @property
    def is_part(self) -> Any:
        """Whether each row is part of a conversation."""
        return np.array(self._keys, dtype=np.uint64) != 0

    @property
    def places(self) -> tuple[Integers, Integers, Integers, Any]:
        """Size with its end, line and offset of each row, and its kind."""
        integers = (np.array(each, dtype=np.int64) for each in (self._sizes, self._lines, self._offsets))
        return (*integers, np.array(self._kinds, dtype=np.uint8))  # type: ignore[return-value]


class _Groups:
    """The rows in their new order, and the blocks that are made of them."""

    def __init__(self, rows: _Spilled, max_row_bytes: int) -> None:
        self._rows = rows
        self._max = max_row_bytes
        self._arranged = rows.arranged()
        self._is_part = rows.is_part
        self._sizes, self._lines, self._offsets, self._kinds = rows.places
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)])
        self._meta: _Meta | None = None
        self._handed_on = HandedOn()

    def blocks(self, *, is_marked: bool) -> Iterator[Block]:
        """All of them. is_marked: whether the first begins with a byte order mark."""
        self._handed_on.is_marked = is_marked
        firsts, order = self._arranged.firsts, self._arranged.order
        group_bytes = np.add.reduceat(self._sizes[order], firsts[:-1]) if len(order) else np.empty(0, dtype=np.int64)
        for begin, end in _some_at_once(group_bytes):
            yield from self._some(begin, end, group_bytes[begin:end])
        made = _Made()
        self._end_meta(made)
        yield from self._made(made)

    def _some(self, begin: int, end: int, group_bytes: Integers) -> Iterator[Block]:
        """The conversations of these numbers, in blocks."""
        bounds = self._arranged.firsts[begin : end + 1]
        members = self._arranged.order[bounds[0] : bounds[-1]]
        bounds = bounds - bounds[0]
        firsts = members[bounds[:-1]]
        is_alone_and_long = len(firsts) == 1 and self._is_part[firsts[0]] and group_bytes[0] > self._max
        texts = [b""] * len(members) if is_alone_and_long else self._texts(members)
        kept = self._arranged.kept[begin:end]
        if self._meta is None and self._is_part[firsts].all() and group_bytes.max() <= self._max:
            to_row, spans = (
                self._rows.grouping.row,
                zip(bounds[:-1].tolist(), bounds[1:].tolist(), kept.tolist(), strict=True),
            )
            rows = [to_row(texts[start:stop], count, b"") for start, stop, count in spans]
            yield from self._block(rows, members, bounds, {})
            return
        columns = (firsts, self._kinds[firsts], self._is_part[firsts], group_bytes, kept, bounds[:-1], bounds[1:])
        yield from self._one_by_one(texts, members, *(each.tolist() for each in columns))

    def _one_by_one(self, texts: list[bytes], members: Integers, *columns: list[int]) -> Iterator[Block]:
        """The same where some are no parts, too long, or about the file. columns: of the rows that are made."""
        made = _Made()
        for first, kind, is_part, size, kept, start, stop in zip(*columns, strict=True):
            meta = self._meta.text if self._meta else b""
            if kind == _META:
                self._end_meta(made)
                self._meta = _Meta(texts[start], members[start:stop])
            elif kind == _SKIPPED or (is_part and size + len(meta) > self._max):
                yield from self._made(made)
                made = _Made()
                yield self._too_long(first, self._rows.skipped.get(first, size + len(meta)))
                self._meta = self._meta if kind == _SKIPPED else None
            elif not is_part:
                made.add(texts[start], members[start:stop], self._rows.faults.get(first))
            else:
                made.add(self._rows.grouping.row(texts[start:stop], kept, meta), members[start:stop])
                self._meta = None
        yield from self._made(made)

    def _end_meta(self, made: "_Made") -> None:
        """What is said of the file stays a row of its own, where no conversation follows it."""
        if self._meta:
            made.add(self._meta.text, self._meta.members)
            self._meta = None

    def _texts(self, members: Integers) -> list[bytes]:
        """The texts of rows; those that follow each other are read at once."""
        texts: list[bytes] = []
        breaks = np.flatnonzero(np.diff(members) != 1)
        starts = self._starts[members[np.append(0, breaks + 1)]].tolist()
        ends = self._starts[members[np.append(breaks, len(members) - 1)] + 1].tolist()
        file = self._rows.spill.fileno()
        for start, end in zip(starts, ends, strict=True):
            texts += os.pread(file, end - start, start)[:-1].split(b"\n")
        return texts

    def _too_long(self, first: int, size: int) -> Block:
        return self._handed_on.block(LongRow(int(self._lines[first]), int(self._offsets[first]), self._max, size))

    def _made(self, made: "_Made") -> Iterator[Block]:
        """Rows that were made one by one; nothing where there are none."""
        if made.texts:
            starts = np.concatenate([[0], np.cumsum(np.fromiter(map(len, made.members), dtype=np.int64))])
            yield from self._block(made.texts, np.concatenate(made.members), starts, made.faults)

    def _block(
        self, texts: list[bytes], members: Integers, starts: Integers, faults: dict[int, Mismatch]
    ) -> Iterator[Block]:
        """Rows as a block. members: the numbers of the rows that they were made of; starts: where each's begin."""
        parts = Parts(starts, self._lines[members], self._offsets[members])
        data, begins = joined(texts, is_ended=True)
        gathered = GatheredRows(faults=faults)
        gathered.add_many(data, np.diff(begins), parts.lines[starts[:-1]], parts.offsets[starts[:-1]])
        yield from (replace(block, parts=parts) for block in self._handed_on.blocks(gathered))


@dataclass(frozen=True, slots=True)
class _Meta:
    """A row that says what the file is, until a conversation takes it."""

    text: bytes
    members: Integers


@dataclass(slots=True)
class _Made:
    """Rows on their way into a block."""

    texts: list[bytes] = field(default_factory=list)
    members: list[Integers] = field(default_factory=list)
    """The numbers of the rows that each was made of."""
    faults: dict[int, Mismatch] = field(default_factory=dict)

    def add(self, text: bytes, members: Integers, fault: Mismatch | None = None) -> None:
        """Append a row. fault: what is wrong around it, so that it cannot be read."""
        if fault is not None:
            self.faults[len(self.texts)] = fault
        self.texts.append(text if fault is None else b"?")
        self.members.append(members)


def _some_at_once(group_bytes: Integers) -> Iterator[tuple[int, int]]:
    """Numbers of conversations that follow each other, not many bytes of them, and where they end."""
    ends = np.cumsum(group_bytes)
    begin, count = 0, len(ends)
    while begin < count:
        before = int(ends[begin - 1]) if begin else 0
        end = int(np.searchsorted(ends, before + _MOST_BYTES, side="right"))
        end = min(max(end, begin + 1), begin + BLOCK_LINES, count)
        yield begin, end
        begin = end
