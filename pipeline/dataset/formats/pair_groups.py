"""Puts rows together that belong to one conversation, wherever they stand in the file: pairs of brightrun-lora-v4.

The rows go to a temporary file as they come; in memory stay 33 bytes for each and, while they are put in order, 80
more: a million pairs are about 100 MB. Conversations follow in the order of their first rows. What is no pair of a
conversation stays a row of its own.
"""

import hashlib
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec
import numpy as np

from pipeline.dataset.formats.array_rows import GatheredRows, HandedOn, LongRow
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BLOCK_LINES, BYTE_ORDER_MARK, Block
from pipeline.dataset.formats.brackets import WHITE
from pipeline.dataset.formats.rows.brightrun import META
from pipeline.dataset.formats.rows.brightrun_pairs import ASKED, PAIRS
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.rules.mismatch import Mismatch

_TEXT, _FAULTY, _SKIPPED, _META = range(4)
_BEGIN, _END = b'{"%b":[' % PAIRS.encode(), b"]}"
_MOST_BYTES = BLOCK_BYTES // 2


class _Row(msgspec.Struct, rename={"meta": META, "pairs": PAIRS, "asked": ASKED}):
    """What tells where a row belongs."""

    conversation_id: str | int | None = None
    asked: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    meta: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    pairs: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Row).decode


def grouped(blocks: Iterable[Block], max_row_bytes: int) -> Iterator[Block]:
    """The rows of the blocks, those of one `conversation_id` as one row with all of them as its training pairs.

    A row's line and byte are those of its first pair. A line that says what the file is goes into the row after it.

    Raises:
        OSError: the folder for temporary files cannot be written.
    """
    with tempfile.TemporaryFile(prefix="lora-pairs-") as spill:
        rows = _Spilled(spill)
        is_marked = False
        for block in blocks:
            is_marked = rows.add(block) or is_marked
            del block
        yield from _Groups(rows, max_row_bytes).blocks(is_marked=is_marked)


class _Spilled:
    """Rows on disk, and where they stand: there, and in the file that they come from."""

    def __init__(self, spill: IO[bytes]) -> None:
        self.spill = spill
        self.keys = array("Q")  # of its conversation; 0 of a row of its own
        self.sizes, self.lines, self.offsets = array("q"), array("q"), array("q")
        self.kinds = array("B")
        self.faults: dict[int, Mismatch] = {}

    def add(self, block: Block) -> bool:
        """Take a block's rows; whether a byte order mark stands before them."""
        if block.skipped_bytes:
            self._add(_SKIPPED, 0, b"", block.line, block.offset, block.skipped_bytes)
            return False
        is_marked = block.is_marked
        places = zip(block.lines_at.tolist(), block.offsets_at.tolist(), block.lines(), strict=True)
        for index, (line, offset, text) in enumerate(places):
            if index in block.faults:
                self.faults[len(self.keys)] = block.faults[index]
                self._add(_FAULTY, 0, b"", line, offset)
                continue
            if offset == 0 and text.startswith(BYTE_ORDER_MARK):
                is_marked, text = True, text[len(BYTE_ORDER_MARK) :]
            kind, key = _kind_of(text)
            self._add(kind, key, text.strip(WHITE) if key else text, line, offset)
        return is_marked

    def _add(self, kind: int, key: int, text: bytes, line: int, offset: int, size: int | None = None) -> None:
        self.spill.write(text)
        self.keys.append(key)
        self.kinds.append(kind)
        self.sizes.append(len(text) if size is None else size)
        self.lines.append(line)
        self.offsets.append(offset)


def _kind_of(text: bytes) -> tuple[int, int]:
    """What a row is, and the key of the conversation that it belongs to."""
    try:
        row = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _TEXT, 0
    is_meta = row.meta is not msgspec.UNSET and row.pairs is msgspec.UNSET and row.asked is msgspec.UNSET
    if is_meta and row.conversation_id is None:
        return _META, 0
    if row.pairs is not msgspec.UNSET or row.conversation_id in (None, ""):
        return _TEXT, 0
    digest = hashlib.blake2b(str(row.conversation_id).encode(errors="surrogatepass"), digest_size=8).digest()
    return _TEXT, int.from_bytes(digest) or 1


class _Groups:
    """The rows in their new order, and the blocks that are made of them."""

    def __init__(self, rows: _Spilled, max_row_bytes: int) -> None:
        self._rows = rows
        self._max = max_row_bytes
        self._order, self._firsts = _order_of(rows)
        sizes = np.frombuffer(rows.sizes, dtype=np.int64) if rows.sizes else np.empty(0, dtype=np.int64)
        kinds = np.frombuffer(rows.kinds, dtype=np.uint8) if rows.kinds else np.empty(0, dtype=np.uint8)
        self._starts = np.concatenate([[0], np.cumsum(np.where(kinds == _SKIPPED, 0, sizes))])
        self._meta, self._meta_place = b"", (1, 0)
        self._handed_on = HandedOn()

    def blocks(self, *, is_marked: bool) -> Iterator[Block]:
        """All of them. is_marked: whether the first begins with a byte order mark."""
        gathered, held_bytes = GatheredRows(), 0
        self._handed_on.is_marked = is_marked
        for begin, end in zip(self._firsts[:-1].tolist(), self._firsts[1:].tolist(), strict=True):
            members = self._order[begin:end].tolist()
            kind, first = self._rows.kinds[members[0]], members[0]
            if kind == _META:
                if self._meta:
                    gathered.add(self._meta, *self._meta_place)
                self._meta, self._meta_place = self._text(first), (self._rows.lines[first], self._rows.offsets[first])
                continue
            size = sum(self._rows.sizes[member] + 1 for member in members) + len(self._meta)
            if size > self._max or kind == _SKIPPED:
                yield from self._handed_on.blocks(gathered)
                gathered, held_bytes = GatheredRows(), 0
                yield self._too_long(first, self._rows.sizes[first] if kind == _SKIPPED else size)
                self._meta = self._meta if kind == _SKIPPED else b""
                continue
            self._gather(gathered, members)
            held_bytes += size
            if held_bytes > _MOST_BYTES or gathered.count >= BLOCK_LINES:
                yield from self._handed_on.blocks(gathered)
                gathered, held_bytes = GatheredRows(), 0
        if self._meta:
            gathered.add(self._meta, *self._meta_place)
        yield from self._handed_on.blocks(gathered)

    def _gather(self, gathered: GatheredRows, members: list[int]) -> None:
        rows, first = self._rows, members[0]
        line, offset = rows.lines[first], rows.offsets[first]
        if rows.kinds[first] == _FAULTY:
            gathered.add(b"", line, offset, rows.faults[first])
        elif not rows.keys[first]:
            gathered.add(self._text(first), line, offset)
        else:
            meta, self._meta = self._meta, b""
            begin = meta.strip(WHITE)[:-1].rstrip(WHITE) + b"," + _BEGIN[1:] if meta else _BEGIN
            gathered.add(begin + b",".join(map(self._text, members)) + _END, line, offset)

    def _text(self, member: int) -> bytes:
        start, end = self._starts[member : member + 2].tolist()
        self._rows.spill.seek(start)
        return self._rows.spill.read(end - start)

    def _too_long(self, first: int, size: int) -> Block:
        return self._handed_on.block(LongRow(self._rows.lines[first], self._rows.offsets[first], self._max, size))


def _order_of(rows: _Spilled) -> tuple[Integers, Integers]:
    """The rows' numbers, those of a conversation where its first one stands; where each begins, and the end."""
    count = len(rows.keys)
    if not count:
        return np.empty(0, dtype=np.int64), np.zeros(1, dtype=np.int64)
    keys: Any = np.frombuffer(rows.keys, dtype=np.uint64).copy()
    alone = np.flatnonzero(keys == 0)
    _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
    ranks = firsts[numbers]  # the first row of each one's conversation
    ranks[alone] = alone
    order = np.argsort(ranks, kind="stable")
    begins = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    return order, np.append(begins, count)
