"""How a training goes as server-sent events, until there is nothing more to wait for."""

from collections.abc import AsyncIterator
from functools import partial

from pipeline.contract.training_values import TrainingProgress
from pipeline.service.access import Access
from pipeline.service.followed import POLL_S, event, followed
from pipeline.service.service import Service
from pipeline.service.training_service import show_progress
from pipeline.state.catalog.statuses import UNDER_WAY

_CHANGING = {"cost_usd", "cost_nano_usd", "eta_s", "heartbeat_at"}  # of themselves: no news


def training_events(
    service: Service, access: Access, first: TrainingProgress, poll_s: float = POLL_S
) -> AsyncIterator[str]:
    """Yield an event for how it is and for each change; ends when the training has ended, or where none was started."""
    look = partial(show_progress, service, access, first.job_id)
    told = partial(event, "training")  # what it costs changes by itself, and is told when nothing else was for long
    return followed(first, look, told, goes_on=_is_under_way, news=_news, poll_s=poll_s)


def _is_under_way(progress: TrainingProgress) -> bool:
    return progress.status in UNDER_WAY


def _news(progress: TrainingProgress) -> dict[str, object]:
    return progress.model_dump(exclude={"attempt": _CHANGING})
