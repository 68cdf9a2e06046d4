"""Which answers of a block may loop; whether one does is said by `rules/looping_answers.py`."""

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.frames.flagging import first_places
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.looping_answers import FEWEST_TIMES, LOOP, degenerate_repetition
from pipeline.dataset.rules.mismatch import Mismatch

FEWEST_BYTES = 240  # of a turn
_ANCHOR_BYTES = 32


def repetition_groups(columns: Columns) -> list[Group]:
    """The answers of which half or more is one passage, at least ten times in a row."""
    sizes = np.diff(columns.text_starts)
    turns = np.flatnonzero(columns.is_supervised & (sizes >= FEWEST_BYTES))
    starts, ends = columns.text_starts[turns], columns.text_starts[turns + 1]
    text = columns.text.tobytes()
    periods = _periods(text, ((starts + ends) // 2).tolist(), (sizes[turns] // FEWEST_TIMES + _ANCHOR_BYTES).tolist())
    loops = {
        int(turns[place]): loop
        for place, period in periods
        if (loop := degenerate_repetition(columns.text[starts[place] : ends[place]], period))
    }

    def says(turn: int) -> Mismatch:
        position, characters, times = loops[turn]
        unit = f"the same {characters:,} characters" if characters > 1 else "the same character"
        place = f"from character {position + 1:,}"
        return Mismatch("an answer that goes on", f"{unit} {times:,} times in a row", place)

    found = np.array(list(loops), dtype=np.int64)
    return first_places(columns, found, LOOP.code, columns.content_path, says)


def _periods(text: bytes, middles: list[int], reaches: list[int]) -> Iterator[tuple[int, int]]:
    """Which turns may hold a loop, by their number, and how far it would repeat. middles: of the turns.

    A loop of half the text holds its middle and a quarter of the text on one side of it, so whatever stands there
    stands there again within a tenth of the text, the reach.
    """
    for number, (middle, reach) in enumerate(zip(middles, reaches, strict=True)):
        after = text.find(text[middle : middle + _ANCHOR_BYTES], middle + 1, middle + reach)
        if after > 0:
            yield number, after - middle
            continue
        before = text.rfind(text[middle - _ANCHOR_BYTES : middle], middle - reach, middle - 1)
        if before > 0:
            yield number, middle - _ANCHOR_BYTES - before
