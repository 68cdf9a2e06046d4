"""How something goes as server-sent events: as it is now, and at each change, until there is nothing to wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from anyio import to_thread
from pydantic import BaseModel

from pipeline.errors import PipelineError

V = TypeVar("V")
POLL_S = 1.0
HEARTBEAT_S = 15.0  # keeps proxies from closing a connection that seems idle
LONGEST_S = 600.0  # browsers come back by themselves; a reader who left is noticed then at the latest


async def followed(
    first: V,
    look: Callable[[], V],
    told: Callable[[V], str],
    *,
    goes_on: Callable[[V], bool],
    news: Callable[[V], object],
    still: Callable[[V], str] | None = None,
    poll_s: float = POLL_S,
) -> AsyncIterator[str]:
    """Yield an event for each. look: how it is by now; told: the event; news: what of it is worth one.

    still: what is said where there was no news for long; None for the event.
    """
    yield told(first)
    silent_s = open_s = 0.0
    last = first
    while goes_on(last) and open_s < LONGEST_S:
        await asyncio.sleep(poll_s)
        silent_s, open_s = silent_s + poll_s, open_s + poll_s
        try:
            latest = await to_thread.run_sync(look)
        except PipelineError:  # whoever reads comes back, and is told then
            return
        is_new = news(latest) != news(last)
        if is_new or silent_s >= HEARTBEAT_S:
            yield told(latest) if is_new or still is None else still(latest)
            silent_s = 0.0
        last = latest


def event(name: str, value: BaseModel) -> str:
    """An event of that name."""
    return f"event: {name}\ndata: {value.model_dump_json()}\n\n"
