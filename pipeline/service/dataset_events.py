"""A dataset's changes of status as server-sent events, until there is nothing more to wait for."""

import asyncio
from collections.abc import AsyncIterator

from anyio import to_thread

from pipeline.errors import PipelineError
from pipeline.service.access import Access
from pipeline.service.dataset_service import summary
from pipeline.state.catalog.dataset_records import Dataset

POLL_S = 1.0
HEARTBEAT_S = 15.0  # keeps proxies from closing a connection that seems idle
LONGEST_S = 600.0  # browsers come back by themselves; a reader who left is noticed then at the latest
_OVER = ("ready", "error")


async def status_events(access: Access, dataset: Dataset, poll_s: float = POLL_S) -> AsyncIterator[str]:
    """Yield an event for the present status and for each that follows; ends after the verdict."""
    yield _event(dataset)
    silent_s = open_s = 0.0
    while dataset.status not in _OVER and dataset.deleted_at is None and open_s < LONGEST_S:
        await asyncio.sleep(poll_s)
        silent_s, open_s = silent_s + poll_s, open_s + poll_s
        try:
            latest = await to_thread.run_sync(access.dataset, dataset.id)
        except PipelineError:  # whoever reads comes back, and is told then
            return
        if (latest.status, latest.deleted_at) != (dataset.status, dataset.deleted_at):
            yield _event(latest)
            silent_s = 0.0
        elif silent_s >= HEARTBEAT_S:
            yield ": still there\n\n"
            silent_s = 0.0
        dataset = latest


def _event(dataset: Dataset) -> str:
    return f"event: status\ndata: {summary(dataset).model_dump_json()}\n\n"
