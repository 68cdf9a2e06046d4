"""Signing in with a token, and out."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.errors import NotAllowed, NotSignedIn
from pipeline.service.origins import is_from_our_page
from pipeline.service.pages.forms import Form
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.render import render
from pipeline.service.service import CurrentService, Service
from pipeline.service.sessions import sign_in, sign_out
from pipeline.service.tokens import LaptopAuthority
from pipeline.service.users import address_of
from pipeline.wording import sentence

router = APIRouter(route_class=PageRoute)


@router.get("/login")
def login_page(service: CurrentService, next: str = "") -> HTMLResponse:
    """Ask for a token."""
    return HTMLResponse(_page(service, next_url=_own(next)))


@router.post("/login")
def login(request: Request, service: CurrentService, form: Form) -> Response:
    """Begin a session, and go where one wanted to go."""
    _check_origin(request)
    service.limiter.take(f"sign-in {address_of(request)}")
    next_url = _own(form.get("next", ""))
    response = RedirectResponse(next_url or "/datasets", 303)
    try:
        sign_in(request, response, service, form.get("token", ""))
    except NotSignedIn as error:
        return HTMLResponse(_page(service, sentence(str(error)), next_url), 401)
    return response


@router.post("/logout")
def logout(request: Request, service: CurrentService) -> Response:
    """End the session."""
    _check_origin(request)
    response = RedirectResponse("/login", 303)
    sign_out(request, response, service)
    return response


def _page(service: Service, refused: str = "", next_url: str = "") -> str:
    has_own_token = isinstance(service.authority, LaptopAuthority)
    return render("login", refused=refused, next_url=next_url, has_own_token=has_own_token)


def _check_origin(request: Request) -> None:
    if not is_from_our_page(request):
        raise NotAllowed("the request was not sent by a page of this service: reload the page and try again")


def _own(url: str) -> str:
    """The address if it is a path of ours; browsers read // and a backslash as the beginning of a host."""
    return url if url.startswith("/") and not url.startswith("//") and "\\" not in url else ""
