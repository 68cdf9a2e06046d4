"""Which uploads come in just now, one connection each; how the bytes are taken in is in `receiving.py`."""

import asyncio
from dataclasses import dataclass, field

from anyio import CapacityLimiter


@dataclass(slots=True)
class Stop:
    """`asked`: somebody else wants to write. `left`: nobody writes any more."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Receivers:
    """Which uploads come in just now, so that a connection that comes back takes over from the one that broke."""

    _stops: dict[str, Stop] = field(default_factory=dict)
    disk: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))

    async def take_over(self, dataset_id: str) -> Stop:
        """Wait until nobody else writes, after telling them to stop."""
        while other := self._stops.get(dataset_id):
            other.asked.set()
            await other.left.wait()
        stop = self._stops[dataset_id] = Stop()
        return stop

    def leave(self, dataset_id: str) -> None:
        """Let the next one in."""
        self._stops.pop(dataset_id).left.set()
