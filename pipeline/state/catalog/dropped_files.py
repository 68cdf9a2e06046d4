"""Dropped files: what the catalog has seen in the store, and which dataset is current at each path.

Uploads that go through the service are in `confirmations.py` until they are confirmed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, insert, or_, select, text, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import NewUpload, Placed, Refusal
from pipeline.state.catalog.events import Event, note_events
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import EventKind
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets, storable_text
from pipeline.state.catalog.waiting import UNTRIED, VALIDATED_AGAIN

# Any fixed number but the one of `migrate.py`.
_LOCK_KEY = 0x6C6F7262
# A verdict on a moment, not on bytes: the file was gone or other than registered. One too large is refused for good.
_NOT_MET = (
    (datasets.c.status == "error")
    & datasets.c.content_sha256.is_(None)
    & datasets.c.content_version.not_like("unread:%")
)
_ASKED_ANEW: dict[str, object] = {"requested_at": None, "request_key": None, "begun_by": None, "retry_at": None}


class Registry(Database):
    """The methods that the upload sensor uses to register what it sees."""

    def known_versions(self, storage_paths: Iterable[str]) -> dict[str, str]:
        """Return the observed version of each path that has a current dataset; paths never seen are absent.

        A dataset still `uploading` has the version "": its path is taken, its bytes are not known yet. So has one
        whose file was gone or changed when it was to be read: if it lies there again, it is worth another look.
        """
        version = case((_NOT_MET, ""), else_=datasets.c.observed_version)
        columns = select(datasets.c.storage_path, version).where(IS_CURRENT)
        known: dict[str, str] = {}
        with self._reading() as connection:
            for paths in chunks(list(storage_paths)):
                rows = connection.execute(columns.where(datasets.c.storage_path.in_(paths)))
                known.update((path, version or "") for path, version in rows)
        return known

    def register_uploads(self, uploads: Sequence[NewUpload], now: datetime) -> list[str]:
        """Register files seen in the store, in one transaction; return the ids newly inserted, in the given order."""
        return list(self.place_uploads(uploads, now).inserted)

    def place_uploads(self, uploads: Sequence[NewUpload], now: datetime) -> Placed:
        """Register files seen in the store, in one transaction.

        Safe to repeat. Bytes already current at their path only refresh the observed version; other bytes supersede
        the current dataset, and are read by its mapping, unless it was deleted; bytes that come back make their old
        dataset current again, are read so as well, and are validated if that is another way than before, or if they
        were not there when that was tried. A path that is not text (bytes outside UTF-8) is
        left alone: no row could name it.

        An upload through the service has the id that its path names. Where its row waits for a confirmation, or gave
        up waiting, bytes of the announced size are confirmed by this; its row may be missing, because it was lost. An
        id that belongs to another owner or path is refused.
        """
        uploads = [upload for upload in uploads if upload.storage_path == storable_text(upload.storage_path)]
        with self._writing() as connection:
            lock_registry(connection)
            shelf = _load_shelf(connection, uploads)
            inserted = [placed for upload in uploads if (placed := shelf.place(upload))]
            _store_shelf(connection, shelf, inserted, now)
        return Placed(
            tuple(upload.dataset_id for upload in inserted), tuple(sorted(shelf.confirmed)), tuple(shelf.refused)
        )


@dataclass(slots=True)
class _Entry:
    """What deciding needs of one dataset, in memory."""

    dataset_id: str
    storage_path: str
    status: str
    content_version: str | None
    observed_version: str | None
    superseded_by: str | None
    user_id: str
    file_size: int
    is_not_met: bool = False
    mapping: str | None = None
    is_deleted: bool = False

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it was announced, and its bytes were never seen."""
        return self.content_version is None


class _Shelf:
    """The datasets at some paths; `place` decides what one more upload means for them."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.by_id: dict[str, _Entry] = {}
        self.resettled: set[str] = set()
        self.refreshed: set[str] = set()
        self.reopened: set[str] = set()
        self.confirmed: set[str] = set()
        self.remapped: set[str] = set()
        self.refused: list[tuple[NewUpload, Refusal]] = []
        self._at_path: defaultdict[str, list[_Entry]] = defaultdict(list)
        for entry in entries:
            self._add(entry)

    def place(self, upload: NewUpload) -> NewUpload | None:
        """Make the upload's dataset current at its path; return it, under the id that it gets, if it is new."""
        current = next((e for e in self._at_path[upload.storage_path] if e.superseded_by is None), None)
        if upload.replacement_id and (announced := self.by_id.get(upload.dataset_id)):
            if refusal := _refusal(announced, upload):
                self.refused.append((upload, refusal))
                return None
            if announced.is_unconfirmed:
                self._confirm(announced, upload)
            elif announced.content_version != upload.content_version:
                upload = replace(upload, dataset_id=upload.replacement_id, user_id=announced.user_id, deleted_at=None)
        elif current is not None and current.status == "uploading":
            return None
        entry = self._find(upload)
        is_new = entry is None
        if entry is None:
            entry = _Entry(
                upload.dataset_id,
                upload.storage_path,
                "validating",
                upload.content_version,
                None,
                None,
                upload.user_id,
                upload.file_size,
                mapping=upload.mapping,
            )
            self._add(entry)
        elif entry.storage_path != upload.storage_path:
            return None  # an id names one path; the row stays with its own
        if current is not None and current is not entry:
            self._inherit(entry, current)
            current.superseded_by = entry.dataset_id
            self.resettled.add(current.dataset_id)
        if entry.superseded_by is not None:
            entry.superseded_by = None
            self.resettled.add(entry.dataset_id)
        if entry.observed_version != upload.observed_version:
            entry.observed_version = upload.observed_version
            self.refreshed.add(entry.dataset_id)
        if entry.is_not_met:
            entry.is_not_met = False
            self.reopened.add(entry.dataset_id)
        return upload if is_new else None

    def _inherit(self, entry: _Entry, former: _Entry) -> None:
        """What was said last of how a path is read is true of whatever lies there; a deletion ends it."""
        mapping = None if former.is_deleted else former.mapping
        if entry.mapping != mapping:
            entry.mapping = mapping
            self.remapped.add(entry.dataset_id)

    def _confirm(self, entry: _Entry, upload: NewUpload) -> None:
        entry.status, entry.is_not_met = "validating", False
        entry.content_version, entry.observed_version = upload.content_version, upload.observed_version
        self.confirmed.add(entry.dataset_id)

    def _add(self, entry: _Entry) -> None:
        self.by_id[entry.dataset_id] = entry
        self._at_path[entry.storage_path].append(entry)

    def _find(self, upload: NewUpload) -> _Entry | None:
        # A dataset that came through the service has an id of its own: the bytes tell that it is the same.
        same_bytes = (e for e in self._at_path[upload.storage_path] if e.content_version == upload.content_version)
        return self.by_id.get(upload.dataset_id) or next(same_bytes, None)


def _refusal(announced: _Entry, upload: NewUpload) -> Refusal | None:
    """Why an upload may not have the row of its id."""
    if (announced.storage_path, announced.user_id) != (upload.storage_path, upload.user_id):
        return "taken-id"
    return "other-size" if announced.is_unconfirmed and announced.file_size != upload.file_size else None


def _load_shelf(connection: Connection, uploads: Sequence[NewUpload]) -> _Shelf:
    table = datasets.c
    columns = select(
        table.id,
        table.storage_path,
        table.status,
        table.content_version,
        table.observed_version,
        table.superseded_by,
        table.user_id,
        table.file_size,
        case((_NOT_MET, True), else_=False),
        table.mapping,
        IS_DELETED,
    )
    entries: dict[str, _Entry] = {}
    for some in chunks(uploads):
        wanted = or_(table.id.in_([u.dataset_id for u in some]), table.storage_path.in_([u.storage_path for u in some]))
        # Oldest first, so that of two datasets with the same bytes always the same one comes back.
        for row in connection.execute(columns.where(wanted).order_by(table.created_at, table.id)):
            entries[row.id] = _Entry(*list(row))
    return _Shelf(entries.values())


def _store_shelf(connection: Connection, shelf: _Shelf, inserted: list[NewUpload], now: datetime) -> None:
    new_ids = {upload.dataset_id for upload in inserted}
    resettled = [shelf.by_id[i] for i in sorted(shelf.resettled - new_ids)]
    leaving = [(e.dataset_id, {"superseded_by": e.superseded_by}) for e in resettled if e.superseded_by is not None]
    # A run may have met the other bytes meanwhile and given up, so a validation that is due is asked for again;
    # where a verdict is there already, nobody looks at `requested_at`.
    returning = [(e.dataset_id, {**_ASKED_ANEW, "superseded_by": None}) for e in resettled if not e.superseded_by]
    refreshed = [(i, {"observed_version": shelf.by_id[i].observed_version}) for i in sorted(shelf.refreshed - new_ids)]
    reopened = [(i, {**UNTRIED, "status": "validating", "updated_at": now}) for i in sorted(shelf.reopened)]
    remapped = [
        (i, {**VALIDATED_AGAIN, "mapping": shelf.by_id[i].mapping, "updated_at": now})
        for i in sorted(shelf.remapped - new_ids)
    ]
    confirmed = [(i, {**_confirmation(shelf.by_id[i]), "updated_at": now}) for i in sorted(shelf.confirmed)]
    # In this order: a path has one current row at any moment, and the database insists on it.
    _update_rows(connection, [(row_id, {**change, "updated_at": now}) for row_id, change in leaving])
    if inserted:
        connection.execute(insert(datasets), [_new_row(upload, shelf, now) for upload in inserted])
    _update_rows(connection, [(row_id, {**change, "updated_at": now}) for row_id, change in returning])
    _update_rows(connection, refreshed)
    _update_rows(connection, reopened)
    _update_rows(connection, remapped)
    _update_rows(connection, confirmed)
    note_events(connection, _events(shelf, inserted), now)


def _events(shelf: _Shelf, inserted: list[NewUpload]) -> Iterator[Event]:
    """What the shelf decided, as history tells it."""
    new_ids = [upload.dataset_id for upload in inserted]
    for dataset_id in (*new_ids, *sorted(shelf.confirmed)):
        yield _event(shelf.by_id[dataset_id], "registered")
    for upload in inserted:
        if upload.deleted_at is not None:
            yield _event(shelf.by_id[upload.dataset_id], "deleted")
    for dataset_id in sorted({*shelf.resettled, *new_ids}):
        entry = shelf.by_id[dataset_id]
        if entry.superseded_by is not None:
            yield _event(entry, "superseded", related_id=entry.superseded_by)
        elif dataset_id not in new_ids:
            yield _event(entry, "returned")
    for dataset_id in sorted(shelf.reopened):
        yield _event(shelf.by_id[dataset_id], "sent_back", status="validating", detail="its file is there again")
    for dataset_id in sorted(shelf.remapped - set(new_ids) - shelf.reopened):
        yield _event(shelf.by_id[dataset_id], "sent_back", status="validating", detail="it is read otherwise")


def _event(entry: _Entry, kind: EventKind, **values: Any) -> Event:
    return Event(entry.dataset_id, entry.user_id, kind, **{"status": entry.status} | values)


def _confirmation(entry: _Entry) -> dict[str, object]:
    return {
        **UNTRIED,
        "status": "validating",
        "content_version": entry.content_version,
        "observed_version": entry.observed_version,
    }


def _update_rows(connection: Connection, changes: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """Update rows by id in one statement; every change has the same columns."""
    if changes:
        # A parameter must not be named after a column that the statement sets.
        values: dict[str, BindParameter[object]] = {column: bindparam(f"new_{column}") for column in changes[0][1]}
        rows = [
            {"row_id": row_id} | {f"new_{column}": value for column, value in row.items()} for row_id, row in changes
        ]
        connection.execute(update(datasets).where(datasets.c.id == bindparam("row_id")).values(values), rows)


def _new_row(upload: NewUpload, shelf: _Shelf, now: datetime) -> dict[str, object]:
    entry = shelf.by_id[upload.dataset_id]
    return {
        "id": upload.dataset_id,
        "user_id": upload.user_id,
        "name": upload.name,
        "status": "validating",
        "storage_bucket": upload.storage_bucket,
        "storage_path": upload.storage_path,
        "file_name": upload.file_name,
        "file_size": upload.file_size,
        "content_version": upload.content_version,
        "observed_version": entry.observed_version,
        "superseded_by": entry.superseded_by,
        "mapping": entry.mapping,
        "deleted_at": upload.deleted_at,
        "created_at": now,
        "updated_at": now,
    }


def lock_registry(connection: Connection) -> None:
    """Let one transaction at a time decide what is current at a path; on SQLite every writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
