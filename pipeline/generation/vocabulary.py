"""The words that a conversation's turns are annotated with: emotions, strategies and phases of its arc.

Pure look-ups; what is done with a word that is none of them is in `annotating.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.generation.model import EmotionalArc

# What people name when they are asked how they feel. An arc names three; a conversation on its way has others, too.
EMOTIONS = (
    "afraid angry anxious ashamed calm confident confused curious determined disappointed embarrassed encouraged "
    "excited frustrated grateful guilty happy hopeful hurt impatient insecure interested jealous joyful lonely neutral "
    "overwhelmed proud relieved resigned sad skeptical stressed surprised suspicious tired trusting uncertain "
    "understood worried"
).split()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words as they are to be written, by how they may be written: see `spelling`."""

    emotions: Mapping[str, str]
    strategies: Mapping[str, str]
    phases: Mapping[str, str]


def spelling(word: str) -> str:
    """What two ways of writing a word have in common: neither case, nor spaces, hyphens and underscores count.

    >>> spelling("Calm_Down"), spelling(" calm-down ")
    ('calm down', 'calm down')
    """
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=1_024)
def vocabulary_of(arc: EmotionalArc) -> Vocabulary:
    """The words of an arc. Emotions are its three and the common ones; strategies its strategy and its techniques."""
    named = (arc.start.emotion, arc.middle.emotion, arc.end.emotion)
    return Vocabulary(
        _by_spelling((*named, *EMOTIONS)), _by_spelling((arc.strategy, *arc.techniques)), _by_spelling(arc.phases)
    )


def _by_spelling(words: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(spelling(word), word)
    return found
