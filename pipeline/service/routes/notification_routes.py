"""`/api/notifications`."""

from typing import Annotated

from fastapi import APIRouter, Query

from pipeline.contract.http_answers import MISSING, Answer
from pipeline.contract.values import NotificationItem, NotificationList, ReadNotifications
from pipeline.service import notification_service
from pipeline.service.notification_service import MAX_LIMIT
from pipeline.service.routes.route_parameters import NotificationId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/notifications", tags=["notifications"])


@router.get("")
def list_notifications(
    service: CurrentService,
    user: CurrentUser,
    unread_only: Annotated[bool, Query(description="Leave out those that were read.")] = False,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> Answer[NotificationList]:
    """List what you were told, newest first."""
    return Answer(data=notification_service.list_notifications(service, user, unread_only=unread_only, limit=limit))


@router.post("/read-all")
def read_all_notifications(service: CurrentService, user: CurrentUser) -> Answer[ReadNotifications]:
    """Note that you read everything that you were told."""
    return Answer(data=notification_service.read_all_notifications(service, user))


@router.post("/{notification_id}/read", responses=MISSING)
def read_notification(
    service: CurrentService, user: CurrentUser, notification_id: NotificationId
) -> Answer[NotificationItem]:
    """Note that you read a notification; the first time counts."""
    return Answer(data=notification_service.read_notification(service, user, notification_id))
