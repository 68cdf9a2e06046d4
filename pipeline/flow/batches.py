"""Which datasets are validated together in one run, and which share a partition.

Runs are the expensive unit, so as many as sensible share one. A Dagster run over a range covers every partition between
its first and its last key, in the order in which they were added, so a batch must have no gap in that order. Of a
partition that many datasets share, a run works on those that its request names.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import UsageError

MOST_OF_AN_HOUR = 9_999  # Dagster starts a run a second at best


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dataset that waits for a run."""

    key: str
    """Its partition."""
    dataset_id: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Datasets of partitions that are neighbours in the partition order."""

    keys: tuple[str, ...]
    """Of the partitions."""
    dataset_ids: tuple[str, ...]
    size_bytes: int

    @property
    def first_key(self) -> str:
        """The start of the range."""
        return self.keys[0]

    @property
    def last_key(self) -> str:
        """The end of the range, which belongs to it."""
        return self.keys[-1]


def contiguous_batches(
    partition_order: Iterable[str], wanted: Sequence[Wanted], max_count: int, max_bytes: int, large_bytes: int
) -> list[Batch]:
    """Group datasets into ranges of `partition_order`, which is in the order of addition.

    Each is in one batch, and no key without one is in any. A batch has at most `max_count` datasets and `max_bytes`
    bytes; a dataset larger than that, or than `large_bytes`, is a batch of its own: nobody waits for it.

    Raises:
        UsageError: a wanted key is not among the partitions, so no range can cover it.
    """
    by_key: dict[str, list[Wanted]] = {}
    for each in wanted:
        by_key.setdefault(each.key, []).append(each)
    batches: list[Batch] = []
    open_ones: list[Wanted] = []
    size_bytes = 0

    def close() -> None:
        nonlocal size_bytes
        if open_ones:
            batches.append(_batch(open_ones, size_bytes))
        open_ones.clear()
        size_bytes = 0

    for key in partition_order:
        found = by_key.pop(key, [])
        if not found:
            close()
        for each in found:
            is_apart = max(each.size_bytes, open_ones[-1].size_bytes if open_ones else 0) > large_bytes
            if is_apart or len(open_ones) == max_count or size_bytes + each.size_bytes > max_bytes:
                close()
            open_ones.append(each)
            size_bytes += each.size_bytes
    close()
    if by_key:
        raise UsageError(
            f"expected every dataset to be a partition, found {len(by_key)} that are none: "
            f"{', '.join(sorted(by_key)[:5])}; add the partitions before the runs"
        )
    return batches


def _batch(wanted: Sequence[Wanted], size_bytes: int) -> Batch:
    keys = tuple(dict.fromkeys(each.key for each in wanted))
    return Batch(keys, tuple(each.dataset_id for each in wanted), size_bytes)


def run_key(batch: Batch, now: datetime) -> str:
    """Return the key under which Dagster starts this batch at most once; asked for at another moment it is another."""
    # Ids hold no line break, so the joined text stands for one list of ids only.
    digest = hashlib.sha256("\n".join(batch.dataset_ids).encode()).hexdigest()
    return f"{digest[:32]}-{now:%Y%m%dT%H%M%S%f}"


def batch_key(now: datetime, number: int) -> str:
    """The partition of a batch of an hour, which no dataset has as its id."""
    return f"{now.isoformat(timespec='hours')[:13]}-{number:04d}"


def batch_keys(last: str | None, now: datetime, count: int) -> list[str]:
    """Return the partitions of an hour's next batches. last: the hour's last so far.

    Beyond the most of an hour the last one takes them all: a run knows its datasets by its request.
    """
    first = int(last.rpartition("-")[2]) + 1 if last else 1
    return [batch_key(now, min(number, MOST_OF_AN_HOUR)) for number in range(first, first + count)]
