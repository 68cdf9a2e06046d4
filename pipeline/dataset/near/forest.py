"""Joins rows into clusters: union-find over whole arrays of pairs at a time."""

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Flags, Integers

_AT_ONCE = 2**16


class Forest:
    """Rows 0 to n - 1 in clusters; at first each is its own. A cluster is named by its smallest row. 4 bytes a row."""

    def __init__(self, count: int) -> None:
        self._parents = np.arange(count, dtype=np.int32)

    def join(self, left: Integers, right: Integers) -> None:
        """Join the cluster of each left row with that of the right row beside it."""
        while len(left):
            one, other = self.roots(left), self.roots(right)
            # Always from larger to smaller: no circle can come of it, and the smallest row ends up on top.
            np.minimum.at(self._parents, np.maximum(one, other), np.minimum(one, other))
            are_apart = one != other
            left, right = left[are_apart], right[are_apart]

    def are_apart(self, left: Integers, right: Integers) -> Flags:
        """Which pairs are in different clusters."""
        return np.not_equal(self.roots(left), self.roots(right))

    def roots(self, rows: Integers) -> npt.NDArray[np.int32]:
        """The smallest row of each row's cluster."""
        found = self._parents[rows]
        while not np.array_equal(above := self._parents[found], found):
            self._parents[rows] = found = above  # what was one step becomes two, so a chain takes few rounds
        return found

    def all_roots(self) -> npt.NDArray[np.int32]:
        """Of every row, the smallest row of its cluster. Some at a time: no second array of all is made."""
        for first in range(0, len(self._parents), _AT_ONCE):
            some = np.arange(first, min(first + _AT_ONCE, len(self._parents)))
            self._parents[some] = self.roots(some)
        return self._parents
