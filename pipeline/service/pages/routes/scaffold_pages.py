"""Scaffolds: the list of a kind, the page of one, and what switches, edits or copies it."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.contract.scaffold_values import ScaffoldEdit, ScaffoldVersion
from pipeline.errors import ScaffoldNotFound, UsageError
from pipeline.service import scaffold_service
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.scaffold_form import content_of, fields_again
from pipeline.service.pages.scaffold_listing import PAGE_SIZE, scaffold_listing, scaffold_page, scaffold_url
from pipeline.service.scaffold_service import MAX_LIMIT
from pipeline.service.service import CurrentService, Service
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import SCAFFOLD_KINDS, ScaffoldKind

router = APIRouter(prefix="/scaffolds", route_class=PageRoute)
_DONE = {"saved": "Saved as another version of yours.", "same": "It says what it said before: nothing was saved."}


@router.get("")
def list_scaffolds(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    kind: str = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """The scaffolds of a kind, as plans draw them; one that does not exist means personas."""
    chosen: ScaffoldKind = next((each for each in SCAFFOLD_KINDS if each == kind), "persona")
    found = scaffold_service.list_scaffolds(service, user, chosen, page=page, limit=PAGE_SIZE)
    counts = Counter(row.kind for row in service.made(user).own.scaffolds_of(user.id))
    faults = scaffold_service.check_all(service, user).items
    listing = scaffold_listing(chosen, found.items, page, counts, faults, service.now())
    return framed(request, service, user, "generation", "scaffolds", listing=listing)


@router.get("/{kind}/{key}")
def show_scaffold(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    kind: ScaffoldKind,
    key: str,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    own: bool = False,
    edit: bool = False,
    did: str = "",
) -> HTMLResponse:
    """One scaffold. version, own: which of its versions; edit: with fields to change it."""
    versions = _versions(service, user, kind, key)
    shown = versions[0] if version is None else _version(versions, version, is_own=own)
    faults = scaffold_service.check_all(service, user).items
    is_editing = edit and shown is versions[0]
    page = scaffold_page(versions, shown, faults, service.now(), is_editing=is_editing, done=_DONE.get(did, ""))
    return framed(request, service, user, "generation", "scaffold", page=page)


@router.post("/{kind}/{key}/switch")
def switch_scaffold(
    service: CurrentService, user: CurrentUser, kind: ScaffoldKind, key: str, form: Form
) -> RedirectResponse:
    """Have new plans draw it, or not."""
    edit = ScaffoldEdit(content=None, is_active=form.get("is_active") == "1")
    scaffold_service.put_scaffold(service, user, kind, key, edit)
    return RedirectResponse(scaffold_url(kind, key), 303)


@router.post("/{kind}/{key}/edit")
def edit_scaffold(
    request: Request, service: CurrentService, user: CurrentUser, kind: ScaffoldKind, key: str, form: Form
) -> Response:
    """Save what was typed as a version of one's own, under another key as another scaffold; or say what is wrong."""
    versions, wanted = _versions(service, user, kind, key), form.get("key", key).strip()
    edit = ScaffoldEdit(content=content_of(kind, form), is_active=versions[0].is_active)
    try:
        _check_free(service, user, kind, key, wanted)
        saved = scaffold_service.put_scaffold(service, user, kind, wanted, edit)
    except UsageError as error:
        typed, now = fields_again(kind, form), service.now()
        page = scaffold_page(versions, versions[0], [], now, typed=typed, key=wanted, refused=str(error))
        answer = framed(request, service, user, "generation", "scaffold", page=page)
        answer.status_code = 400
        return answer
    return RedirectResponse(f"{scaffold_url(kind, wanted)}?did={'saved' if saved.is_new else 'same'}", 303)


def _versions(service: Service, user: User, kind: ScaffoldKind, key: str) -> list[ScaffoldVersion]:
    return scaffold_service.show_scaffold(service, user, kind, key, page=1, limit=MAX_LIMIT).items


def _version(versions: list[ScaffoldVersion], number: int, *, is_own: bool) -> ScaffoldVersion:
    found = next((each for each in versions if (each.version, each.is_own) == (number, is_own)), None)
    if found is None:
        raise ScaffoldNotFound(f"expected one of its versions, found {number}: see its page")
    return found


def _check_free(service: Service, user: User, kind: ScaffoldKind, key: str, wanted: str) -> None:
    """Another key must not be that of a third scaffold, which would be written over."""
    if wanted != key and service.made(user).own.scaffold_versions(user.id, kind, wanted):
        raise UsageError(f"key: expected a new one, found {wanted}, which another {kind} has: edit that one instead")
