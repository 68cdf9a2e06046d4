"""Made conversations: the list, what is decided of many at once, the page of one, and what a person makes of it."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.contract.conversation_values import (
    MAX_NOTE_CHARACTERS,
    MAX_REVIEWED,
    ConversationDetails,
    ConversationQuery,
    WantedReview,
    WantedReviews,
)
from pipeline.errors import Conflicting, ConversationNotFound, UsageError
from pipeline.flow.generation.scaffold_sets import scaffolds_at
from pipeline.service import conversation_service
from pipeline.service.made_access import MadeAccess
from pipeline.service.pages.conversation_edit import MAX_VERSION, EditForm, edit_of, form_again, form_of
from pipeline.service.pages.conversation_listing import PAGE_SIZE, Found, conversation_listing, conversation_url
from pipeline.service.pages.conversation_page import Decided, MadeOf, Place, conversation_page
from pipeline.service.pages.conversation_query import CODES, list_url, query_of, query_pairs
from pipeline.service.pages.forms import Form, count_of_field
from pipeline.service.pages.framing import framed
from pipeline.service.pages.made_names import batch_name, names_for
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.service import CurrentService, Service
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.wording import count_of

router = APIRouter(prefix="/conversations", route_class=PageRoute)
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Count = Annotated[int, Query(ge=0, le=1_000_000)]
Action = Literal["approve", "reject"]
_DONE: dict[Action, str] = {"approve": "approved", "reject": "rejected"}


@router.get("")
def list_conversations(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    page: Page = 1,
    did: str = "",
    changed: Count = 0,
) -> HTMLResponse:
    """The conversations that the address means, newest first. did, changed: what was decided of many a moment ago."""
    done = next((f"{count_of(changed, 'conversation')} {word}." for word in _DONE.values() if word == did), "")
    return _list(request, service, user, query_of(request.query_params), page, done=done)


@router.post("/review")
def review_many(request: Request, service: CurrentService, user: CurrentUser, form: Form) -> Response:
    """Decide of all that fit, if they are as many as were shown; else show how many there are now."""
    query, action = query_of(form), _action(form)
    expected = count_of_field(form.get("expected", ""), MAX_REVIEWED)
    if expected is None:
        raise UsageError(f"expected a count of at most {MAX_REVIEWED:,}, found another: narrow the list")
    said = WantedReviews(
        action=action,
        query=ConversationQuery(**asdict(query)),
        expected=expected,
        note=_note(form),
    )
    try:
        found = conversation_service.review_conversations(service, user, said)
    except Conflicting as error:
        page = _list(request, service, user, query, 1, refused=str(error))
        page.status_code = 409
        return page
    return RedirectResponse(list_url(query, did=_DONE[action], changed=str(found.changed)), 303)


@router.get("/{conversation_id}")
def show_conversation(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    conversation_id: str,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    edit: bool = False,
    decided: str = "",
) -> HTMLResponse:
    """One conversation. edit: with fields to change it. decided: the one that was decided a moment ago."""
    found = conversation_service.show_conversation(service, user, conversation_id, version)
    form = form_of(found) if edit and found.shown_version == found.version else None
    return _page(request, service, user, found, query_of(request.query_params), form=form, decided=decided)


@router.post("/{conversation_id}/review")
def review_conversation(
    request: Request, service: CurrentService, user: CurrentUser, conversation_id: str, form: Form
) -> Response:
    """Decide of the version that was read, and go on to the next one of the list."""
    query = query_of(form)
    access = service.made(user)
    made = access.conversation(conversation_id)
    said = WantedReview(
        action=_action(form),
        version=_version(form),
        note=_note(form),
    )
    try:
        found = conversation_service.review_conversation(service, user, conversation_id, said)
    except Conflicting as error:
        shown = conversation_service.show_conversation(service, user, conversation_id, None)
        page = _page(request, service, user, shown, query, refused=str(error))
        page.status_code = 409
        return page
    _before, after = access.readable.neighbours_of(made, access.reader_id, query)
    return RedirectResponse(conversation_url(after or found.id, query, decided=found.id), 303)


@router.post("/{conversation_id}/edit")
def edit_conversation(
    request: Request, service: CurrentService, user: CurrentUser, conversation_id: str, form: Form
) -> Response:
    """Keep what a person made of it as another version; where that is none, show what was typed, and why."""
    query = query_of(form)
    try:
        conversation_service.edit_conversation(service, user, conversation_id, edit_of(form))
    except ConversationNotFound:
        raise
    except UsageError as error:
        shown = conversation_service.show_conversation(service, user, conversation_id, None)
        page = _page(request, service, user, shown, query, form=form_again(shown, form), refused=str(error))
        page.status_code = 409 if isinstance(error, Conflicting) else 400
        return page
    return RedirectResponse(conversation_url(conversation_id, query), 303)


def _list(
    request: Request,
    service: Service,
    user: User,
    query: MadeQuery,
    page: int,
    *,
    refused: str = "",
    done: str = "",
) -> HTMLResponse:
    access, names = service.made(user), names_for(service, user)
    found = conversation_service.list_conversations(service, user, query, page=page, limit=PAGE_SIZE)
    counts = access.readable.conversation_counts(access.reader_id, query)
    own_counts = access.own.conversation_counts(user.id, query) if user.is_admin else counts
    is_none = not found.total and not access.conversations(MadeQuery(), 1, 1).total
    seen = Found(found.items, counts, own_counts, batch_name(access, query.batch_id), is_none)
    listing = conversation_listing(query, seen, page, names, CODES, service.now(), refused, done)
    return framed(request, service, user, "conversations", "conversations", listing=listing)


def _page(
    request: Request,
    service: Service,
    user: User,
    found: ConversationDetails,
    query: MadeQuery,
    *,
    form: EditForm | None = None,
    refused: str = "",
    decided: str = "",
) -> HTMLResponse:
    access = service.made(user)
    before, after = access.readable.neighbours_of(access.conversation(found.id), access.reader_id, query)
    place = Place(query, query_pairs(query), before, after, _decided(access, decided, query))
    page = conversation_page(
        found,
        _made_of(access, found),
        place,
        service.now(),
        is_own=found.user_id == user.id,
        form=form if found.user_id == user.id else None,
        refused=refused,
    )
    return framed(request, service, user, "conversations", "conversation", page=page)


def _made_of(access: MadeAccess, found: ConversationDetails) -> MadeOf:
    """The scaffolds in the versions of its batch, and what its plan drew for it."""
    item = access.readable.items_in([found.id]).get(found.id)
    scaffolds = scaffolds_at(access.readable, access.batch(found.batch_id).scaffold_versions)
    return MadeOf(
        persona=scaffolds.personas.get(found.persona),
        arc=scaffolds.arcs.get(found.arc),
        topic=scaffolds.topics.get(found.topic),
        opening=item.opening if item else "",
        situation=item.situation if item else "",
    )


def _decided(access: MadeAccess, conversation_id: str, query: MadeQuery) -> Decided | None:
    if not conversation_id:
        return None
    try:
        made = access.conversation(conversation_id[:200])
    except ConversationNotFound:
        return None
    words = {"accepted": "Approved", "rejected": "Rejected"}
    return Decided(made.title, conversation_url(made.id, query), words[made.status]) if made.status in words else None


def _action(form: dict[str, str]) -> Action:
    action = next((each for each in _DONE if each == form.get("action")), None)
    if action is None:
        raise UsageError("expected approve or reject, found neither: press one of the two")
    return action


def _version(form: dict[str, str]) -> int:
    version = count_of_field(form.get("version", ""), MAX_VERSION)
    if not version:
        raise UsageError("expected the version that was read, found none: load the page again")
    return version


def _note(form: dict[str, str]) -> str | None:
    return form.get("note", "").strip()[:MAX_NOTE_CHARACTERS] or None
