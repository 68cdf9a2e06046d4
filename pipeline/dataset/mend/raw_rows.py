"""Rows as they stand in the file, and, of those that are no JSON, what they can only mean."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.dataset.formats.array_rows import NO_END, NO_LAST_ROW
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK, Block, Rows, joined
from pipeline.dataset.formats.lookalikes.repairs import MOST_BYTES, is_list_of_rows, repaired
from pipeline.dataset.mend.long_texts import Places
from pipeline.dataset.model.json_text import decoded

MALFORMED = "malformed-json"
LISTED = "not-an-object"


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands."""

    lead: bytes
    """White space before it in an array."""
    text: bytes | None
    """None where the reader gave up on it."""
    places: Places = field(default_factory=dict)
    """Of what the text's stand-ins stand for."""
    original: bytes | None = None
    """What stood there where text is what it can only mean, or the same for one of several rows of a line."""
    code: str = ""
    """Of the remedy."""
    is_no_row: bool = False
    """Whether it holds no row, as a fence."""


class RepairedRows:
    """Repairs blocks in file order. wanted: codes of the remedies that are applied."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._added = 0  # rows that lines held beyond their first

    def of(self, block: Block, rows: list[RawRow], *, may_split: bool) -> tuple[Block, list[RawRow]]:
        """The same rows, with those repaired that are none. may_split: whether one may become several, as on lines.

        A line's rows follow one another, so the place of later rows is not their line's number any more.
        """
        suspects = [_is_suspect(row, may_be_marked=block.offset == 0 and not place) for place, row in enumerate(rows)]
        if not self._added and not block.faults and not any(suspects):
            return block, rows
        pieces = [
            list(self._repaired(block, index, row, may_split)) if is_suspect or index in block.faults else [row]
            for index, (row, is_suspect) in enumerate(zip(rows, suspects, strict=True))
        ]
        counts = np.array([len(each) for each in pieces])
        repaired_rows = [row for each in pieces for row in each]
        first_row = block.first_row + self._added
        self._added += len(repaired_rows) - len(rows)
        places = Rows(first_row, np.repeat(block.lines_at, counts), np.repeat(block.offsets_at, counts))
        if block.skipped_bytes:
            return replace(block, rows=places), rows
        if not self._added and all(row.original is None for row in repaired_rows):
            return block, repaired_rows
        standing = iter(block.lines())
        texts: list[bytes] = []
        for each, stood in zip(pieces, standing, strict=True):
            texts += [stood if row.original is None else (row.text or b"").replace(b"\n", b" ") for row in each]
        data, starts = joined(texts, is_ended=block.is_ended)
        return replace(block, data=data, starts=starts, rows=places), repaired_rows

    def _repaired(self, block: Block, index: int, row: RawRow, may_split: bool) -> Iterator[RawRow]:
        if index in block.faults:
            is_no_row = block.faults[index] in (NO_END, NO_LAST_ROW) and MALFORMED in self._wanted
            yield replace(row, is_no_row=is_no_row, code=MALFORMED)
            return
        text = row.text or b""  # a suspect has one
        mark = BYTE_ORDER_MARK if block.offset == 0 and index == 0 and text.startswith(BYTE_ORDER_MARK) else b""
        text = text.removeprefix(mark)
        found = repaired(text)
        code = MALFORMED if decoded(text) is None else LISTED
        if found is None or code not in self._wanted or (len(found) != 1 and not may_split):
            yield row
        elif not found:
            yield replace(row, code=code, is_no_row=True)
        elif len(found) == 1:
            yield replace(row, code=code, text=mark + found[0], original=row.text)
        else:
            found[0] = mark + found[0]
            yield from (replace(row, code=code, text=each, original=each) for each in found)


def _is_suspect(row: RawRow, *, may_be_marked: bool) -> bool:
    """Whether what is not blank is no object, nor a list of messages. may_be_marked: as the file's beginning may be."""
    if row.text is None or row.original is not None or len(row.text) > MOST_BYTES:
        return False
    core = row.text.removeprefix(BYTE_ORDER_MARK if may_be_marked else b"").strip(b" \t\r")
    value = decoded(core) if core else {}
    return not isinstance(value, dict) and (value is None or is_list_of_rows(value))
