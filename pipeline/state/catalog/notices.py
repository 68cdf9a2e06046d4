"""Notifications: what users are told, once for each occasion."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pipeline.errors import NotificationNotFound
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Notification
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.statuses import NotificationKind
from pipeline.state.catalog.tables import notifications


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification about to be sent; the same kind and `dedupe_key` for a dataset are sent once."""

    kind: NotificationKind
    dedupe_key: str
    title: str
    message: str
    job_id: str | None = None
    batch_id: str | None = None


class Notices(Database):
    """What users were told, and whether they read it."""

    def notifications(self, user_id: str | None, unread_only: bool = False, limit: int = 50) -> list[Notification]:
        """Return a user's notifications, newest first; None means everybody's."""
        query = select(notifications).order_by(notifications.c.created_at.desc(), notifications.c.id.desc())
        if user_id is not None:
            query = query.where(notifications.c.user_id == user_id)
        if unread_only:
            query = query.where(notifications.c.read_at.is_(None))
        with self._reading() as connection:
            return [Notification(*row) for row in connection.execute(query.limit(limit))]

    def unread_count(self, user_id: str) -> int:
        """Count what a user has not read."""
        is_unread = (notifications.c.user_id == user_id) & notifications.c.read_at.is_(None)
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(notifications).where(is_unread)).scalar_one()

    def mark_all_read(self, user_id: str, now: datetime) -> int:
        """Note that a user read everything; return how much of it was unread."""
        is_unread = (notifications.c.user_id == user_id) & notifications.c.read_at.is_(None)
        with self._writing() as connection:
            return connection.execute(update(notifications).where(is_unread).values(read_at=now)).rowcount

    def mark_read(self, notification_id: int, user_id: str, now: datetime) -> Notification:
        """Note that a user read a notification; the first time counts.

        Raises:
            NotificationNotFound: there is no such notification of this user.
        """
        table = notifications.c
        is_theirs = (table.id == notification_id) & (table.user_id == user_id)
        with self._writing() as connection:
            connection.execute(update(notifications).where(is_theirs, table.read_at.is_(None)).values(read_at=now))
            row = connection.execute(select(notifications).where(is_theirs)).one_or_none()
        if row is None:
            raise NotificationNotFound(
                f"expected the id of a notification of {user_id}, found {notification_id}: list them first"
            )
        return Notification(*row)


def send(connection: Connection, dataset_id: str | None, user_id: str, notice: Notice, now: datetime) -> bool:
    """Write a notification inside the caller's transaction; return False when it is there already.

    Without a dataset it is written each time: the caller knows what was told.
    """
    row = insert_or(connection, notifications).values(
        dataset_id=dataset_id,
        user_id=user_id,
        kind=notice.kind,
        dedupe_key=notice.dedupe_key,
        title=notice.title,
        message=notice.message,
        job_id=notice.job_id,
        batch_id=notice.batch_id,
        created_at=now,
    )
    once = row.on_conflict_do_nothing(index_elements=["dataset_id", "kind", "dedupe_key"])
    return connection.execute(once).rowcount == 1
