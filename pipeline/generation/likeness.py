"""Which made conversations say the same or nearly the same, as the engine tells it of the rows of a file.

The engine compares a row with some of those before it, so what it finds depends on which rows are there and in which
order. `without_repeats` therefore asks again of what is left, until nothing is found: a file of those conversations in
that order has no near-duplicate.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pipeline.dataset.near.near_duplicates import find_near_duplicates
from pipeline.dataset.near.signatures import SIGNED, Bands, Signatures, bands_of, signatures
from pipeline.dataset.profiles.duplicates import fingerprints
from pipeline.generation.made_rows import blocks
from pipeline.generation.model import MadeConversation

_SPILL = "signatures.bin"


class Likeness:
    """What is compared of conversations: some 200 bytes each."""

    def __init__(self, conversations: Iterable[MadeConversation]) -> None:
        signed: list[Signatures] = []
        bands: list[Bands] = []
        self._exact: list[bytes] = []
        for verdicts, columns in blocks(conversations):
            if verdicts.rejected_count:
                raise ValueError("expected conversations that the engine accepts; those with errors have failed before")
            # Under names of their own, exact repeats are signed as well: without the first, they are none.
            names = columns.rows.astype(np.uint64)
            records, of_block = signatures(columns, names)
            signed.append(records)
            bands.append(of_block)
            self._exact += [digest.tobytes() for digest in fingerprints(columns)["turns"]]
        self._signed: Any = np.concatenate(signed) if signed else None
        self._bands: Any = np.concatenate(bands) if bands else None

    def are_the_same(self, one: int, other: int) -> bool:
        """Whether two conversations say the same, letter by letter."""
        return self._exact[one] == self._exact[other]

    def firsts(self, places: Sequence[int]) -> list[int]:
        """Of each of these conversations, in this order, the first that it is like; itself where it is like none."""
        if not places:
            return []
        chosen = np.array(places, dtype=np.int64)
        records = self._signed[chosen].copy()
        records["row"] = np.arange(1, len(places) + 1)
        is_signed = self._signed["kind"] == SIGNED
        rows_of_bands = np.cumsum(is_signed) - 1
        with TemporaryDirectory(prefix="lora-made-") as folder:
            spill = Path(folder) / _SPILL
            spill.write_bytes(records.tobytes())
            bands_of(spill).write_bytes(self._bands[rows_of_bands[chosen[is_signed[chosen]]]].tobytes())
            roots = find_near_duplicates([spill]).clusters.roots.tolist()
        return [places[root] for root in roots]


def without_repeats(likeness: Likeness, places: Sequence[int], rank: Callable[[int], Any]) -> dict[int, int]:
    """Which conversations are to go, each with the one that stays for it, until no two are alike.

    places: in the order of the file. rank: of a conversation; of those that are alike the smallest stays.
    """
    gone: dict[int, int] = {}
    left = list(places)
    while True:
        best: dict[int, int] = {}
        firsts = likeness.firsts(left)
        for place, first in zip(left, firsts, strict=True):
            best[first] = min(best.get(first, place), place, key=rank)
        found = {place: best[first] for place, first in zip(left, firsts, strict=True) if best[first] != place}
        if not found:
            return gone
        gone |= found
        left = [place for place in left if place not in found]
