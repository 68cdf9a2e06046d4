"""Times counted by how long they were, one row of buckets for each set of labels."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.service.measures.exposition import Sample


@dataclass(slots=True)
class _Row:
    counts: list[int]
    sum_s: float = 0.0


class Histogram:
    """Any number of threads may add to it. names: of the labels; bounds_s: the buckets' upper ends, but the last's."""

    def __init__(self, names: Sequence[str], bounds_s: Sequence[float]) -> None:
        self._names = tuple(names)
        self._bounds_s = tuple(bounds_s)
        self._rows: dict[tuple[str, ...], _Row] = {}
        self._lock = threading.Lock()

    def add(self, duration_s: float, *values: str) -> None:
        """Count one time, under values of the labels."""
        with self._lock:
            row = self._rows.setdefault(values, _Row([0] * (len(self._bounds_s) + 1)))
            row.counts[bisect_left(self._bounds_s, duration_s)] += 1
            row.sum_s += duration_s

    def samples(self) -> Iterator[Sample]:
        """What was counted so far: each bucket has what those before it have, as Prometheus wants it."""
        with self._lock:
            rows = [(values, tuple(row.counts), row.sum_s) for values, row in sorted(self._rows.items())]
        ends = [*(f"{each:g}" for each in self._bounds_s), "+Inf"]
        for values, counts, sum_s in rows:
            labels = dict(zip(self._names, values, strict=True))
            for end, count in zip(ends, accumulate(counts), strict=True):
                yield Sample(count, {**labels, "le": end}, "_bucket")
            yield Sample(sum_s, labels, "_sum")
            yield Sample(sum(counts), labels, "_count")
