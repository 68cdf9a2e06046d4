"""Compares store, catalog and lake, and sends back to validation whatever got lost on the way.

The sensor is fast and may miss; this is slow and may not. Both only write to the catalog: the sensor's next tick asks
for the runs.
"""

from dataclasses import dataclass
from datetime import datetime

from pipeline.flow.intake import look
from pipeline.flow.kept_deletions import keep_all_deletions
from pipeline.flow.kept_mappings import keep_all_mappings
from pipeline.flow.marks import insist_on_places
from pipeline.flow.owners import Owners
from pipeline.flow.scan import Cursor
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import IgnoredPage
from pipeline.state.catalog.ignored import Walked
from pipeline.state.catalog.tries import WORKS
from pipeline.state.lake import Lake
from pipeline.state.store import Store, safe_owner
from pipeline.state.store.ignored_files import BESIDE, beside_uploads
from pipeline.state.store.keys import is_owner_digest

_NAMED = 20  # ignored files that a reconciliation names


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Ids of datasets by what was wrong with them."""

    registered: tuple[str, ...] = ()  # lay in the store, unknown to the catalog
    lost: tuple[str, ...] = ()  # have a verdict, but no rows in the lake
    confirmed: tuple[str, ...] = ()  # uploads through the service: whole, and never confirmed
    retried: int = 0  # failed, or waited for another attempt: they have it now, plans of training as well
    ignored: IgnoredPage = IgnoredPage([], 0)  # files that got no row: the first of them, and how many

    def summary(self) -> str:
        """One line for people."""
        return (
            f"registered {len(self.registered)}, confirmed {len(self.confirmed)}, tried again {self.retried}, "
            f"lost from the lake {len(self.lost)}, ignored {self.ignored.total}"
        )


def reconcile(store: Store, catalog: Catalog, lake: Lake, settings: Settings, now: datetime) -> Reconciled:
    """Find what is missing or was given up, and make it wait for a run.

    Raises:
        ServiceError: the store, the catalog or the lake cannot be reached, or is not the one that is meant: what is not
            mounted has lost nothing.
    """
    insist_on_places(store, catalog, lake)
    remember_owners(store, catalog)
    restored = register_all(store, catalog, settings, now)
    keep_all_mappings(store, catalog)
    keep_all_deletions(store, catalog)
    retried = sum(catalog.retry_now(work) for work in WORKS)
    lost = [dataset_id for dataset_id in catalog.with_verdict() if not lake.has(dataset_id)]
    catalog.request_again(lost, now)
    note_beside(store, catalog, now)
    ignored = catalog.list_ignored(None, limit=_NAMED)
    return Reconciled(restored.registered, tuple(lost), restored.confirmed, retried, ignored)


def remember_owners(store: Store, catalog: Catalog) -> None:
    """Write down in the store whose the folders are that do not say it, so that the catalog can be made again."""
    owners = Owners(store)
    for owner in catalog.owners():
        if safe_owner(owner) != owner and not is_owner_digest(owner):
            owners.remember(owner)


def note_beside(store: Store, catalog: Catalog, now: datetime) -> None:
    """Note what somebody put beside `uploads/` by mistake."""
    found = beside_uploads(store.top_names())
    catalog.note_ignored(found, Walked("", "", {BESIDE.code}), lambda folder: folder, now)


@dataclass(frozen=True, slots=True)
class Restored:
    """Ids of datasets that were made, and of uploads that were confirmed, of what lay in the store."""

    registered: tuple[str, ...]
    confirmed: tuple[str, ...]


def register_all(store: Store, catalog: Catalog, settings: Settings, now: datetime) -> Restored:
    """Register every upload the catalog does not know, dropped or through the service, however long it takes."""
    registered: list[str] = []
    confirmed: list[str] = []
    cursor: Cursor | None = Cursor()
    while cursor:
        seen = look(store, catalog, settings, cursor, now, is_thorough=True)
        registered += seen.registered
        confirmed += seen.confirmed
        cursor = seen.cursor if seen.cursor.resume_after else None
    return Restored(tuple(registered), tuple(confirmed))
