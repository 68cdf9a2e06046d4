"""Puts together rows that stand over several lines: objects that were printed with indents, texts with raw line breaks.

Only for a file of which no line is a row as it stands. What does not become one row is left line by line.
"""

import re
from dataclasses import replace

import numpy as np

from pipeline.dataset.formats.blocks_of_lines import Block, Rows, joined
from pipeline.dataset.formats.lookalikes.repairs import MOST_BYTES, is_list_of_rows, repaired
from pipeline.dataset.mend.raw_rows import MALFORMED, RawRow
from pipeline.dataset.model.json_text import decoded

_TOKEN = re.compile(rb'\\.|["{}\[\]]', re.DOTALL)
_Placed = tuple[int, int, RawRow]  # line, offset, row


class JoinedLines:
    """Reads blocks of lines in file order, and holds the lines of a row that has begun."""

    def __init__(self) -> None:
        self._held: list[_Placed] = []
        self._held_bytes = 0
        self._depth = 0
        self._is_in_text = False
        self._rows = 0  # handed on

    def of(self, block: Block, rows: list[RawRow]) -> tuple[Block, list[RawRow]]:
        """The rows that are whole with this block; perhaps none."""
        placed: list[_Placed] = []
        for line, offset, row in zip(block.lines_at.tolist(), block.offsets_at.tolist(), rows, strict=True):
            placed += self._next((line, offset, row))
        if block.skipped_bytes:
            return self._skipped(block, placed)
        return self._block(placed, is_ended=block.is_ended)

    def end(self) -> tuple[Block, list[RawRow]]:
        """The lines of a row that does not end."""
        return self._block(self._give_up(), is_ended=True)

    def _next(self, placed: _Placed) -> list[_Placed]:
        text = placed[2].text
        if text is None:
            return [*self._give_up(), placed]
        if not self._held and text.lstrip()[:1] not in (b"{", b"["):
            return [placed]
        self._look_at(text)
        self._held.append(placed)
        self._held_bytes += len(text) + 1
        if self._held_bytes > MOST_BYTES:
            return self._give_up()
        return self._taken() if self._depth <= 0 and not self._is_in_text else []

    def _look_at(self, text: bytes) -> None:
        for token in _TOKEN.finditer(text):
            mark = token[0]
            if mark == b'"':
                self._is_in_text = not self._is_in_text
            elif not self._is_in_text and mark in (b"{", b"["):
                self._depth += 1
            elif not self._is_in_text and mark in (b"}", b"]"):
                self._depth -= 1

    def _taken(self) -> list[_Placed]:
        """The row of the held lines; the lines where they are none."""
        lines = [row.text or b"" for _, _, row in self._held]
        text = _one_line(lines) if len(lines) > 1 else None
        if text is None:
            return self._give_up()
        line, offset, row = self._held[0]
        self._give_up()
        if is_list_of_rows(decoded(text)):
            return [(line, offset, replace(row, text=text))]  # whose rows are taken out as those of any such line
        return [(line, offset, replace(row, text=text, original=b"\n".join(lines), code=MALFORMED))]

    def _give_up(self) -> list[_Placed]:
        held, self._held = self._held, []
        self._held_bytes = self._depth = 0
        self._is_in_text = False
        return held

    def _block(self, placed: list[_Placed], *, is_ended: bool) -> tuple[Block, list[RawRow]]:
        lines, offsets = (np.array([each[index] for each in placed], dtype=np.int64) for index in (0, 1))
        rows = [row for _, _, row in placed]
        texts = [row.text or b"" for row in rows]
        data, starts = joined(texts, is_ended=is_ended)
        places = Rows(self._rows + 1, lines, offsets)
        self._rows += len(rows)
        first = placed[0] if placed else (1, 0)
        return Block(data, first[0], first[1], starts, is_ended=is_ended or not rows, rows=places), rows

    def _skipped(self, block: Block, placed: list[_Placed]) -> tuple[Block, list[RawRow]]:
        """A line that is too long, after the lines that wait for their end and now get none."""
        if len(placed) > 1:
            return self._block([*placed[:-1], (placed[-1][0], placed[-1][1], RawRow(b"", b"?"))], is_ended=True)
        self._rows += 1
        places = Rows(self._rows, block.lines_at, block.offsets_at)
        return replace(block, rows=places), [placed[0][2]]


def _one_line(lines: list[bytes]) -> bytes | None:
    whole = b"\n".join(lines)
    if decoded(whole) is not None:
        return b" ".join(line.strip() for line in lines)
    found = repaired(whole)
    return found[0].replace(b"\n", b" ") if found and len(found) == 1 else None
