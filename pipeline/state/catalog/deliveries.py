"""Which notifications still have to be sent to a webhook: an outbox in the table of notifications itself.

At least once: a notification that is not noted as sent is tried again, also when only the note got lost.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Notification
from pipeline.state.catalog.statements import nobody_elses
from pipeline.state.catalog.tables import notifications

_table = notifications.c


class Deliveries(Database):
    """The methods that the sender uses."""

    def undelivered(self, created_after: datetime, now: datetime, limit: int) -> Sequence[Notification]:
        """Return notifications that are due to be sent, oldest first; those older than `created_after` are given up."""
        is_due = _table.webhook_due_at.is_(None) | (_table.webhook_due_at <= now)
        due = (
            select(notifications)
            .where(_table.webhook_sent_at.is_(None), _table.created_at > created_after, is_due)
            .order_by(_table.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return [Notification(*row) for row in connection.execute(due)]

    def claim_delivery(self, notification: Notification, due_again_at: datetime) -> bool:
        """Take on one attempt; return False where another sender was quicker, or is just about it."""
        is_untouched = (_table.id == notification.id) & (_table.webhook_attempt == notification.webhook_attempt)
        mine = nobody_elses(select(_table.id).where(is_untouched, _table.webhook_sent_at.is_(None)))
        attempt = (
            update(notifications)
            .where(_table.id.in_(mine))
            .values(webhook_attempt=notification.webhook_attempt + 1, webhook_due_at=due_again_at)
        )
        with self._writing() as connection:
            return connection.execute(attempt).rowcount == 1

    def note_delivery(self, notification_id: int, now: datetime) -> None:
        """Note that a notification arrived."""
        with self._writing() as connection:
            connection.execute(update(notifications).where(_table.id == notification_id).values(webhook_sent_at=now))
