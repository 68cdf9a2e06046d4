"""The list of datasets, the page of one, uploading, and deletion with its undo."""

from functools import partial
from typing import Annotated
from urllib.parse import quote, urlencode

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from pipeline.service import dataset_service
from pipeline.service.dataset_service import MAX_SEARCH_CHARACTERS, has_verdict
from pipeline.service.finding_service import list_findings
from pipeline.service.pages import listing
from pipeline.service.pages.dataset_page import FINDINGS_PAGE, dataset_page, findings_of
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.job_page import JobLine, job_lines
from pipeline.service.pages.live import card_events, card_html, seen_by_page
from pipeline.service.pages.origin import origin_of
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.room_of_users import show_quota
from pipeline.service.service import CurrentService, Service
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import STATUSES, Status

router = APIRouter(prefix="/datasets", route_class=PageRoute)
_MOST_JOBS = 20  # of a dataset on its page
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("")
def list_datasets(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    status: str = "",
    search: str = "",
    page: Page = 1,
    deleted: str = "",
) -> HTMLResponse:
    """The cards. A status that does not exist means all; deleted: the dataset that was deleted a moment ago."""
    access = service.access(user)
    query = listing.Query(_status(status), search[:MAX_SEARCH_CHARACTERS].strip(), page)
    found = access.datasets(status=query.status, search=query.search or None, page=page, limit=listing.PAGE_SIZE)
    ignored = access.ignored(limit=listing.IGNORED_SHOWN)
    shown = listing.listing(query, found.items, found.total, access.counts_by_status(), service.now(), ignored)
    gone = access.own_dataset(deleted) if deleted else None
    return framed(request, service, user, "datasets", "datasets", listing=shown, deleted=gone)


@router.get("/new")
def new_dataset(
    request: Request, service: CurrentService, user: CurrentUser, replaces: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """Where a file is dropped. replaces: the dataset whose next version it is."""
    former = service.access(user).own_dataset(replaces) if replaces else None
    limit, quota = service.settings.max_upload_bytes, show_quota(service, user)
    return framed(request, service, user, "datasets", "new", max_upload_bytes=limit, quota=quota, former=former)


@router.get("/events")
def follow(
    service: CurrentService, user: CurrentUser, seen: Annotated[str, Query(max_length=20_000)]
) -> StreamingResponse:
    """Cards as they change. seen: see `seen_by_page`."""
    events = card_events(service.access(user), seen_by_page(seen), lambda each: card_html(each, service.now()))
    service.streams.check(user.id)
    counted = service.streams.counted(user.id, events)
    return StreamingResponse(counted, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/{dataset_id}")
async def show_dataset(
    request: Request, service: CurrentService, user: CurrentUser, dataset_id: str, code: str = "", page: Page = 1
) -> HTMLResponse:
    """Everything about a dataset. code, page: which of its findings."""
    draw = partial(_drawn, request, service, user, dataset_id, code, page)
    return await to_thread.run_sync(draw, limiter=service.line_readers)


def _drawn(request: Request, service: Service, user: User, dataset_id: str, code: str, page: int) -> HTMLResponse:
    dataset = service.access(user).dataset(dataset_id)
    card = findings = None
    if has_verdict(dataset):
        from pipeline.card.sources import card_of_dataset

        card = card_of_dataset(dataset, service.lake)
        rows = list_findings(
            service, user, dataset_id, page=page, limit=FINDINGS_PAGE, code=code or None, with_lines=True
        )
        findings = findings_of(dataset_id, card.figures, rows.items, code, page, rows.lines or ())
    origin = origin_of(service.made(user).readable.training_file_of(dataset.id))
    versions = service.access(user).versions_beside(dataset)
    shown = dataset_page(dataset, card, findings, service.settings.dagster_url, service.now(), origin, versions)
    jobs, no_jobs = _jobs(service, user, dataset_id), service.access(user).why_no_jobs(dataset)
    return framed(request, service, user, "datasets", "dataset", page=shown, jobs=jobs, no_jobs=no_jobs)


@router.get("/{dataset_id}/live")
def show_card(service: CurrentService, user: CurrentUser, dataset_id: str) -> HTMLResponse:
    """The card of a dataset by itself, for the page of its upload."""
    return HTMLResponse(card_html(service.access(user).dataset(dataset_id), service.now()))


@router.post("/{dataset_id}/delete")
def delete_dataset(service: CurrentService, user: CurrentUser, dataset_id: str) -> RedirectResponse:
    """Take it out of the list, and offer to undo that."""
    dataset_service.delete_dataset(service, user, dataset_id)
    return RedirectResponse(f"/datasets?{urlencode({'deleted': dataset_id})}", 303)


@router.post("/{dataset_id}/restore")
def restore_dataset(service: CurrentService, user: CurrentUser, dataset_id: str) -> RedirectResponse:
    """Bring it back."""
    dataset_service.restore_dataset(service, user, dataset_id)
    return RedirectResponse(f"/datasets/{quote(dataset_id)}", 303)


@router.post("/{dataset_id}/retry")
def retry_dataset(service: CurrentService, user: CurrentUser, dataset_id: str) -> RedirectResponse:
    """Have it checked again."""
    service.access(user).retry(dataset_id, service.now())
    return RedirectResponse(f"/datasets/{quote(dataset_id)}", 303)


@router.post("/{dataset_id}/mapping")
def set_mapping(service: CurrentService, user: CurrentUser, dataset_id: str, form: Form) -> RedirectResponse:
    """Say how its fields are read; it is checked again."""
    dataset_service.set_mapping(service, user, dataset_id, form.get("mapping"))
    return RedirectResponse(f"/datasets/{quote(dataset_id)}", 303)


def _jobs(service: Service, user: User, dataset_id: str) -> tuple[JobLine, ...]:
    access = service.access(user)
    jobs = access.jobs(dataset_id=dataset_id, limit=_MOST_JOBS).items
    ids = [job.id for job in jobs]
    return job_lines(jobs, access.costs_of(ids), access.attempts_of(ids), service.now())


def _status(asked: str) -> Status | None:
    return next((status for status in STATUSES if status == asked), None)
