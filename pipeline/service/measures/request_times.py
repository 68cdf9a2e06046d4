"""How long requests took until their answer began, and how they ended: counted since the service started."""

import threading
from collections import Counter
from collections.abc import Iterator

from pipeline.service.measures.exposition import Sample
from pipeline.service.measures.histogram import Histogram

_BOUNDS_S = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestTimes:
    """Filled by the log of requests. Routes and methods are a few known ones: who asks cannot make more."""

    def __init__(self) -> None:
        self._times = Histogram(("method", "route"), _BOUNDS_S)
        self._ends: Counter[tuple[str, str, int]] = Counter()
        self._lock = threading.Lock()

    def add(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one request. route: as the code names it, with its parameters' names."""
        method = method if method in _METHODS else "other"
        self._times.add(duration_s, method, route)
        with self._lock:
            self._ends[method, route, status] += 1

    def times(self) -> Iterator[Sample]:
        """The histogram."""
        return self._times.samples()

    def ends(self) -> list[Sample]:
        """How many ended with which status."""
        with self._lock:
            found = sorted(self._ends.items())
        return [
            Sample(count, {"method": method, "route": route, "status": str(status)})
            for (method, route, status), count in found
        ]
