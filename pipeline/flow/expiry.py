"""What becomes of uploads that were announced long ago and never confirmed: confirmed if whole, else given up.

Whoever runs it, the service or Dagster's schedule, comes to the same end; both may run at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable, StoreError
from pipeline.flow.marks import insist_on_store, mark_store
from pipeline.flow.shards import identity_of, is_manifest
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store


@dataclass(frozen=True, slots=True)
class Expired:
    """Ids of uploads that had waited long enough, oldest first."""

    confirmed: tuple[str, ...]  # all bytes were there; only the confirmation was missing
    given_up: tuple[str, ...]


def expire_uploads(store: Store, catalog: Catalog, settings: Settings, now: datetime) -> Expired:
    """Confirm or give up each upload that was announced `LORA_UNCONFIRMED_EXPIRY_H` ago, and remove parts as old.

    Of an upload that is given up, the parts are removed; an object of another size stays, and is listed as ignored.

    Raises:
        StoreError: of one upload at least nothing can be said, or of none, because the store is not the one that is
            meant; it waits, and so do all parts.
        CatalogError: the catalog cannot be reached.
    """
    insist_on_store(store, catalog)
    before = now - timedelta(hours=settings.unconfirmed_expiry_h)
    confirmed, given_up = [], []
    failed: StoreError | None = None
    for dataset in catalog.unconfirmed(before):
        try:
            problem = confirm_if_whole(store, catalog, dataset, now)
        except ObjectChanged:  # somebody writes to it just now
            continue
        except StoreError as error:  # one that cannot be looked at keeps no other waiting
            failed = failed or error
            continue
        if problem is None:
            confirmed.append(dataset.id)
        elif catalog.give_up_upload(dataset.id, problem, now):
            given_up.append(dataset.id)
    if failed:
        raise failed
    store.remove_parts(before)
    return Expired(tuple(confirmed), tuple(given_up))


def confirm_if_whole(store: Store, catalog: Catalog, dataset: Dataset, now: datetime) -> str | None:
    """Confirm an upload whose bytes all arrived; else return, in words, what is missing.

    Raises:
        StoreError: the store does not say.
    """
    store.finish(dataset.storage_path, dataset.id, dataset.file_size)
    try:
        stored = store.stat(dataset.storage_path)
    except ObjectMissing:
        return f"expected {dataset.file_size:,} bytes, found that not all arrived"
    if stored.size_bytes != dataset.file_size:
        return f"expected the {dataset.file_size:,} bytes that were announced, found {stored.size_bytes:,}"
    try:
        version = identity_of(store, stored).content_version
    except ObjectUnreadable as error:
        if is_manifest(stored.key):
            return str(error)
        raise
    catalog.confirm_upload(dataset.id, dataset.user_id, version, stored.observed_version, now, stored.size_bytes)
    mark_store(catalog, store)
    return None
