"""A dataset's changes of status as server-sent events, until there is nothing more to wait for."""

from collections.abc import AsyncIterator
from functools import partial

from pipeline.service.access import Access
from pipeline.service.dataset_service import summary
from pipeline.service.followed import POLL_S, event, followed
from pipeline.state.catalog.dataset_records import Dataset

_OVER = ("ready", "error")


def status_events(access: Access, dataset: Dataset, poll_s: float = POLL_S) -> AsyncIterator[str]:
    """Yield an event for the present status and for each that follows; ends after the verdict."""
    look = partial(access.dataset, dataset.id)
    return followed(
        dataset, look, _event, goes_on=_is_open, news=_news, still=lambda _: ": still there\n\n", poll_s=poll_s
    )


def _is_open(dataset: Dataset) -> bool:
    return dataset.status not in _OVER and dataset.deleted_at is None


def _news(dataset: Dataset) -> object:
    return dataset.status, dataset.deleted_at


def _event(dataset: Dataset) -> str:
    return event("status", summary(dataset))
