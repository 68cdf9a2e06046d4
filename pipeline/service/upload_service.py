"""Uploads: announced, sent to a presigned address, confirmed. Values in, values out; no HTTP.

Bytes that come through the service itself are taken in by `receiving.py`.
"""

from datetime import datetime, timedelta

from pipeline.contract.values import (
    MAX_MAPPING_CHARACTERS,
    ConfirmedUpload,
    NewUpload,
    StartedUpload,
    UploadPart,
    UploadPlan,
)
from pipeline.dataset.formats.mapping import checked_mapping
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.errors import Conflicting, ObjectMissing, ObjectUnreadable, TooLarge, UsageError
from pipeline.flow.kept_mappings import keep_mappings
from pipeline.flow.marks import insist_on_store, mark_store
from pipeline.flow.shards import identity_of
from pipeline.service.dataset_service import details, summary
from pipeline.service.presigned import Part, Upload
from pipeline.service.room_of_users import show_quota
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import NO_MAPPING, AnnouncedUpload, Dataset
from pipeline.state.store import safe_key
from pipeline.state.store.upload_identity import new_dataset_id


def start_upload(service: Service, user: User, new: NewUpload) -> StartedUpload:
    """Announce an upload; return where to send it.

    Raises:
        UsageError: there is no such format, or the mapping describes none.
        DatasetNotFound: the one that it replaces is none of this user.
        Conflicting: that one is deleted, or was replaced already.
        TooLarge: more bytes than are taken.
        OverQuota: more bytes than the user has room for.
        StoreError: no address can be made, or the store is not the one that is meant; nothing is left behind.
    """
    if new.format is not None and new.format not in BY_NAME:
        raise UsageError(f"format: expected one of {', '.join(sorted(BY_NAME))}, found another; leave it out")
    is_none = (new.mapping or "").strip() == NO_MAPPING  # which is more than silence
    mapping = NO_MAPPING if is_none else checked_mapping(new.mapping, MAX_MAPPING_CHARACTERS)
    check_size(service, new.file_size)
    if new.replaces is not None:
        _check_replaced(service.access(user).own_dataset(new.replaces))
    insist_on_store(service.store, service.catalog)
    now = service.now()
    dataset_id = new_dataset_id(new.file_name)
    key = safe_key(user.id, new.file_name, dataset_id)
    upload = Upload(dataset_id, user.id, key, new.file_size)
    expires_at = _expiry(service)
    service.owners.remember(user.id)
    parts = service.presigner.start(upload, expires_at)  # before the row: if it fails there is none
    announced = AnnouncedUpload(
        id=dataset_id,
        storage_bucket=service.store.bucket,
        storage_path=key,
        file_name=key.rpartition("/")[2],
        mapping=mapping,
        **new.model_dump(exclude={"file_name", "mapping"}),
    )
    try:
        dataset = service.access(user).create_upload(announced, now, service.settings.quota_bytes)
    except Exception:
        service.presigner.abandon(upload)
        raise
    if dataset.mapping:
        keep_mappings(service.store, service.catalog, dataset.storage_path)
    plan, quota = _plan(expires_at, parts), show_quota(service, user)
    return StartedUpload(dataset=summary(dataset), upload=plan, quota=quota)


def resume_upload(service: Service, user: User, dataset_id: str) -> UploadPlan:
    """Return new addresses for an upload that broke off, and what arrived of it.

    Raises:
        DatasetNotFound: there is none of this user.
        Conflicting: it was confirmed, expired or deleted.
        StoreError: the store is not the one that is meant.
    """
    dataset = service.access(user).own_dataset(dataset_id)
    check_open(dataset)
    insist_on_store(service.store, service.catalog)
    expires_at = _expiry(service)
    return _plan(expires_at, service.presigner.resume(upload_of(dataset), expires_at))


def confirm_upload(service: Service, user: User, dataset_id: str) -> ConfirmedUpload:
    """Note that the bytes are there, after looking; validation begins. The same call again changes nothing.

    Raises:
        DatasetNotFound: there is none of this user.
        ObjectMissing: nothing arrived yet.
        Conflicting: not all of it arrived, or it expired or was deleted.
        StoreError: the store is not the one that is meant, so that nothing can be said of what arrived.
    """
    access = service.access(user)
    dataset = access.own_dataset(dataset_id)
    if dataset.content_version is not None:
        return _confirmed(service, user, dataset)
    is_open = dataset.status == "uploading"
    if dataset.deleted_at is not None:
        check_open(dataset)
    insist_on_store(service.store, service.catalog)
    if is_open:
        service.presigner.finish(upload_of(dataset))
    try:
        stored = service.store.stat(dataset.storage_path)
    except ObjectMissing:
        check_open(dataset)
        raise Conflicting(f"expected {dataset.file_size:,} bytes, found that not all arrived: send the rest") from None
    if stored.size_bytes != dataset.file_size:
        check_open(dataset)
        raise Conflicting(
            f"expected the {dataset.file_size:,} bytes that were announced, found {stored.size_bytes:,}: "
            "start a new upload"
        )
    # Also of one that was given up: its bytes came late, and are all there.
    try:
        version = identity_of(service.store, stored).content_version
    except ObjectUnreadable as error:  # the store is well
        raise Conflicting(str(error)) from error
    confirmed = access.confirm_upload(
        dataset.id, version, stored.observed_version, service.now(), file_size=stored.size_bytes
    )
    mark_store(service.catalog, service.store)
    return _confirmed(service, user, confirmed)


def _check_replaced(dataset: Dataset) -> None:
    if dataset.deleted_at is not None:
        raise Conflicting(f"replaces: {dataset.id} is deleted: restore it first, or upload without replacing it")
    if dataset.superseded_by is not None:
        raise Conflicting(f"replaces: {dataset.id} was replaced by {dataset.superseded_by}: replace that one")


def check_size(service: Service, size_bytes: int) -> None:
    """Refuse what is too large for this installation.

    Raises:
        TooLarge: it is.
    """
    largest = service.settings.max_upload_bytes
    if size_bytes > largest:
        raise TooLarge(f"file_size: expected at most {largest:,} bytes, found {size_bytes:,}: split the file")


def check_open(dataset: Dataset) -> None:
    """Refuse an upload that nothing may be added to any more.

    Raises:
        Conflicting: says why.
    """
    if dataset.deleted_at is not None:
        raise Conflicting(f"{dataset.id} was deleted: restore it, or start a new upload")
    if dataset.status == "uploading":
        return
    if dataset.content_version is None:
        raise Conflicting(f"the upload of {dataset.id} expired unconfirmed: start a new upload")
    raise Conflicting(f"{dataset.id} was confirmed and is {dataset.status}: upload other bytes as a new dataset")


def upload_of(dataset: Dataset) -> Upload:
    """What the addresses of a dataset are made for."""
    return Upload(dataset.id, dataset.user_id, dataset.storage_path, dataset.file_size)


def _confirmed(service: Service, user: User, dataset: Dataset) -> ConfirmedUpload:
    version = dataset.content_version or ""
    checksum = version if version.startswith("sha256:") else service.presigner.checksum(upload_of(dataset))
    return ConfirmedUpload(**dict(details(service, user, dataset)), checksum=checksum)


def _expiry(service: Service) -> datetime:
    latest = service.now() + timedelta(seconds=service.settings.upload_expiry_s)
    return latest.replace(microsecond=0)


def _plan(expires_at: datetime, parts: tuple[Part, ...]) -> UploadPlan:
    shown = [UploadPart(**{name: getattr(part, name) for name in UploadPart.model_fields}) for part in parts]
    return UploadPlan(expires_at=expires_at, parts=shown)
