"""One look at the store: registers what is new, and says which runs to ask for. No word of Dagster here."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable
from pipeline.flow.batches import Batch, Wanted, batch_keys, contiguous_batches, run_key
from pipeline.flow.kept_deletions import KeptDeletions
from pipeline.flow.kept_mappings import KeptMappings
from pipeline.flow.marks import mark_store
from pipeline.flow.owners import Owners
from pipeline.flow.read_aside import ASIDE
from pipeline.flow.scan import Cursor, Scan, scan
from pipeline.flow.shards import Identity, identity_of, is_manifest
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset, NewUpload, Placed
from pipeline.state.catalog.ignored import Walked
from pipeline.state.store import Store
from pipeline.state.store.ignored_files import (
    FROM_NAMES,
    FROM_ROWS,
    REASONS,
    IgnoredFile,
    ignored,
    owner_folder,
    shown_key,
)
from pipeline.state.store.keys import UPLOADS
from pipeline.state.store.left_out import UNREADABLE
from pipeline.state.store.store_protocol import StoredObject
from pipeline.state.store.upload_identity import MANIFEST_SUFFIX, UploadKey, dataset_id, owner_and_name

_PACKED = (".gz", ".gzip", ".tgz", ".zst", ".zstd", ".zip")
_USUAL_EXPANSION = 8  # of JSON Lines packed by gzip, zstd or zip: 3 to 20 times
MOST_QUEUED = 8  # full runs of one kind that wait side by side


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the store found."""

    scan: Scan
    registered: tuple[str, ...]
    """Ids of the datasets made by it."""
    cursor: Cursor
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """What is told of each, by its key."""
    confirmed: tuple[str, ...] = ()
    """Of uploads whose confirmation it made up for."""
    being_read: int = 0
    """Large files whose bytes are not known yet."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run to ask for: the batch, and the key under which Dagster starts it at most once."""

    batch: Batch
    run_key: str


def look(
    store: Store,
    catalog: Catalog,
    settings: Settings,
    cursor: Cursor,
    now: datetime,
    budget_s: float = math.inf,
    is_thorough: bool = False,
    cap: int | None = None,
) -> Look:
    """Register uploads that are new or changed since they were last seen, as many as one tick takes, or `cap`.

    budget_s: what it may take of time. Half of it may go into the listing, the rest into reading local files for their
    content version, large ones aside; what is not reached is found again in the next round. is_thorough: whether
    uploads through the service are compared with their rows as well; else only those without any are registered.

    Raises:
        StoreError: the store cannot be reached; nothing is lost, the next look starts at the same place.
        CatalogError: the same for the catalog.
    """
    began = time.monotonic()
    found = scan(
        store.entries(UPLOADS, start_after=cursor.resume_after),
        catalog.known_versions,
        now,
        0.0 if store.is_atomic else settings.settle_s,
        settings.tick_max_uploads if cap is None else cap,
        out_of_time=lambda: time.monotonic() - began > budget_s / 2,
        is_thorough=is_thorough,
    )
    walked = Walked(cursor.resume_after, found.resume_after, FROM_NAMES | FROM_ROWS if is_thorough else FROM_NAMES)
    in_time = itertools.takewhile(lambda _: time.monotonic() - began < budget_s, found.new)
    read = store.content_version if math.isinf(budget_s) else partial(ASIDE.version, store)
    return register(store, catalog, settings, found, in_time, walked, now, read)


def register(
    store: Store,
    catalog: Catalog,
    settings: Settings,
    found: Scan,
    objects: Iterable[StoredObject],
    walked: Walked,
    now: datetime,
    version_of: Callable[[StoredObject], str | None] | None = None,
) -> Look:
    """Register objects, and note what was found beside them. When this returns, it is all in the catalog.

    objects: those of `found.new` that are reached. walked: what of the store was gone over. version_of: which bytes
    they are; None for one that is not known yet.

    Raises:
        StoreError, CatalogError: see `look`.
    """
    unreadable: list[tuple[StoredObject, str]] = []
    being_read: list[StoredObject] = []
    owners = Owners(store)
    uploads = new_uploads(
        store,
        objects,
        settings.max_upload_bytes,
        lambda stored, told: unreadable.append((stored, told)),
        owners.of,
        KeptMappings(store).of,
        version_of or store.content_version,
        being_read.append,
        KeptDeletions(store).beside,
    )
    placed = catalog.place_uploads(uploads, now)
    if placed.inserted or placed.confirmed:
        mark_store(catalog, store)
    left = [*found.ignored, *(ignored(stored, UNREADABLE) for stored, _ in unreadable), *_refused(placed)]
    catalog.note_ignored(left, walked, owners.of, now)
    return Look(
        found,
        placed.inserted,
        Cursor(found.resume_after),
        {stored.key: told for stored, told in unreadable},
        placed.confirmed,
        len(being_read),
    )


def _refused(placed: Placed) -> Iterator[IgnoredFile]:
    for upload, why in placed.refused:
        folder = owner_folder(upload.storage_path)
        yield IgnoredFile(shown_key(upload.storage_path), folder, REASONS[why], upload.file_size)


def new_uploads(
    store: Store,
    objects: Iterable[StoredObject],
    max_upload_bytes: int,
    on_unreadable: Callable[[StoredObject, str], None] = lambda _stored, _told: None,
    owner_of: Callable[[str], str] = lambda folder: folder,
    mapping_of: Callable[[str], str | None] = lambda _: None,
    version_of: Callable[[StoredObject], str | None] | None = None,
    on_being_read: Callable[[StoredObject], None] = lambda _: None,
    deletions_beside: Callable[[str], Mapping[str, datetime]] = lambda _path: {},
) -> list[NewUpload]:
    """What the catalog registers of objects in the store.

    Those that change meanwhile wait for the next look, and so do those that may not be read, or whose mapping may not:
    each look tries again, and says so to `on_unreadable`; those whose bytes are not known yet are told to
    `on_being_read`. owner_of: whose a folder is. mapping_of: what is written down of how a path is read. version_of:
    which bytes an object has, where not the store is to say it at once. deletions_beside: when
    datasets in the folder of a path were deleted, by id, as that is written down.
    """
    uploads = []
    for stored in objects:
        key = owner_and_name(stored.key)
        if not isinstance(key, UploadKey):
            continue
        try:
            mapping, deletions = mapping_of(stored.key), deletions_beside(stored.key)
            identity = _identity(store, stored, max_upload_bytes, version_of or store.content_version)
        except (ObjectMissing, ObjectChanged):
            continue
        except ObjectUnreadable as error:
            on_unreadable(stored, str(error))
            continue
        if identity is None:
            on_being_read(stored)
            continue
        version = identity.content_version
        id_of_bytes = dataset_id(key.owner, stored.key, version)
        uploads.append(
            NewUpload(
                dataset_id=key.dataset_id or id_of_bytes,
                user_id=owner_of(key.owner),
                name=_name_of(key.name),
                storage_bucket=store.bucket,
                storage_path=stored.key,
                file_name=key.name,
                # What was announced through the service, and is confirmed, are a manifest's own bytes.
                file_size=stored.size_bytes if key.dataset_id else identity.size_bytes,
                content_version=version,
                observed_version=stored.observed_version,
                replacement_id=id_of_bytes if key.dataset_id else "",
                mapping=mapping,
                deleted_at=deletions.get(key.dataset_id or id_of_bytes),
            )
        )
    return uploads


def _name_of(file_name: str) -> str:
    """What the dataset of a file is called."""
    whole = file_name.removesuffix(MANIFEST_SUFFIX)
    return whole if whole != file_name else file_name.rpartition(".")[0] or file_name


def _identity(
    store: Store, stored: StoredObject, max_upload_bytes: int, version_of: Callable[[StoredObject], str | None]
) -> Identity | None:
    """Which bytes they are; an upload too large to be taken is not read for it."""
    if stored.size_bytes > max_upload_bytes:
        return Identity(f"unread:{stored.observed_version}", stored.size_bytes)
    if is_manifest(stored.key):
        return identity_of(store, stored)
    version = version_of(stored)
    return None if version is None else Identity(version, stored.size_bytes)


def plan_runs(
    waiting: Sequence[Dataset], partition_order: Iterable[str], settings: Settings, now: datetime
) -> list[PlannedRun]:
    """Runs that cover the waiting datasets, each once; the moment is in their keys.

    partition_order: all partition keys as Dagster orders them, the waiting ones among them. A large upload has a run
    of its own, so that no small one waits for it. Datasets that were tried before share no run with new ones, and one
    at which a process died shares its run with nobody: it may end the next one, too.
    """
    order = list(partition_order)
    runs = []
    for is_crashed, is_tried in sorted({_history(dataset) for dataset in waiting}):
        alike = [each for each in waiting if _history(each) == (is_crashed, is_tried)]
        batches = contiguous_batches(
            order,
            [Wanted(each.partition, each.id, _expected_bytes(each, settings)) for each in alike],
            1 if is_crashed else settings.batch_max_datasets,
            settings.batch_max_bytes,
            settings.large_upload_bytes,
        )
        runs += [PlannedRun(batch, run_key(batch, now)) for batch in batches]
    return runs


def in_batches(
    waiting: Sequence[Dataset],
    last: str | None,
    has_partition: Callable[[str], bool],
    settings: Settings,
    now: datetime,
) -> list[Dataset]:
    """Give those that never had a partition one that they share with those validated with them; others keep theirs.

    last: the last batch of this hour so far. has_partition: whether Dagster has it, of a dataset for which no run was
    asked yet when the setting was another.
    """
    new = [
        replace(each, partition_key=each.id)
        for each in waiting
        if each.partition_key is None and not has_partition(each.id)
    ]
    runs = plan_runs(new, [each.id for each in new], settings, now)
    keys = zip(batch_keys(last, now, len(runs)), runs, strict=True)
    shared = {dataset_id: key for key, run in keys for dataset_id in run.batch.dataset_ids}
    return [replace(each, partition_key=shared.get(each.id, each.partition_key)) for each in waiting]


def is_asked_for(dataset: Dataset, request_key: str) -> bool:
    """Whether a dataset still waits for the run of this request: another may have decided it meanwhile, its owner may
    have deleted it, or put other bytes in the place of those that were to be read.
    """
    is_wanted = dataset.deleted_at is None and dataset.superseded_by is None
    return is_wanted and dataset.request_key == request_key and dataset.status in ("validating", "failed")


def worth_asking(runs: Sequence[PlannedRun], queued_runs: int, settings: Settings) -> list[PlannedRun]:
    """Those of the runs that should be asked for now; what waits meanwhile shares a later one.

    queued_runs: how many of their kind have not been started yet. While one has not, a run that could still grow gains
    nothing by standing behind it: uploads that stream in would fill the queue with runs of a few datasets each.
    """
    if not queued_runs:
        return list(runs)
    full = [run for run in runs if _is_full(run.batch, settings)]
    return full[: max(0, MOST_QUEUED - queued_runs)]


def _is_full(batch: Batch, settings: Settings) -> bool:
    return len(batch.dataset_ids) >= settings.batch_max_datasets or batch.size_bytes >= settings.batch_max_bytes // 2


def _history(dataset: Dataset) -> tuple[bool, bool]:
    """Whether a process died at it, and whether it was tried and came to nothing."""
    return dataset.crashes > 0, dataset.attempt > 0


def _expected_bytes(dataset: Dataset, settings: Settings) -> int:
    """How much there is to read; of what is packed, as its name says, more than what lies in the store.

    A manifest that came through the service has its own size, which says nothing of its shards': it counts as large.
    """
    key = owner_and_name(dataset.storage_path)
    if is_manifest(dataset.storage_path) and isinstance(key, UploadKey) and not key.is_drop:
        return settings.large_upload_bytes + 1
    is_packed = dataset.file_name.lower().endswith(_PACKED)
    return dataset.file_size * (_USUAL_EXPANSION if is_packed else 1)


def missing_partitions(waiting: Sequence[Dataset], has_partition: Callable[[str], bool]) -> list[str]:
    """Partitions that are not there yet, in the order in which they should be added."""
    return [key for key in dict.fromkeys(each.partition for each in waiting) if not has_partition(key)]
