"""Where the texts of a block hold marks that some trainers read as more than text: of reasoning, and of media.

All of a block is looked at in one pass over its bytes; a mark ends with `>`, which few texts have.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers, places_of, preceded_by
from pipeline.dataset.model.media_marks import MEDIA_MARKS

OPENED, CLOSED = "<think>", "</think>"
_MARKS = (OPENED, CLOSED, *MEDIA_MARKS)
_NONE: Integers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class TextMarks:
    """turns: of each kind of mark the turns that hold it, one entry a mark, by place in the text."""

    turns: dict[str, Integers]
    places: dict[str, Integers]
    """Of each kind of mark the bytes of the block's text at which it begins."""

    def of(self, *kinds: str) -> Integers:
        """The turns that hold any of the marks."""
        held = [self.turns[kind] for kind in kinds if kind in self.turns]
        return np.unique(np.concatenate(held)) if held else _NONE


NO_MARKS = TextMarks({}, {})


def find_marks(text: Bytes, starts: Integers) -> TextMarks:
    """The marks in the texts. text: UTF-8 of all turns, end to end; starts: m + 1 positions."""
    ends = places_of(text, ord(">"))
    if len(ends) == 0:
        return NO_MARKS
    ends = ends[_follows(text, ends, b"kego")]
    if len(ends) == 0:
        return NO_MARKS
    turns, places = {}, {}
    for mark in _MARKS:
        begins = preceded_by(text, ends, mark[:-1].encode()) - len(mark) + 1  # all end with the same letter
        owners = np.searchsorted(starts, begins, side="right") - 1
        is_whole = begins + len(mark) <= starts[owners + 1]  # not over the border of two texts
        if is_whole.any():
            turns[mark], places[mark] = owners[is_whole], begins[is_whole]
    return TextMarks(turns, places) if turns else NO_MARKS


def _follows(text: Bytes, ends: Integers, letters: bytes) -> Flags:
    """Which ends stand after one of the letters; a first byte stands after none."""
    flags: Flags = np.isin(text[np.maximum(ends - 1, 0)], np.frombuffer(letters, dtype=np.uint8)) & (ends > 0)
    return flags
