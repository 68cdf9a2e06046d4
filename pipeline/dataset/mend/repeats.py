"""Which of the mended rows repeat an earlier one, found as the engine does it: in bounded memory, from fingerprints."""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.dataset.mend.json_style import read_row, restyled
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.near.shares import read_records
from pipeline.dataset.profiles.duplicates import FINGERPRINT, find_repeats, fingerprints
from pipeline.dataset.reading.columns import Columns


class Repeats:
    """Rows that repeat an earlier one: `removed` its turns, `renamed` its id among the rows that remain.

    Both are row numbers in ascending order; a remedy that is not wanted has none.
    """

    def __init__(self, spill: Path, *, are_removed: bool, are_renamed: bool) -> None:
        self.removed = _rows(spill, "turns") if are_removed else _none()
        remaining = spill.with_suffix(".remaining")
        _copy_without(spill, self.removed, remaining)
        self.renamed = _rows(remaining, "id") if are_renamed else _none()
        self._taken = _id_hashes(remaining) if len(self.renamed) else np.empty(0, dtype=np.uint64)
        self._given: set[int] = set()

    def new_id(self, identity: str, row: int) -> str:
        """An id that no row has and that no row was given."""
        candidate, number = f"{identity}-{row}", 1
        while self._is_taken(candidate):
            number += 1
            candidate = f"{identity}-{row}-{number}"
        self._given.add(_hash(candidate))
        return candidate

    def _is_taken(self, identity: str) -> bool:
        wanted = _hash(identity)
        place = int(np.searchsorted(self._taken, np.uint64(wanted)))
        return wanted in self._given or (place < len(self._taken) and int(self._taken[place]) == wanted)


def spill(columns: Columns, stream: BinaryIO) -> None:
    """Leave the fingerprints of a block's rows."""
    stream.write(fingerprints(columns).tobytes())


def with_new_id(text: bytes, margin: str, names: tuple[str, ...], repeats: Repeats, row: int) -> bytes | None:
    """The row with another id; None where it has none that is a text, or the row cannot be written again.

    names: fields that may hold the id.
    """
    core = text.strip(b" \t\r")
    try:
        value = read_row(core.decode())
        if not isinstance(value, dict) or (name := _id_field(value, names)) is None:
            return None
        value[name] = repeats.new_id(str(value[name]), row)
        mended = restyled(value, core.decode(), margin).encode()
    except (ValueError, RecursionError):
        return None
    start = text.index(core)
    return text[:start] + mended + text[start + len(core) :]


def _id_field(value: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    """The field whose text is the row's id; a number before it would be the id."""
    for name in names:
        identity = value.get(name)
        if isinstance(identity, str) and identity and "\0" not in identity:
            return name
        if isinstance(identity, int) and not isinstance(identity, bool):
            return None
    return None


def _rows(path: Path, key: Literal["id", "turns"]) -> Integers:
    return find_repeats([path], key, limit=None).listed[:, 0]


def _none() -> Integers:
    return np.empty(0, dtype=np.int64)


def _copy_without(source: Path, removed: Integers, target: Path) -> None:
    with target.open("wb") as stream:
        for records in read_records([source], FINGERPRINT):
            stream.write(records[~np.isin(records["row"], removed)].tobytes())


def _id_hashes(path: Path) -> npt.NDArray[np.uint64]:
    """Eight bytes of the hash of each id, sorted."""
    return np.sort(np.concatenate([records["id"][:, 0] for records in read_records([path], FINGERPRINT)]))


def _hash(identity: str) -> int:
    return int(np.frombuffer(xxhash.xxh3_128_digest(identity.encode()), dtype="<u8")[0])
