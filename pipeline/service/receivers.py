"""Which uploads come in just now, one connection each; how the bytes are taken in is in `receiving.py`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from anyio import CapacityLimiter


@dataclass(slots=True)
class Stop:
    """How one connection is told that another wants to write. `left`: it does not write any more."""

    is_asked: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: asyncio.Timeout | None = None

    def ask(self) -> None:
        """Have it stop: at once while it waits for bytes, else after the block that it writes."""
        self.is_asked = True
        if self._waiting:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def patience(self, idle_s: float) -> AsyncIterator[Callable[[], None]]:
        """Wait for bytes, at most so long; the function given prolongs that.

        Raises:
            TimeoutError: nothing came for so long, or it was asked to stop.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(idle_s) as waiting:
            self._waiting = waiting
            try:
                yield lambda: None if self.is_asked else waiting.reschedule(loop.time() + idle_s)
            finally:
                self._waiting = None


@dataclass(slots=True)
class Receivers:
    """Which uploads come in just now, so that a connection that comes back takes over from the one that broke."""

    _stops: dict[str, Stop] = field(default_factory=dict)
    # Threads of their own: what waits for the disk, or reads a whole upload, must not keep lists from theirs.
    disk: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(3))
    confirming: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    # SQLite lets one write at a time, and has the others sleep: fifty that start at once would hold every thread.
    starting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))

    async def take_over(self, dataset_id: str) -> Stop:
        """Wait until nobody else writes, after telling them to stop."""
        while other := self._stops.get(dataset_id):
            other.ask()
            await other.left.wait()
        stop = self._stops[dataset_id] = Stop()
        return stop

    def leave(self, dataset_id: str) -> None:
        """Let the next one in."""
        self._stops.pop(dataset_id).left.set()
