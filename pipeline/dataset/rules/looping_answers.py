"""Answers that loop: the same character, words or lines over and over, as a model does that has lost its thread.

The rule looks at a text in which something stands twice, so far apart (`quality/repetition.py`); it says where the loop
around the middle begins: its first character, the characters of a round, the number of rounds.
"""

from typing import TYPE_CHECKING, Final

from pipeline.dataset.rules.rule_entries import entry_of

if TYPE_CHECKING:
    from pipeline.dataset.model.bit_flags import Bytes

FEWEST_TIMES: Final = 10
_SPOKEN = frozenset("!?")  # with letters and pictures what speech is made of; rules, tables and matrices are not


def degenerate_repetition(turn: "Bytes", period: int) -> tuple[int, int, int] | None:
    """An answer repeats itself over and over.

    A loop is what a model writes when it fails; trained on, it loops sooner.

    What to do: cut the answer before it loops, or remove the line.
    """
    import numpy as np  # that the catalogue of findings need not wait for it

    middle = len(turn) // 2
    differs = np.flatnonzero(turn[period:] != turn[:-period])
    place = int(np.searchsorted(differs, middle - period // 2))
    begin = int(differs[place - 1]) + 1 if place else 0
    end = int(differs[place]) + period if place < len(differs) else len(turn)
    if end - begin < max(len(turn) / 2, FEWEST_TIMES * period):
        return None
    unit = turn[begin : begin + period].tobytes().decode(errors="ignore")
    if not any(map(_is_spoken, unit)):
        return None
    before = turn[:begin].tobytes().decode(errors="ignore")
    return len(before), max(len(unit), 1), (end - begin) // period


def _is_spoken(character: str) -> bool:
    return character.isalpha() or character in _SPOKEN or character >= "\U0001f300"


LOOP, _ = entry_of(degenerate_repetition)
