"""Near-duplicates of one large dataset over an engine: each call looks through some bands of all its conversations, and
leaves what it joined; the run puts that together. The clusters are those of one process (`near/alike.py`).

A call reads the bands that the workers left when they read their ranges, 128 bytes a conversation; of a bucket it
copies them to its disk first, where the keys of four bands, 32 bytes a conversation, lie beside them.
"""

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.near.alike import Firsts, roots_by_bands
from pipeline.dataset.near.forest import Forest
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.shares import read_records
from pipeline.dataset.near.signatures import BANDS, SIGNED_BANDS, bands_of
from pipeline.dataset.profiles.part import SIGNATURES
from pipeline.engines import Engine, Tell
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.places_of_parts import PartPlace

_READ_ONCE = 4  # bands that a call has, at most: for so many the records are read once
_ASKED, _JOINED = "asked.bin", "joined.bin"
_PAIR = np.dtype([("row", "<i4"), ("first", "<i4")])
_ROWS_AT_ONCE = 2**16


@dataclass(frozen=True, slots=True)
class StoredBands:
    """Bands of all conversations, and where what is joined by them is left."""

    parts: PartPlace
    names: tuple[str, ...]
    """Under which ranges left their signatures, in the order of the file."""
    asked: str
    """Under which it lies which signed conversations are compared."""
    numbers: range


def join_by_bands(part: StoredBands, tell: Tell) -> str:
    """Join what is nearly alike by some bands, wherever this runs; returns the name under which that was left.

    Raises:
        LakeError: the bands cannot be read, or what is joined cannot be left.
    """
    del tell
    bands_file = bands_of(Path(SIGNATURES)).name
    with (
        part.parts.lend() as lent,
        lake_errors("read", Path(bands_file)),
        tempfile.TemporaryDirectory(prefix="lora-bands-") as made,  # of this machine; its disk may be full
    ):
        folder = Path(made)
        bands = Records([part.parts.borrow(name, bands_file, folder) for name in part.names], SIGNED_BANDS)
        asked = np.fromfile(part.parts.borrow(part.asked, _ASKED, folder), dtype=np.uint8)
        is_asked = np.unpackbits(asked, count=len(bands)).view(np.bool_)
        _leave(roots_by_bands(bands, is_asked, folder, part.numbers), lent.folder / _JOINED)
    return lent.name


def _leave(roots: Firsts, target: Path) -> None:
    """Write each row that was joined to an earlier one beside the first of its cluster."""
    with lake_errors("write", target), target.open("wb") as stream:
        for begin in range(0, len(roots), _ROWS_AT_ONCE):
            some = roots[begin : begin + _ROWS_AT_ONCE]
            joined = np.flatnonzero(some != np.arange(begin, begin + len(some), dtype=np.int32))
            pairs = np.empty(len(joined), dtype=_PAIR)
            pairs["row"], pairs["first"] = joined + begin, some[joined]
            stream.write(pairs.tobytes())


@dataclass(frozen=True, slots=True)
class BandsByEngine:
    """Finds what is nearly alike by the calls of an engine."""

    engine: Engine
    parts: PartPlace
    names: tuple[str, ...]
    """Under which ranges left their signatures, in the order of the file."""

    def roots(self, is_asked: Flags) -> Firsts:
        """Of each signed conversation the first that it is nearly alike, as `roots_by_bands` finds it.

        Raises:
            LakeError: here or at a worker.
            EngineError: the engine gave a call up, or is down.
        """
        with self.parts.lend() as asked:
            target = asked.folder / _ASKED
            with lake_errors("write", target):
                np.packbits(is_asked).tofile(target)
        forest = Forest(len(is_asked))
        calls = [StoredBands(self.parts, self.names, asked.name, some) for some in _shared_out(self.engine.width)]
        for _, name in self.engine.map(join_by_bands, calls):
            for pairs in read_records([self.parts.collect(name) / _JOINED], _PAIR):
                forest.join(pairs["first"], pairs["row"])
        return forest.all_roots()


def _shared_out(workers: int) -> list[range]:
    """All bands, in as many calls as there are workers, but so few in each that it reads them once."""
    count = min(max(workers, BANDS // _READ_ONCE), BANDS)
    edges = [BANDS * number // count for number in range(count + 1)]
    return [range(*edge) for edge in pairwise(edges)]
