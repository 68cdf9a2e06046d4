"""How a batch of conversations goes as server-sent events, until nothing of it is under way."""

from collections.abc import AsyncIterator
from functools import partial

from pipeline.contract.generation_values import BatchSummary
from pipeline.service.followed import POLL_S, event, followed
from pipeline.service.generation_service import show_summary
from pipeline.service.service import Service
from pipeline.service.user import User


def batch_events(service: Service, user: User, first: BatchSummary, poll_s: float = POLL_S) -> AsyncIterator[str]:
    """Yield an event for how it is and for each change; up to where nothing of it is under way."""
    look = partial(show_summary, service, user, first.id)
    told = partial(event, "batch")
    return followed(first, look, told, goes_on=_is_under_way, news=BatchSummary.model_dump, poll_s=poll_s)


def _is_under_way(batch: BatchSummary) -> bool:
    return batch.status == "running" or batch.reserved_nano_usd > 0
