"""How a training goes as server-sent events, until there is nothing more to wait for."""

import asyncio
from collections.abc import AsyncIterator

from anyio import to_thread

from pipeline.contract.training_values import TrainingProgress
from pipeline.errors import PipelineError
from pipeline.service.access import Access
from pipeline.service.dataset_events import HEARTBEAT_S, LONGEST_S, POLL_S
from pipeline.service.service import Service
from pipeline.service.training_service import show_progress

_UNDER_WAY = ("queued", "running", "lost")
_CHANGING = {"cost_usd", "cost_nano_usd", "eta_s", "heartbeat_at"}  # of themselves: no news


async def training_events(
    service: Service, access: Access, first: TrainingProgress, poll_s: float = POLL_S
) -> AsyncIterator[str]:
    """Yield an event for how it is and for each change; ends when the training has ended, or where none was started."""
    yield _event(first)
    silent_s = open_s = 0.0
    last = first
    while last.status in _UNDER_WAY and open_s < LONGEST_S:
        await asyncio.sleep(poll_s)
        silent_s, open_s = silent_s + poll_s, open_s + poll_s
        try:
            latest = await to_thread.run_sync(show_progress, service, access, first.job_id)
        except PipelineError:  # whoever reads comes back, and is told then
            return
        if _news(latest) != _news(last) or silent_s >= HEARTBEAT_S:  # what it costs is told then as well
            yield _event(latest)
            silent_s = 0.0
        last = latest


def _news(progress: TrainingProgress) -> dict[str, object]:
    return progress.model_dump(exclude={"attempt": _CHANGING})


def _event(progress: TrainingProgress) -> str:
    return f"event: training\ndata: {progress.model_dump_json()}\n\n"
