"""How something goes as server-sent events: as it is now, and at each change, until there is nothing to wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from anyio import to_thread
from pydantic import BaseModel

from pipeline.errors import PipelineError
from pipeline.service.dataset_events import HEARTBEAT_S, LONGEST_S

V = TypeVar("V", bound=BaseModel)


async def followed(
    name: str,
    first: V,
    look: Callable[[], V],
    *,
    goes_on: Callable[[V], bool],
    news: Callable[[V], object],
    poll_s: float,
) -> AsyncIterator[str]:
    """Yield an event of that name for each. look: how it is by now; news: what of it is worth an event."""
    yield _event(name, first)
    silent_s = open_s = 0.0
    last = first
    while goes_on(last) and open_s < LONGEST_S:
        await asyncio.sleep(poll_s)
        silent_s, open_s = silent_s + poll_s, open_s + poll_s
        try:
            latest = await to_thread.run_sync(look)
        except PipelineError:  # whoever reads comes back, and is told then
            return
        if news(latest) != news(last) or silent_s >= HEARTBEAT_S:  # what changes by itself is told then as well
            yield _event(name, latest)
            silent_s = 0.0
        last = latest


def _event(name: str, value: BaseModel) -> str:
    return f"event: {name}\ndata: {value.model_dump_json()}\n\n"
