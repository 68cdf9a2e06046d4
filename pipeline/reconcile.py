"""Compares store, catalog and lake, and sends back to validation whatever got lost on the way.

The sensor is fast and may miss; this is slow and may not. Both only write to the catalog: the sensor's next tick asks
for the runs.
"""

from dataclasses import dataclass
from datetime import datetime

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.tries import WORKS
from pipeline.intake import look
from pipeline.lake import Lake
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.uploads.scan import Cursor


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Ids of datasets by what was wrong with them."""

    registered: tuple[str, ...]  # lay in the store, unknown to the catalog
    lost: tuple[str, ...]  # have a verdict, but no rows in the lake
    retried: int  # failed, or waited for another attempt: they have it now, plans of training as well


def reconcile(store: Store, catalog: Catalog, lake: Lake, settings: Settings, now: datetime) -> Reconciled:
    """Find what is missing or was given up, and make it wait for a run.

    Raises:
        ServiceError: the store, the catalog or the lake cannot be reached.
    """
    registered = register_all(store, catalog, settings, now)
    retried = sum(catalog.retry_now(work) for work in WORKS)
    lost = [dataset_id for dataset_id in catalog.with_verdict() if not lake.has(dataset_id)]
    catalog.request_again(lost, now)
    return Reconciled(registered, tuple(lost), retried)


def register_all(store: Store, catalog: Catalog, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Register every upload the catalog does not know, however many and however long it takes; returns their ids."""
    seen = look(store, catalog, settings, Cursor(), now)
    registered = seen.registered
    while seen.cursor.resume_after:
        seen = look(store, catalog, settings, seen.cursor, now)
        registered += seen.registered
    return registered
