"""What one was told, and that one has read it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from pipeline.service.pages.frame import notice_lines
from pipeline.service.pages.framing import framed
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.routes.route_parameters import NotificationId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/notifications", route_class=PageRoute)
_SHOWN = 100


@router.get("")
def notifications(request: Request, service: CurrentService, user: CurrentUser) -> HTMLResponse:
    """The newest."""
    found = service.access(user).notifications(unread_only=False, limit=_SHOWN)
    return framed(request, service, user, "", "notifications", notices=notice_lines(found, service.now()))


@router.post("/read")
def mark_all_read(service: CurrentService, user: CurrentUser) -> RedirectResponse:
    """Mark all, also those that the page does not show."""
    service.access(user).mark_all_read(service.now())
    return RedirectResponse("/notifications", 303)


@router.post("/{notification_id}/read")
def mark_read(service: CurrentService, user: CurrentUser, notification_id: NotificationId) -> RedirectResponse:
    """Mark one."""
    service.access(user).mark_read(notification_id, service.now())
    return RedirectResponse("/notifications", 303)
