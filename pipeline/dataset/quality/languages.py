"""Which languages the answers are in, told from a bounded sample that does not depend on the order of reading.

The sample is the different answers whose conversations' text has the smallest hashes: those of a whole are among those
of its parts, however often each comes in which of them. Detection is slow (a tenth of a millisecond a text) and happens
once a file, at the end.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    from lingua import LanguageDetector

SAMPLE_SIZE = 200  # tells a share of a half within 7 points, and of 95 % within 3
TEXT_BYTES = 300
FEWEST_LETTERS = 40  # less tells no language
FEWEST_TEXTS = 20
DOMINANT_SHARE = 0.80
LANGUAGES = (
    "ARABIC CHINESE DUTCH ENGLISH FRENCH GERMAN ITALIAN JAPANESE KOREAN POLISH PORTUGUESE RUSSIAN SPANISH TURKISH "
    "VIETNAMESE"
)
Place: TypeAlias = tuple[int, int, int]
"""The hash of a conversation's text, where an answer begins in it, how long it is: what tells which words these are, as
the same text may be that of other roles."""


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """Share of each language, by its ISO 639-1 code, the largest first, among `sample_size` answers."""

    shares: dict[str, float]
    sample_size: int


@dataclass(frozen=True, slots=True)
class LanguageSample:
    """Beginnings of answers, at most SAMPLE_SIZE."""

    texts: dict[Place, str] = field(default_factory=dict)

    def __add__(self, other: "LanguageSample") -> "LanguageSample":
        both = self.texts | other.texts
        return LanguageSample({key: both[key] for key in sorted(both)[:SAMPLE_SIZE]})

    def conclude(self) -> LanguageFigures:
        """Detect the language of each text that has letters enough."""
        counts = Counter(filter(None, map(language_of, self.texts.values())))
        if not counts:
            return LanguageFigures({}, 0)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return LanguageFigures({name: count / counts.total() for name, count in ranked}, counts.total())


def language_of(text: str) -> str | None:
    """The language of a text by its ISO 639-1 code, told from its beginning; None where that has too few letters."""
    begin = text[:TEXT_BYTES]
    if sum(map(str.isalpha, begin)) < FEWEST_LETTERS:
        return None
    language = _detector().detect_language_of(begin)
    return language.iso_code_639_1.name.lower() if language else None


def sample_languages(columns: Columns) -> LanguageSample:
    """The sample of a block: of each conversation the longest answer. columns: with conversations."""
    different = columns.again.different if columns.again else columns
    sizes = np.diff(different.text_starts) * different.is_supervised
    turns = _first_longest(different, sizes)
    begins = different.text_starts[turns] - different.text_starts[different.turn_starts[:-1]]
    places = np.stack([different.text_hashes, begins.astype(np.uint64), sizes[turns].astype(np.uint64)])
    order = np.lexsort(places[::-1])
    is_first = np.append(True, (np.diff(places[:, order]) != 0).any(axis=0))
    chosen = order[is_first][:SAMPLE_SIZE]
    said = _beginnings(different, turns[chosen], sizes)
    return LanguageSample(dict(zip(map(tuple, places[:, chosen].T.tolist()), said, strict=True)))


def languages_of(columns: Columns) -> list[str | None]:
    """The language of each conversation, told from its longest answer; None where that has too few letters."""
    sizes = np.diff(columns.text_starts) * columns.is_supervised
    return list(map(language_of, _beginnings(columns, _first_longest(columns, sizes), sizes)))


def _beginnings(columns: Columns, turns: Integers, sizes: Integers) -> list[str]:
    """How the texts of turns begin. sizes: of all turns."""
    begins = columns.text_starts[turns]
    ends = begins + np.minimum(sizes[turns], TEXT_BYTES)
    text = memoryview(columns.text)  # type: ignore[arg-type]  # an array has a buffer
    return [str(text[begin:end], "utf-8", "ignore") for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


def _first_longest(columns: Columns, sizes: Integers) -> Integers:
    """Of each conversation, the first of its turns that no other exceeds. sizes: of all turns."""
    longest = np.repeat(np.maximum.reduceat(sizes, columns.turn_starts[:-1]), columns.turn_counts)
    places = np.flatnonzero(sizes == longest)
    return places[np.searchsorted(places, columns.turn_starts[:-1])]


def language_findings(figures: LanguageFigures) -> list[Finding]:
    """A note about the file, where no language dominates."""
    if figures.sample_size < FEWEST_TEXTS or max(figures.shares.values()) >= DOMINANT_SHARE:
        return []
    named = ", ".join(f"{name} {share:.0%}" for name, share in list(figures.shares.items())[:3])
    expected = f"one language in {DOMINANT_SHARE:.0%} of the answers"
    mismatch = Mismatch(expected, named, f"of {figures.sample_size} sampled")
    return [Finding(1, 0, "mixed-languages", "$", mismatch)]


@cache
def _detector() -> "LanguageDetector":
    # 70 ms, and a package of 100 MB: loaded by the first file that has words.
    from lingua import Language, LanguageDetectorBuilder

    known = [getattr(Language, name) for name in LANGUAGES.split()]
    return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()
