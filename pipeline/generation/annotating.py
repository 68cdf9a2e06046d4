"""What is felt and done in a turn, as whoever tells it says it: held against the words of the arc.

A value that is missing, out of range or no word of the arc becomes None, and the turn says why; nothing is ever put in
its place. Who is asked a second time, and how far the two agree, is in `rereading.py` and `agreement.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from pipeline.generation.model import MadeTurn
from pipeline.generation.vocabulary import Vocabulary, spelling
from pipeline.wording import cut

# What each turn is to have. A second emotion may well not be there; what an answer does is no matter of questions.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "user": ("emotion", "intensity", "valence", "phase"),
    "assistant": ("strategy", "phase"),
}
FIELDS = ("emotion", "secondary_emotion", "intensity", "valence", "strategy", "phase")
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a turn, unchecked."""

    emotion: str | None
    secondary_emotion: str | None
    intensity: float | None
    valence: float | None
    strategy: str | None
    phase: str | None
    who: str = "the writer"
    """As it follows "not told by"."""


def annotated(turn: MadeTurn, told: Told, words: Vocabulary) -> MadeTurn:
    """The turn with what is sound of what was told of it; `missing` says of all that was expected why it is None."""
    why: dict[str, str] = {}
    values = {
        "emotion": _word("emotion", told.emotion, words.emotions, why),
        "secondary_emotion": _word("secondary_emotion", told.secondary_emotion, words.emotions, why),
        "intensity": _number("intensity", told.intensity, 0, why),
        "valence": _number("valence", told.valence, -1, why),
        "strategy": _word("strategy", told.strategy, words.strategies, why),
        "phase": _word("phase", told.phase, words.phases, why),
    }
    for name in EXPECTED[turn.role]:
        if values[name] is None:
            why.setdefault(name, f"not told by {told.who}")
    return msgspec.structs.replace(turn, **values, missing=_reasons(why))


def filled(turn: MadeTurn, other: MadeTurn) -> MadeTurn:
    """The turn with what only the other has; what both have stays as it is. other: the same turn, told by another."""
    values = {name: _first(getattr(turn, name), getattr(other, name)) for name in FIELDS}
    lacking = [name for name in EXPECTED[turn.role] if values[name] is None]
    reasons = "; ".join(filter(None, (turn.missing, other.missing))) if lacking else ""
    return msgspec.structs.replace(turn, **values, missing=reasons or None)


def told_of(turn: MadeTurn, who: str = "the writer") -> Told:
    """What a turn says of itself."""
    return Told(turn.emotion, turn.secondary_emotion, turn.intensity, turn.valence, turn.strategy, turn.phase, who)


def _first(value: object, other: object) -> object:
    return other if value is None else value


def _word(name: str, told: str | None, words: Mapping[str, str], why: dict[str, str]) -> str | None:
    if told is None or not told.strip():
        return None
    known = words.get(spelling(told))
    if known is None:
        why[name] = f"expected a word of the arc, found {cut(told, _SHOWN_CHARACTERS)!r}"
    return known


def _number(name: str, told: float | None, least: int, why: dict[str, str]) -> float | None:
    if told is None or least <= told <= 1:
        return told
    why[name] = f"expected a number from {least} to 1, found {told:g}"
    return None


def _reasons(why: Mapping[str, str]) -> str | None:
    return "; ".join(f"{name}: {reason}" for name, reason in why.items()) or None
