"""Which datasets are validated together in one run.

Runs are the expensive unit, so as many as sensible share one. A Dagster run over a range covers every partition between
its first and its last key, in the order in which they were added, so a batch must have no gap in that order.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import UsageError


@dataclass(frozen=True, slots=True)
class Batch:
    """Datasets that are neighbours in the partition order."""

    keys: tuple[str, ...]
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
    partition_order: Iterable[str], wanted: Sequence[tuple[str, int]], max_count: int, max_bytes: int, large_bytes: int
) -> list[Batch]:
    """Group `wanted` (key, size in bytes) into ranges of `partition_order`, which is in the order of addition.

    Each wanted key is in one batch and no other key is. A batch has at most `max_count` keys and `max_bytes` bytes;
    a dataset larger than that, or than `large_bytes`, is a batch of its own: nobody waits for it.

    Raises:
        UsageError: a wanted key is not among the partitions, so no range can cover it.
    """
    sizes = dict(wanted)
    batches: list[Batch] = []
    keys: list[str] = []
    size_bytes = last_bytes = 0

    def close() -> None:
        nonlocal keys, size_bytes
        if keys:
            batches.append(Batch(tuple(keys), size_bytes))
        keys, size_bytes = [], 0

    for key in partition_order:
        size = sizes.pop(key, None)
        is_apart = max(size or 0, last_bytes) > large_bytes
        if size is None or is_apart or len(keys) == max_count or size_bytes + size > max_bytes:
            close()
        if size is not None:
            keys.append(key)
            size_bytes += size
        last_bytes = size or 0
    close()
    if sizes:
        raise UsageError(
            f"expected every dataset to be a partition, found {len(sizes)} that are none: "
            f"{', '.join(sorted(sizes)[:5])}; add the partitions before the runs"
        )
    return batches


def run_key(batch: Batch, now: datetime) -> str:
    """Return the key under which Dagster starts this batch at most once; asked for at another moment it is another."""
    # Partition keys hold no line break, so the joined text stands for one list of keys only.
    digest = hashlib.sha256("\n".join(batch.keys).encode()).hexdigest()
    return f"{digest[:32]}-{now:%Y%m%dT%H%M%S%f}"
