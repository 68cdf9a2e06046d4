"""Draws a page inside its frame, for whoever asks."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from pipeline.service.health_of_parts import banner
from pipeline.service.pages.frame import IN_BELL, Frame, Place, notice_lines
from pipeline.service.pages.render import render
from pipeline.service.service import Service
from pipeline.service.sessions import COOKIE
from pipeline.service.user import User

_MOST_COUNTED = 100  # beyond, the bell says 99+


def framed(
    request: Request, service: Service, user: User, place: Place, template: str, **values: object
) -> HTMLResponse:
    """A page. place: what the bar marks as the current one."""
    access = service.access(user)
    frame = Frame(
        user_id=user.id,
        place=place,
        unread_count=len(access.notifications(unread_only=True, limit=_MOST_COUNTED)),
        notices=notice_lines(access.notifications(unread_only=False, limit=IN_BELL), service.now()),
        dagster_url=service.settings.dagster_url,
        can_sign_out=COOKIE in request.cookies,
        banner=banner(service.health.latest),
    )
    return HTMLResponse(render(template, frame=frame, **values))
