"""How a page answers when something is wrong.

Programs get JSON from `service/error_answers.py`; people get a page that says what to do, or the way to sign in.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from pipeline.errors import NotSignedIn, PipelineError, TooManyRequests
from pipeline.service.error_answers import RETRY_AFTER_S, status_of
from pipeline.service.pages.render import render
from pipeline.wording import sentence

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> _Handler:
        """Wrap the route's own handler."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await answer(request)
            except NotSignedIn:
                response = _to_login(request)
            except RequestValidationError:
                response = no_such_page()
            except PipelineError as error:
                response = _of(request, error)
            response.headers.setdefault("Referrer-Policy", "same-origin")  # with none, forms would have no origin
            return response

        return handle


def no_such_page() -> Response:
    """At an address that is none."""
    return _problem(404, "No such page", "The address is not one of this service.")


def _to_login(request: Request) -> Response:
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode({'next': asked})}", 303)


def _of(request: Request, error: PipelineError) -> Response:
    status = status_of(error)
    if status == 404:
        return _problem(status, "Not found", "There is none of this name, or it is not yours.")
    retry = str(request.url.path) if request.method == "GET" else ""
    if status >= 500:
        # The operator reads the place and the reason in the log; users learn neither paths nor addresses.
        page = _problem(
            status, "Not available just now", "A part of the service does not answer. Nothing is lost.", retry
        )
    elif isinstance(error, TooManyRequests):
        page = _problem(status, "One moment", sentence(str(error)), retry)
    else:
        return _problem(status, "That did not work", sentence(str(error)))
    page.headers["Retry-After"] = str(error.retry_after_s if isinstance(error, TooManyRequests) else RETRY_AFTER_S)
    return page


def _problem(status: int, title: str, explanation: str, retry_url: str = "") -> Response:
    return HTMLResponse(render("problem", title=title, explanation=explanation, retry_url=retry_url), status)
