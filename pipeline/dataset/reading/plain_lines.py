"""Reads lines one by one as plain rows of one shape: a wrong or an unusual one among them costs no more than itself.

The quick reader of whole blocks (`block_verdicts.py`) says no more than that one of them is not right, and the exact
one takes ten times as long for a line.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from pipeline.dataset.formats.rows.decoders import checking_decoder, decoder, usable
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.shapes import PlainRow, Shape
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.judge_line import is_deeper, is_too_full

Decode: TypeAlias = Callable[[bytes], PlainRow]

_NUL_ESCAPE = rb"\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class PlainReader:
    """Reads lines of a block as what a format's shapes describe."""

    def __init__(self, limits: Limits, form: Format, *, is_utf8: bool) -> None:
        self._limits = limits
        self._form = form
        self._is_utf8 = is_utf8

    def shape_of(self, texts: Sequence[bytes]) -> Shape | None:
        """The shape that half of the lines or more are of; None where there is none.

        Of several the last: it takes what others do, and more.
        """
        fewest = (len(texts) + 1) // 2
        for shape in reversed(usable(*self._form.shapes)):
            if sum(row is not None for row in self.read(texts, shape)) >= fewest:
                return shape
        return None

    def read(self, texts: Sequence[bytes], shape: Shape) -> list[PlainRow | None]:
        """The row of each line; None where it is none of this shape, or the exact judge must see it."""
        check, decode = checking_decoder(shape).decode, decoder(shape).decode
        rows = [self._read(text, check, decode) for text in texts]
        if not shape.first_roles:
            return rows
        return [row if row is not None and shape.are_whole([row]) else None for row in rows]

    def _read(self, text: bytes, check: Decode, decode: Decode) -> PlainRow | None:
        try:
            if not self._is_utf8:
                text.decode()
            if holds_nul(text) or is_monstrous(text, self._limits):
                return None
            check(text)
            return decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


def holds_nul(text: bytes) -> bool:
    """Whether an escape in a JSON text is a NUL."""
    return _NUL_ESCAPE in text and _NUL.search(text) is not None


def is_monstrous(text: bytes, limits: Limits) -> bool:
    """Whether a line is too long, has too many values or nests too deep.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
    """
    if len(text) <= min(limits.max_values, limits.max_nesting, limits.max_line_bytes):
        return False
    said = text.decode()
    is_too_long = len(text) > limits.max_line_bytes
    return is_too_long or is_too_full(said, limits.max_values) or is_deeper(said, limits.max_nesting)
