"""Finding and listing datasets, and taking them out of the lists: what a person does with the catalog."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, null, select, update

from pipeline.errors import DatasetNotFound
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Dataset, Page
from pipeline.state.catalog.dropped_files import lock_registry
from pipeline.state.catalog.events import Event, changed_datasets, note_events
from pipeline.state.catalog.generation_tables import batch_jobs
from pipeline.state.catalog.job_tables import training_jobs, training_plans
from pipeline.state.catalog.quotas import check_quota
from pipeline.state.catalog.selecting import check_listing, find_meant, find_row, is_named_like, is_of, paged
from pipeline.state.catalog.statuses import STATUSES, EventKind, Status
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets, storable_text
from pipeline.wording import moment

_CHANGING = (datasets, training_jobs, training_plans, batch_jobs)
CHANGING_TABLES = tuple(table.name for table in _CHANGING)
"""Tables whose `updated_at` says when the catalog changed last."""
_NEWEST = (datasets.c.created_at.desc(), datasets.c.id.desc())


class Lookup(Database):
    """The methods that commands and the service use. `user_id=None` means any user's datasets."""

    def get(self, dataset_id: str, user_id: str | None = None) -> Dataset:
        """Return a dataset by its whole id, also a deleted or superseded one.

        Raises:
            DatasetNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return read_dataset(connection, dataset_id, user_id)

    def find(self, user_id: str | None, name_or_id: str) -> Dataset:
        """Return the dataset a person means: by id, else by name, else by the beginning of its id.

        Current datasets come before deleted ones; a superseded one is found by its whole id only.

        Raises:
            DatasetNotFound: nothing fits.
            UsageError: several fit; the message names them.
        """
        is_named = datasets.c.name == name_or_id
        begins_so = func.substr(datasets.c.id, 1, len(name_or_id)) == storable_text(name_or_id)
        attempts = (
            datasets.c.id == name_or_id,
            is_named & IS_CURRENT & ~IS_DELETED,
            begins_so & IS_CURRENT & ~IS_DELETED,
            is_named & IS_CURRENT,
            begins_so & IS_CURRENT,
        )
        query = select(datasets).where(is_of(datasets, user_id)).order_by(datasets.c.created_at.desc(), datasets.c.id)
        with self._reading() as connection:
            found = find_meant(connection, query, attempts, "dataset", name_or_id, _candidate)
        if found is None:
            raise DatasetNotFound(
                f"expected the name or id of a dataset, found {name_or_id!r}: list the datasets first"
            )
        return to_dataset(found)

    def list_datasets(
        self,
        user_id: str | None,
        status: str | None = None,
        search: str | None = None,
        page: int = 1,
        limit: int = 20,
        include_deleted: bool = False,
        include_superseded: bool = False,
        with_samples: bool = True,
    ) -> Page:
        """Return one page of datasets, newest first; `search` is a piece of the name, in any case, taken literally.

        with_samples: whether to read `sample_data`, which is most of a row; without, it is None.

        Raises:
            UsageError: the status does not exist, or page or limit are below 1.
        """
        check_listing(status, STATUSES, page, limit)
        wanted = is_of(datasets, user_id)
        if status is not None:
            wanted &= datasets.c.status == status
        if search:
            wanted &= is_named_like(datasets, storable_text(search.lower()), self._engine.dialect.name)
        if not include_deleted:
            wanted &= ~IS_DELETED
        if not include_superseded:
            wanted &= IS_CURRENT
        # Ids first: they come from an index, while each row that is skipped would be read with its samples.
        window = paged(select(datasets.c.id).where(wanted).order_by(*_NEWEST), page, limit)
        columns = [null() if c is datasets.c.sample_data and not with_samples else c for c in datasets.c]
        rows = select(*columns).where(datasets.c.id.in_(window)).order_by(*_NEWEST)
        with self._reading() as connection:
            items = [to_dataset(row) for row in connection.execute(rows)]
            # A last page tells the total by itself: a search that finds little looks at all names once, not twice.
            if 0 < len(items) < limit or (page == 1 and not items):
                return Page(items, (page - 1) * limit + len(items))
            total = connection.execute(select(func.count()).select_from(datasets).where(wanted)).scalar_one()
            return Page(items, total)

    def counts_by_status(self, user_id: str | None) -> dict[Status, int]:
        """Count the current, undeleted datasets of each status; every status has an entry."""
        counts = [func.count(case((datasets.c.status == status, 1))) for status in STATUSES]
        query = select(*counts).where(is_of(datasets, user_id), IS_CURRENT, ~IS_DELETED)
        with self._reading() as connection:
            return dict(zip(STATUSES, connection.execute(query).one(), strict=True))

    def ping(self) -> None:
        """See that the catalog answers, whatever its size.

        Raises:
            CatalogError: it does not.
        """
        with self._reading() as connection:
            connection.execute(select(datasets.c.id).limit(1))

    def last_change(self) -> datetime | None:
        """When a verdict, a deletion, a job or any other change was last recorded; None in an empty catalog."""
        latest = [select(func.max(table.c.updated_at)) for table in _CHANGING]
        with self._reading() as connection:
            found = [connection.execute(query).scalar() for query in latest]
        return max((change for change in found if change is not None), default=None)

    def versions_beside(self, dataset: Dataset) -> tuple[list[Dataset], list[Dataset]]:
        """Return the versions that came right before a dataset and right after it, of the same user."""
        of_user = select(datasets).where(datasets.c.user_id == dataset.user_id).order_by(datasets.c.created_at)
        is_before = (datasets.c.superseded_by == dataset.id) | (datasets.c.id == (dataset.replaces or ""))
        is_after = (datasets.c.replaces == dataset.id) | (datasets.c.id == (dataset.superseded_by or ""))
        with self._reading() as connection:
            before, after = (connection.execute(of_user.where(each)).all() for each in (is_before, is_after))
        return [to_dataset(row) for row in before], [to_dataset(row) for row in after]

    def soft_delete(self, dataset_id: str, user_id: str, now: datetime) -> Dataset:
        """Take a dataset out of the lists; its files and its path stay. The first time counts.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
        """
        with self._writing() as connection:
            read_dataset(connection, dataset_id, user_id)
            return _change_deleted(connection, dataset_id, ~IS_DELETED, deleted_at=now, now=now)

    def restore(self, dataset_id: str, user_id: str, now: datetime, quota_bytes: int = 0) -> Dataset:
        """Take a deletion back; a dataset that is not deleted stays as it is. quota_bytes: see `quotas.py`.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
            OverQuota: the user has no room for it any more.
        """
        with self._writing() as connection:
            lock_registry(connection)
            dataset = read_dataset(connection, dataset_id, user_id)
            if dataset.deleted_at is not None and dataset.superseded_by is None:
                check_quota(connection, user_id, dataset.file_size, quota_bytes)
            return _change_deleted(connection, dataset_id, IS_DELETED, deleted_at=None, now=now)


def read_dataset(
    connection: Connection, dataset_id: str, user_id: str | None = None, *, for_update: bool = False
) -> Dataset:
    """Read one dataset inside the caller's transaction; another user's is as good as none.

    Raises:
        DatasetNotFound: there is no such dataset of this user.
    """
    row = find_row(connection, datasets, dataset_id, user_id, for_update=for_update)
    if row is None:
        whose = "" if user_id is None else f" of {user_id}"
        raise DatasetNotFound(f"expected the id of a dataset{whose}, found {dataset_id!r}: list the datasets first")
    return to_dataset(row)


def _change_deleted(
    connection: Connection, dataset_id: str, when: ColumnElement[bool], *, deleted_at: datetime | None, now: datetime
) -> Dataset:
    change = update(datasets).where(datasets.c.id == dataset_id, when).values(deleted_at=deleted_at, updated_at=now)
    kind: EventKind = "restored" if deleted_at is None else "deleted"
    events = [Event(row.id, row.user_id, kind, row.status) for row in changed_datasets(connection, change)]
    note_events(connection, events, now)
    return read_dataset(connection, dataset_id)


def to_dataset(row: Sequence[Any]) -> Dataset:
    """Make the record of a whole row of `datasets`."""
    return Dataset(*row)


def describe_dataset(dataset: Dataset) -> str:
    """Name a dataset in a message."""
    return f"{dataset.name!r} (id {dataset.id})"


def _candidate(row: Sequence[Any]) -> str:
    found = to_dataset(row)
    return f"{found.id}  {found.name}  {found.status}, uploaded {moment(found.created_at)}"
