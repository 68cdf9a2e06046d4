"""Conversations that are nearly alike, what they have in common by the plain definition, and their spills."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from pipeline.dataset.near.clusters import Clusters
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.signatures import SIGNATURE, bands_of, signatures
from pipeline.dataset.profiles.duplicates import fingerprints
from tests.engine_blocks import columns_of, line_of


class HeldRecords(Records):
    """Records that are in memory."""

    def __init__(self, held: np.ndarray) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held)

    def chunks(self, wanted: np.ndarray | None = None) -> Iterator[tuple[int, np.ndarray]]:
        del wanted
        yield from ((first, self._held[first : first + 3_000]) for first in range(0, len(self._held), 3_000))


def clusters_with(roots: Sequence[int] | np.ndarray, **fields: object) -> Clusters:
    """Clusters of conversations with these fields of a signature; those not given are 0."""
    held = np.zeros(len(roots), dtype=SIGNATURE)
    for name, values in fields.items():
        held[name] = values
    return Clusters(HeldRecords(held), np.asarray(roots, dtype=np.int32))


UNSPACED = "数据訓練ありがとう东京ขอบคุณ𠀀"


def words_of(turns: Iterable[str]) -> list[str]:
    """Words by the plain definition, one character at a time."""
    words = []
    for text in turns:
        word = ""
        for character in text:
            if character in UNSPACED or unicodedata.category(character)[0] not in "LNM":
                words.append(word)
                word = ""
                if character in UNSPACED:
                    words.append(character)
            else:
                word += character.lower()[0]
        words.append(word)
    return [word for word in words if word]


def shingles_of(turns: Sequence[str]) -> list[tuple[str, ...]]:
    """Every five words in a row; of fewer, the text."""
    words = words_of(turns)
    if len(words) < 5:
        return [("".join(turns),)]
    return [tuple(words[i : i + 5]) for i in range(len(words) - 4)]


def jaccard_of(left: Sequence[str], right: Sequence[str]) -> float:
    """Share of common shingles."""
    one, other = set(shingles_of(left)), set(shingles_of(right))
    return len(one & other) / len(one | other)


def lines_of(conversations: Iterable[Sequence[str]]) -> list[bytes]:
    """Lines of the native format; user and assistant take turns."""
    roles = ("user", "assistant")
    return [
        line_of(str(number), *((roles[i % 2], text) for i, text in enumerate(turns)))
        for number, turns in enumerate(conversations)
    ]


def spill(folder: Path, *parts: Sequence[Sequence[str]]) -> list[Path]:
    """The signature files of the parts' conversations, numbered on."""
    paths, done = [], 0
    for number, part in enumerate(parts):
        columns = columns_of(*lines_of(part) or [b"{}\n"])
        records, bands = signatures(columns, fingerprints(columns)["turns"][:, 0])
        records["row"] += done
        records["line"] += done
        done += len(part)
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(records.tobytes())
        bands_of(paths[-1]).write_bytes(bands.tobytes())
    return paths


@st.composite
def variants(draw) -> list[list[str]]:
    """Conversations of three stems of 200 words: in each a passage is replaced; turns and punctuation differ.

    A passage of 5 words leaves a similarity of 0.91 with the stem, one of 60 words 0.51.
    """
    listed = []
    for number in range(draw(st.integers(0, 10))):
        stem = draw(st.integers(0, 2))
        words = [f"stem{stem}word{place}" for place in range(200)]
        length, start = draw(st.sampled_from([0, 1, 2, 5, 20, 30, 60])), draw(st.integers(0, 140))
        words[start : start + length] = [f"new{number}word{place}" for place in range(length)]
        text, cut = draw(st.sampled_from([" ", ", "])).join(words), draw(st.sampled_from([0, 700]))
        listed.append([text[:cut], text[cut:]] if cut else [text])
    return listed
