"""Compares store, catalog and lake, and sends back to validation whatever got lost on the way.

The sensor is fast and may miss; this is slow and may not. Both only write to the catalog: the sensor's next tick asks
for the runs.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.catalog.catalog import Catalog
from pipeline.intake import look
from pipeline.lake import Lake
from pipeline.marks import insist_on_places
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.uploads.scan import Cursor


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Ids of datasets by what was wrong with them."""

    registered: tuple[str, ...]  # lay in the store, unknown to the catalog
    unanswered: tuple[str, ...]  # a run was asked for and never gave a verdict
    lost: tuple[str, ...]  # have a verdict, but no rows in the lake


def reconcile(
    store: Store, catalog: Catalog, lake: Lake, settings: Settings, in_progress: Collection[str], now: datetime
) -> Reconciled:
    """Find what is missing and make it wait for a run.

    in_progress: ids of datasets that a living run covers.

    Raises:
        ServiceError: the store, the catalog or the lake cannot be reached, or is not the one that is meant: what is not
            mounted has lost nothing.
    """
    insist_on_places(store, catalog, lake)
    registered = register_all(store, catalog, settings, now)
    unanswered = ask_again(catalog, settings, in_progress, now)
    lost = [dataset_id for dataset_id in catalog.with_verdict() if not lake.has(dataset_id)]
    catalog.request_again(lost, now)
    return Reconciled(registered, unanswered, tuple(lost))


def ask_again(catalog: Catalog, settings: Settings, in_progress: Collection[str], now: datetime) -> tuple[str, ...]:
    """Forget requests that no run answered, so that they are made again; asks nobody but the catalog."""
    asked_before = now - timedelta(seconds=settings.stuck_after_s)
    unanswered = [dataset.id for dataset in catalog.stuck(asked_before) if dataset.id not in in_progress]
    catalog.reset_request(unanswered)
    return tuple(unanswered)


def register_all(store: Store, catalog: Catalog, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Register every upload the catalog does not know, however many and however long it takes; returns their ids."""
    seen = look(store, catalog, settings, Cursor(), now)
    registered = seen.registered
    while seen.cursor.resume_after:
        seen = look(store, catalog, settings, seen.cursor, now)
        registered += seen.registered
    return registered
