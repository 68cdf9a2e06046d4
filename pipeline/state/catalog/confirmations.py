"""Uploads through the service, from the row that is made first to the confirmation that the bytes are there.

Once confirmed, a dataset is like any other; files that are simply dropped start in `dropped_files.py`.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, case, insert, select, update

from pipeline.errors import Conflicting, ObjectChanged, UsageError
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import NO_MAPPING, AnnouncedUpload, Dataset
from pipeline.state.catalog.dropped_files import lock_registry
from pipeline.state.catalog.events import Event, note_events
from pipeline.state.catalog.lookup import describe_dataset, read_dataset, to_dataset
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.quotas import check_quota
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets
from pipeline.wording import moment


class Confirmations(Database):
    """The methods that the upload service uses, and the expiry of what it never hears of again."""

    def create_upload(self, upload: AnnouncedUpload, user_id: str, now: datetime, quota_bytes: int = 0) -> Dataset:
        """Make the row of an upload that is about to start; the same call again returns the row as it is.

        quota_bytes: see `quotas.py`. Where nothing is said of its mapping, it gets that of the user's newest upload of
        the same file name.

        Raises:
            OverQuota: the user has no room for it.
            UsageError: the id or the path belongs to another dataset.
            Conflicting: another upload is to take the same dataset's place.
        """
        row = asdict(upload) | {"user_id": user_id, "status": "uploading", "created_at": now, "updated_at": now}
        is_taken = (datasets.c.id == upload.id) | ((datasets.c.storage_path == upload.storage_path) & IS_CURRENT)
        with self._writing() as connection:
            lock_registry(connection)
            found = [to_dataset(taken) for taken in connection.execute(select(datasets).where(is_taken))]
            for taken in found:
                if (taken.id, taken.user_id, taken.storage_path) != (upload.id, user_id, upload.storage_path):
                    raise UsageError(
                        f"expected an id and a path that are free, found another dataset with the id {upload.id} or "
                        f"at {upload.storage_path}: start the upload again, with a new id"
                    )
            if found:
                return found[0]
            check_quota(connection, user_id, upload.file_size, quota_bytes)
            _check_alone(connection, user_id, upload)
            said = upload.mapping or _mapping_before(connection, user_id, upload.file_name)
            row["mapping"] = None if said == NO_MAPPING else said
            connection.execute(insert(datasets), row)
            note_events(connection, [Event(upload.id, user_id, "announced", "uploading")], now)
            return read_dataset(connection, upload.id)

    def confirm_upload(
        self,
        dataset_id: str,
        user_id: str,
        content_version: str,
        observed_version: str,
        now: datetime,
        file_size: int | None = None,
    ) -> Dataset:
        """Note that the bytes are there and validation can start; the same call again changes nothing.

        An upload that was given up comes back by it: its bytes came late. `file_size` is what the store reports, in
        bytes; None keeps the announced size.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
            ObjectChanged: the upload was confirmed before, with other bytes.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, dataset_id, user_id, for_update=True)
            if dataset.content_version is None:
                connection.execute(
                    update(datasets)
                    .where(datasets.c.id == dataset_id)
                    .values(
                        status="validating",
                        content_version=content_version,
                        observed_version=observed_version,
                        file_size=dataset.file_size if file_size is None else file_size,
                        requested_at=None,
                        updated_at=now,
                    )
                )
                note_events(connection, [Event(dataset_id, dataset.user_id, "registered", "validating")], now)
                return read_dataset(connection, dataset_id)
        if dataset.content_version != content_version:
            raise ObjectChanged(
                f"{dataset.storage_path}: expected the content version {dataset.content_version} that was confirmed "
                f"for {describe_dataset(dataset)}, found {content_version}: upload other bytes as a new dataset"
            )
        return dataset

    def unconfirmed(self, created_before: datetime) -> list[Dataset]:
        """Return uploads announced before that and not confirmed, deleted ones too; oldest first."""
        waiting = select(datasets).where(datasets.c.status == "uploading", datasets.c.created_at < created_before)
        with self._reading() as connection:
            rows = connection.execute(waiting.order_by(datasets.c.created_at, datasets.c.id))
            return [to_dataset(row) for row in rows]

    def give_up_upload(self, dataset_id: str, why: str, now: datetime) -> bool:
        """Give up an upload that is not whole: it becomes `error` and its owner is told why, unless it was deleted.

        Return False where it was confirmed or given up meanwhile.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, dataset_id, for_update=True)
            if dataset.status != "uploading":
                return False
            give_up = update(datasets).where(datasets.c.id == dataset.id)
            connection.execute(give_up.values(status="error", failure=why, updated_at=now))
            note_events(connection, [Event(dataset.id, dataset.user_id, "expired", "error", detail=why)], now)
            if dataset.deleted_at is None:
                send(connection, dataset.id, dataset.user_id, _expiry(dataset, why), now)
        return True


def _expiry(dataset: Dataset, why: str) -> Notice:
    return Notice(
        kind="upload_expired",
        dedupe_key="upload",
        title=f"Upload of {dataset.name} expired",
        message=f"The upload of {dataset.file_name} was started on {moment(dataset.created_at)} and never "
        f"confirmed: {why}; start it again to have it validated.",
    )


def _mapping_before(connection: Connection, user_id: str, file_name: str) -> str | None:
    """The mapping of the user's newest upload of this name that came to be; none where that one was deleted."""
    theirs = (datasets.c.user_id == user_id) & (datasets.c.file_name == file_name) & IS_CURRENT
    newest = select(case((IS_DELETED, None), else_=datasets.c.mapping)).where(
        theirs, datasets.c.content_version.is_not(None)
    )
    return connection.execute(newest.order_by(datasets.c.created_at.desc(), datasets.c.id).limit(1)).scalar()


def _check_alone(connection: Connection, user_id: str, upload: AnnouncedUpload) -> None:
    """One dataset takes the place of another: the next version is of that one, or waits until it is rejected."""
    if upload.replaces is None:
        return
    columns = datasets.c
    live = (columns.user_id == user_id) & ~IS_DELETED & IS_CURRENT & (columns.status != "error")
    query = select(columns.id).where(columns.replaces == upload.replaces, live).limit(1)
    if (other := connection.execute(query).scalar_one_or_none()) is not None:
        raise Conflicting(
            f"replaces: {upload.replaces} is being replaced by {other}: replace that one, or delete it first"
        )
