"""What users are told. How it is sent to other systems is in `webhooks.py`."""

from urllib.parse import quote

from pipeline.contract.values import NotificationItem, NotificationList, ReadNotifications
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import Notification
from pipeline.state.catalog.statuses import SEVERITIES

MAX_LIMIT = 200


def list_notifications(service: Service, user: User, *, unread_only: bool, limit: int) -> NotificationList:
    """What a user was told."""
    access = service.access(user)
    found = access.notifications(unread_only=unread_only, limit=limit)
    return NotificationList(items=[item(each) for each in found], unread_count=access.unread_count())


def read_all_notifications(service: Service, user: User) -> ReadNotifications:
    """Note that the user read everything."""
    return ReadNotifications(read_count=service.access(user).mark_all_read(service.now()))


def read_notification(service: Service, user: User, notification_id: int) -> NotificationItem:
    """Note that the user read it; the first time counts.

    Raises:
        NotificationNotFound: there is none of this user.
    """
    return item(service.access(user).mark_read(notification_id, service.now()))


def item(notification: Notification) -> NotificationItem:
    """A notification as its user sees it."""
    more = {"severity": SEVERITIES[notification.kind], "url": _url(notification)}
    fields = {name: getattr(notification, name) for name in NotificationItem.model_fields if name not in more}
    return NotificationItem(**fields | more)


def _url(notification: Notification) -> str:
    if notification.job_id is not None:
        return f"/jobs/{quote(notification.job_id)}"
    if notification.batch_id is not None:
        return f"/generation/{quote(notification.batch_id)}"
    if notification.kind == "training_file_ready":
        return f"/training-files/{quote(notification.dedupe_key)}"
    return f"/datasets/{quote(notification.dataset_id)}" if notification.dataset_id else "/notifications"
