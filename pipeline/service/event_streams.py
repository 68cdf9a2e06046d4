"""How many event streams a user may hold open; what is streamed is in `dataset_events.py`."""

from collections import Counter
from collections.abc import AsyncIterator

from pipeline.errors import TooManyRequests

MAX_STREAMS = 20  # of a user: each asks the catalog once a second


class Streams:
    """Counts the streams that are open, by user."""

    def __init__(self, most: int = MAX_STREAMS) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def check(self, user_id: str) -> None:
        """Refuse one more.

        Raises:
            TooManyRequests: the user has enough.
        """
        if self._open[user_id] >= self._most:
            raise TooManyRequests(f"expected at most {self._most} event streams at once, found more: close some", 5)

    async def counted(self, user_id: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
        """Pass events on, and count the stream for as long as it is read."""
        self._open[user_id] += 1
        try:
            async for event in events:
                yield event
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
