"""Batches of conversations: the list, the page that plans one, the page of one, and what starts and ends it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipeline.contract.generation_values import BatchDetails, WantedSettling
from pipeline.errors import Conflicting, UsageError
from pipeline.llm.backends import place_of
from pipeline.llm.call_prices import load_inference_prices
from pipeline.service import generation_service
from pipeline.service.pages.batch_figures import batch_url
from pipeline.service.pages.batch_listing import PAGE_SIZE, batch_listing
from pipeline.service.pages.batch_page import FAILURES, FAILURES_PAGE, BatchPage, Failures, batch_page, failures_of
from pipeline.service.pages.forms import Fields, Form, Pairs, budget_of
from pipeline.service.pages.framing import framed
from pipeline.service.pages.generation_estimate import GenerationEstimate, generation_estimate
from pipeline.service.pages.generation_form import GenerationForm, asked_of, generation_form, items_of, wish_of
from pipeline.service.pages.made_names import ScaffoldNames, names_for
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.render import render
from pipeline.service.service import CurrentService, Service
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import FailureType
from pipeline.wording import count_of, sentence

_T = TypeVar("_T")
router = APIRouter(prefix="/generation", route_class=PageRoute)
_MOST_UNASKED = 5_000  # items that are estimated at every change of a form; what is more takes seconds
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("")
def list_batches(request: Request, service: CurrentService, user: CurrentUser, page: Page = 1) -> HTMLResponse:
    """The batches, newest first."""
    found = generation_service.list_batches(service, user, None, page=page, limit=PAGE_SIZE)
    asks = place_of(service.settings.llm).provider if service.settings.llm else ""
    listing = batch_listing(found.items, page, found.total, asks, service.now())
    return framed(request, service, user, "generation", "batches", listing=listing)


@router.post("")
async def keep_plan(service: CurrentService, user: CurrentUser, fields: Fields) -> RedirectResponse:
    """Keep what was planned, within the budget that is asked for with it."""
    wish = wish_of(asked_of(fields), budget_of(dict(fields).get("budget_usd", "").strip()))
    made = await _aside(service, partial(generation_service.create_batch, service, user, wish))
    return RedirectResponse(batch_url(made.batch.id), 303)


@router.get("/new")
async def plan_batch(
    request: Request, service: CurrentService, user: CurrentUser, estimate: bool = False
) -> HTMLResponse:
    """What a batch has and takes; the address has the choice. estimate: also where that takes seconds."""
    asked = asked_of(request.query_params.multi_items())
    return await _aside(service, partial(_plan, request, service, user, asked, is_wanted=estimate))


@router.get("/{batch_id}")
def show_batch(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    batch_id: str,
    failure: str = "",
    page: Page = 1,
    retried: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:
    """One batch. failure, page: which of its failed draws; retried: how many were drawn anew a moment ago."""
    batch, names = generation_service.show_batch(service, user, batch_id), names_for(service, user)
    kind = next((each for each in FAILURES if each == failure), None)
    done = f"{count_of(retried, 'item')} {'is' if retried == 1 else 'are'} drawn anew." if retried else ""
    shown = batch_page(batch, names, service.now(), is_own=batch.user_id == user.id, done=done)
    return _page(request, service, user, shown, _failures(service, user, batch, kind, page, names))


@router.get("/{batch_id}/live")
def show_progress(service: CurrentService, user: CurrentUser, batch_id: str) -> HTMLResponse:
    """How far it is, by itself, for a page that follows it."""
    batch = generation_service.show_batch(service, user, batch_id)
    shown = batch_page(batch, names_for(service, user), service.now(), is_own=batch.user_id == user.id)
    return HTMLResponse(render("batch_progress", page=shown))


@router.post("/{batch_id}/start")
async def start_batch(
    request: Request, service: CurrentService, user: CurrentUser, batch_id: str, form: Form
) -> Response:
    """Start it, or let it go on, within a budget; without one where it costs money, ask for one."""
    start = generation_service.start_batch
    try:
        budget_usd = budget_of(form.get("budget_usd", "").strip())
        await _aside(service, partial(start, service, user, batch_id, budget_usd))
    except Conflicting:
        raise
    except UsageError as error:
        return await to_thread.run_sync(partial(_refused, request, service, user, batch_id, str(error)))
    return RedirectResponse(batch_url(batch_id), 303)


@router.post("/{batch_id}/pause")
def pause_batch(service: CurrentService, user: CurrentUser, batch_id: str) -> RedirectResponse:
    """Ask for nothing more for now."""
    generation_service.move_batch(service, user, batch_id, "paused", None)
    return RedirectResponse(batch_url(batch_id), 303)


@router.post("/{batch_id}/cancel")
def cancel_batch(service: CurrentService, user: CurrentUser, batch_id: str) -> RedirectResponse:
    """Give it up."""
    generation_service.move_batch(service, user, batch_id, "cancelled", None)
    return RedirectResponse(batch_url(batch_id), 303)


@router.post("/{batch_id}/retry")
def retry_failed(service: CurrentService, user: CurrentUser, batch_id: str) -> RedirectResponse:
    """Draw all that failed anew."""
    found = generation_service.retry_items(service, user, batch_id, None)
    return RedirectResponse(f"{batch_url(batch_id)}?retried={found.retried}", 303)


@router.post("/{batch_id}/settle")
def settle(service: CurrentService, user: CurrentUser, batch_id: str, form: Form) -> RedirectResponse:
    """Say what became of requests that may be at the provider. Without an id of theirs there, they are sent again."""
    external_id = form.get("external_id", "").strip()
    if form.get("is_there") == "1" and not 0 < len(external_id) <= 300:
        raise UsageError("expected the id of the batch as its provider shows it, found none: copy it from there")
    submission_id = form.get("submission_id", "")[:200] or "none"
    said = WantedSettling(submission_id=submission_id, external_id=external_id if form.get("is_there") == "1" else None)
    generation_service.settle_submission(service, user, batch_id, said)
    return RedirectResponse(batch_url(batch_id), 303)


async def _aside(service: Service, work: Callable[[], _T]) -> _T:
    """What takes long beside what else is asked, few at a time."""
    return await to_thread.run_sync(work, limiter=service.heavy)


def _plan(request: Request, service: Service, user: User, asked: Pairs, *, is_wanted: bool) -> HTMLResponse:
    names = names_for(service, user)
    estimate, obstacle = _estimate(service, user, asked, names, is_wanted=is_wanted)
    form = _form(service, asked, names_for(service, user, only_active=True))
    return framed(request, service, user, "generation", "plan_batch", form=form, estimate=estimate, obstacle=obstacle)


def _estimate(
    service: Service, user: User, asked: Pairs, names: ScaffoldNames, *, is_wanted: bool
) -> tuple[GenerationEstimate | None, str]:
    """What it takes, or why nothing is known of that; neither where it is to be asked for."""
    if items_of(asked) > _MOST_UNASKED and not is_wanted:
        return None, ""
    try:
        found = generation_service.estimate_wish(service, user, wish_of(asked))
    except UsageError as error:
        return None, sentence(str(error))
    return generation_estimate(found, names), ""


def _form(service: Service, asked: Pairs, names: ScaffoldNames) -> GenerationForm:
    settings = service.settings
    usual = {
        "model": settings.llm_model,
        "annotating_model": settings.llm_annotating_model,
        "judging_model": settings.llm_judging_model,
    }
    prices = load_inference_prices(settings.llm_prices_file) if settings.llm else ()
    models = [each.name for each in prices if each.provider == place_of(settings.llm).provider]
    return generation_form(asked, usual, names, models)


def _refused(request: Request, service: Service, user: User, batch_id: str, why: str) -> HTMLResponse:
    batch, names = generation_service.show_batch(service, user, batch_id), names_for(service, user)
    service.made(user).own_batch(batch_id)
    shown = batch_page(batch, names, service.now(), is_own=True, refused=why)
    page = _page(request, service, user, shown, _failures(service, user, batch, None, 1, names))
    page.status_code = 400
    return page


def _page(request: Request, service: Service, user: User, shown: BatchPage, failures: Failures) -> HTMLResponse:
    return framed(request, service, user, "generation", "batch", page=shown, failures=failures)


def _failures(
    service: Service, user: User, batch: BatchDetails, kind: FailureType | None, page: int, names: ScaffoldNames
) -> Failures:
    list_failures = generation_service.list_failures
    found = list_failures(service, user, batch.id, kind, page=page, limit=FAILURES_PAGE).items if batch.failures else []
    return failures_of(batch, found, kind, page, names, service.now())
