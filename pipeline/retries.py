"""What becomes of the datasets of a failed run: another attempt, or a person is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.notices import Notice
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """Ids of the datasets that get another attempt, and of those that had all of theirs."""

    again: tuple[str, ...]
    given_up: tuple[str, ...]


def after_failure(
    catalog: Catalog, dataset_ids: Sequence[str], reason: str, settings: Settings, now: datetime
) -> AfterFailure:
    """Make the undecided datasets wait for another run; notify the owners of those tried often enough.

    The hourly schedule tries those once more. Their owner is told the first time since the last verdict, not each hour.
    """
    undecided = [dataset for dataset in map(catalog.get, dataset_ids) if dataset.status == "validating"]
    again = [dataset.id for dataset in undecided if dataset.attempt < settings.max_attempts]
    given_up = [dataset for dataset in undecided if dataset.attempt >= settings.max_attempts]
    catalog.reset_request(again)
    for dataset in given_up:
        catalog.record_failure(dataset.id, dataset.failure or reason, now)
        title = f"{dataset.name} could not be validated"
        message = "The service failed, not your file. It is tried again hourly; an operator has been told."
        since = dataset.validated_at.isoformat() if dataset.validated_at else "the beginning"
        catalog.notify(dataset.id, Notice("run_failed", since, title, message), now)
    return AfterFailure(tuple(again), tuple(dataset.id for dataset in given_up))
