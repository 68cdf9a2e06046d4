"""How long a cluster is waited for."""

import time
from collections.abc import Callable

ANSWER_S = 20.0
"""How long a cluster may take to answer, and to have a worker."""


class Patience:
    """How long something has been wrong without a break."""

    def __init__(self, most_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_s, self._clock = most_s, clock
        self._since_s: float | None = None

    def is_over(self, problem: str) -> bool:
        """Whether this was wrong for longer than one waits. problem: empty where all is well."""
        if not problem:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = self._clock()
        return self._clock() - self._since_s > self._most_s
