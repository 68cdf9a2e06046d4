"""Training files: the list, the page that builds one, the page of one, and what sends it to the datasets."""

from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.contract.conversation_values import ConversationQuery
from pipeline.contract.training_file_values import NewTrainingFile, TrainingFilePreview, TrainingFileWish
from pipeline.contract.values import MAX_NAME_CHARACTERS
from pipeline.errors import Conflicting, UsageError
from pipeline.service import training_file_service
from pipeline.service.pages.conversation_query import CODES, query_of
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.made_names import batch_name, names_for
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.training_file_listing import PAGE_SIZE, file_form, file_listing, file_url
from pipeline.service.pages.training_file_page import MEMBERS_PAGE, file_page
from pipeline.service.service import CurrentService, Service
from pipeline.service.shown_training_files import file_summary
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.generation_records import MadeQuery

router = APIRouter(prefix="/training-files", route_class=PageRoute)
_MOST_UNASKED = 500  # conversations that are read at every change of a form; what is more takes seconds
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("")
def list_files(request: Request, service: CurrentService, user: CurrentUser, page: Page = 1) -> HTMLResponse:
    """The files, newest first."""
    found = training_file_service.list_files(service, user, page=page, limit=PAGE_SIZE)
    listing = file_listing(found.items, page, found.total, service.now())
    return framed(request, service, user, "training-files", "training_files", listing=listing)


@router.post("")
async def build_file(request: Request, service: CurrentService, user: CurrentUser, form: Form) -> Response:
    """Build a file of what is meant; where there is none, say why beside what was typed."""
    query, name = _query(query_of(form)), form.get("name", "").strip()[:MAX_NAME_CHARACTERS]
    try:
        new = NewTrainingFile(name=_named(name), query=ConversationQuery(**asdict(query)))
        build = partial(training_file_service.build_file, service, user, new)
        built = await to_thread.run_sync(build, limiter=service.heavy)
    except UsageError as error:
        draw = partial(_new, request, service, user, name, query, obstacle=str(error))
        page = await to_thread.run_sync(draw)
        page.status_code = 409 if isinstance(error, Conflicting) else 400
        return page
    return RedirectResponse(f"{file_url(built.file.id)}?repeated={built.repeated_count}", 303)


@router.get("/new")
async def new_file(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    name: Annotated[str, Query(max_length=MAX_NAME_CHARACTERS)] = "",
    preview: bool = False,
) -> HTMLResponse:
    """What a file of what is meant would have. preview: counted also where that takes seconds."""
    query = _query(query_of(request.query_params))
    draw = partial(_new, request, service, user, name.strip(), query, is_wanted=preview)
    return await to_thread.run_sync(draw, limiter=service.heavy)


@router.get("/{file_id}")
def show_file(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    file_id: str,
    page: Page = 1,
    repeated: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:
    """One file. repeated: how many conversations were left out when it was built a moment ago."""
    file = training_file_service.show_file(service, user, file_id, page=page, limit=MEMBERS_PAGE)
    found = service.made(user).readable.training_file_versions(file.user_id, file.name)
    versions, names = [file_summary(each) for each in found], names_for(service, user)
    shown = file_page(file, versions, names, service.now(), is_own=file.user_id == user.id, repeated=repeated)
    return framed(request, service, user, "training-files", "training_file", page=shown)


@router.post("/{file_id}/send")
async def send_file(service: CurrentService, user: CurrentUser, file_id: str) -> RedirectResponse:
    """Make a dataset of it."""
    send = partial(training_file_service.send_file, service, user, file_id)
    await to_thread.run_sync(send, limiter=service.heavy)
    return RedirectResponse(file_url(file_id), 303)


def _new(
    request: Request,
    service: Service,
    user: User,
    name: str,
    query: MadeQuery,
    *,
    is_wanted: bool = False,
    obstacle: str = "",
) -> HTMLResponse:
    own, names = service.made(user).own, names_for(service, user)
    meant = own.conversation_counts(user.id, query).get("accepted", 0)
    preview = None
    if not obstacle and meant and (is_wanted or meant <= _MOST_UNASKED):
        preview = _preview(service, user, query)
    version = own.next_version(user.id, name) if name else 1
    batch = batch_name(service.made(user), query.batch_id)
    form = file_form(name, version, query, names, CODES, batch, meant, preview, obstacle)
    return framed(request, service, user, "training-files", "new_training_file", form=form)


def _preview(service: Service, user: User, query: MadeQuery) -> TrainingFilePreview:
    wish = TrainingFileWish(query=ConversationQuery(**asdict(query)))
    return training_file_service.preview_file(service, user, wish)


def _query(query: MadeQuery) -> MadeQuery:
    """Of a file only accepted conversations are meant, whatever list one comes from."""
    return replace(query, status=None)


def _named(name: str) -> str:
    if not name:
        raise UsageError("expected a name for the training file, found none: type one")
    return name
