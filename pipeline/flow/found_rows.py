"""Keeps which rows were found for a query, so that its next page costs no second search."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy: not before somebody looks at rows
    from pipeline.dataset.model.bit_flags import Integers

_KEPT_ROWS = 2_000_000  # of all queries together, 8 bytes each
_KEPT_QUERIES = 1_000  # most find nothing or little; each has a kilobyte of its own


class FoundRows:
    """The rows that were found for queries, the ones asked for last. Safe for threads."""

    def __init__(self, most_rows: int = _KEPT_ROWS, most_queries: int = _KEPT_QUERIES) -> None:
        self._most_rows = most_rows
        self._most_queries = most_queries
        self._found: OrderedDict[object, Integers] = OrderedDict()
        self._row_count = 0
        self._lock = Lock()

    def of(self, key: object, find: "Callable[[], Integers | None]") -> "Integers | None":
        """What is kept under the key, or is found now; None for all rows, which needs no keeping."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        rows = find()
        if rows is not None:
            with self._lock:
                self._keep(key, rows)
        return rows

    def _keep(self, key: object, rows: "Integers") -> None:
        former = self._found.pop(key, ())  # another thread found them meanwhile
        self._found[key] = rows
        self._row_count += len(rows) - len(former)
        while self._row_count > self._most_rows or len(self._found) > self._most_queries:
            self._row_count -= len(self._found.popitem(last=False)[1])
