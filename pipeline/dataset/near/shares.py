"""Takes records of a file apart by their hashes, so that those of one hash are seen together, in bounded memory.

Each record is read and written once, however many there are; what is found among them is listed up to a limit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.state.lake.lake_errors import lake_errors

READ_RECORDS = 150_000  # 8 MB: a share, in most files
_PLACES = ("row", "line", "offset")

Array = npt.NDArray[np.void]


def shares(spills: Sequence[Path], dtype: np.dtype[np.void], key: str, share_records: int) -> Iterator[Iterator[Array]]:
    """All records, one share of the hash space after another; each share in the order of the files, some at a time.

    spills: files of records. key: the field of their hash, two numbers. share_records: how many are to be in a share.

    Raises:
        LakeError: the disk is full.
    """
    record_count = sum(path.stat().st_size for path in spills) // dtype.itemsize
    folder = spills[0].parent if spills else Path()
    yield from handed_out(
        read_records(spills, dtype), lambda records: records[key][:, 0], record_count, share_records, folder
    )


def handed_out(
    arrays: Iterable[Array],
    hash_of: Callable[[Array], npt.NDArray[np.uint64]],
    record_count: int,
    share_records: int,
    folder: Path,
) -> Iterator[Iterator[Array]]:
    """The records of the arrays, one share of the hash space after another; each share in their order, some at a time.

    hash_of: what tells to which share records go. record_count: of all; share_records: how many are to be in a share.
    folder: where they are meanwhile, if there is more than one share.

    Raises:
        LakeError: the disk is full.
    """
    count = -(-record_count // share_records)
    if count < 2:
        yield iter(arrays)
        return
    with TemporaryDirectory(prefix="shares-", dir=folder) as made:
        paths = [Path(made) / str(share) for share in range(count)]
        for records in arrays:
            _hand_out(records, hash_of(records) % np.uint64(count), paths)
        for path in paths:
            if path.exists():
                yield read_records([path], records.dtype)
                path.unlink()


def read_records(paths: Sequence[Path], dtype: np.dtype[np.void]) -> Iterator[Array]:
    """All records of the files, some at a time."""
    for path in paths:
        with path.open("rb") as stream:
            while data := stream.read(READ_RECORDS * dtype.itemsize):
                yield np.frombuffer(data, dtype=dtype)


def _hand_out(records: Array, of_share: npt.NDArray[np.uint64], paths: Sequence[Path]) -> None:
    narrow = np.uint16 if len(paths) <= 2**16 else np.uint32  # sorted by its digits, where it has only two
    order = np.argsort(of_share.astype(narrow), kind="stable")
    ends = np.cumsum(np.bincount(of_share.astype(np.int64), minlength=len(paths))).tolist()
    ordered, begin = taken(records, order), 0
    for path, end in zip(paths, ends, strict=True):
        if end > begin:
            with lake_errors("write", path), path.open("ab") as stream:
                stream.write(ordered[begin:end].tobytes())
        begin = end


def taken(records: Array, chosen: Integers) -> Array:
    """Some of the records. As rows of numbers: numpy copies a record field by field. Their size is a multiple of 8."""
    rows = records.view("<u8").reshape(len(records), records.itemsize // 8)
    return rows.take(chosen, axis=0).view(records.dtype).ravel()


def grouped(records: Array, key: str) -> tuple[Integers, Flags]:
    """An order in which records of one hash stand together, as they stood before; and where another hash begins."""
    high, low = records[key][:, 0], records[key][:, 1]
    if are_different(high):
        return np.arange(len(high)), np.ones(len(high), dtype=np.bool_)
    order = np.argsort(high, kind="stable")
    are_equal = _equal_neighbours(high[order])
    if (are_equal & ~_equal_neighbours(low[order])).any():  # nearly never: half of the hash tells them apart
        order = np.lexsort((low, high))
        are_equal = _equal_neighbours(high[order]) & _equal_neighbours(low[order])
    return order, np.append(True, ~are_equal)


def are_different(values: npt.NDArray[np.uint64]) -> bool:
    """Whether no two of them are equal."""
    return not _equal_neighbours(np.sort(values)).any()


def _equal_neighbours(values: npt.NDArray[np.uint64]) -> Flags:
    equal: Flags = values[1:] == values[:-1]
    return equal


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that are told of."""

    count: int = 0
    """Of all."""
    listed: Integers = field(default_factory=lambda: np.empty((0, 4), dtype=np.int64))
    """n × 4: row, line, offset, the row they are told of with; by row."""


def found_in(records: Array, found: Integers, with_: Integers, limit: int | None) -> Found:
    """The records at some places, each told of with the one beside it; at most `limit` are listed, in no order."""
    rows, listed, others = records["row"], found, with_
    if limit is not None and len(found) > limit:
        is_listed = np.flatnonzero(rows[found] <= np.partition(rows[found], limit - 1)[limit - 1])
        listed, others = found[is_listed], with_[is_listed]
    return Found(len(found), np.stack([*(records[place][listed] for place in _PLACES), rows[others]], axis=1))


def joined(found: Iterable[Found], limit: int | None) -> Found:
    """What was found in several shares; of all rows the first `limit` are listed, without one all."""
    kept, count = [Found().listed], 0
    for each in found:
        count += each.count
        kept.append(each.listed)
        if limit is not None and sum(map(len, kept)) > 8 * limit:
            kept = [_first(kept, limit)]
    return Found(count, _first(kept, limit))


def _first(kept: Sequence[Integers], limit: int | None) -> Integers:
    rows = np.concatenate(kept)
    return rows[np.argsort(rows[:, 0], kind="stable")[:limit]]
