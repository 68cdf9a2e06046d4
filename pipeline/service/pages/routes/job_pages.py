"""Training jobs: the list, the page of one with its training, what starts and ends that, and the files."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from pipeline.errors import Conflicting
from pipeline.flow.trainings import Wish, ask, startable_reason
from pipeline.service.access import Access
from pipeline.service.attempt_tokens import start_line
from pipeline.service.dataset_service import MAX_SEARCH_CHARACTERS
from pipeline.service.job_archive import zipped
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.job_listing import PAGE_SIZE, JobQuery, job_listing
from pipeline.service.pages.job_page import job_lines, job_page
from pipeline.service.pages.job_start import change_url, start_of, wish_of
from pipeline.service.pages.job_training import COMPARED, DRAWN, JobSeen, Training, training_of
from pipeline.service.pages.origin import origin_of
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.render import render
from pipeline.service.service import CurrentService, Service
from pipeline.service.user import User
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import JOB_STATUSES
from pipeline.state.lake import existing_job_files

router = APIRouter(route_class=PageRoute)
_MOST_MODELS = 100  # of a job on its page
Shown = Annotated[int | None, Query(alias="attempt", ge=1, le=1_000_000)]


@router.get("/jobs")
def list_jobs(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    status: str = "",
    search: str = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """The jobs, newest first. A status that does not exist means all."""
    access = service.access(user)
    chosen = next((each for each in JOB_STATUSES if each == status), None)
    query = JobQuery(chosen, search[:MAX_SEARCH_CHARACTERS].strip(), page)
    found = access.jobs(status=query.status, search=query.search or None, page=page, limit=PAGE_SIZE)
    ids = [job.id for job in found.items]
    lines = job_lines(found.items, access.costs_of(ids), access.attempts_of(ids), service.now())
    listing = job_listing(query, lines, found.total, access.job_counts())
    return framed(request, service, user, "jobs", "jobs", listing=listing)


@router.get("/training")
@router.get("/training/jobs")
def training() -> RedirectResponse:
    """What people type for the list."""
    return RedirectResponse("/jobs", 307)


@router.get("/training/jobs/{job_id}")
def training_job(job_id: str) -> RedirectResponse:
    """The same of one job."""
    return RedirectResponse(f"/jobs/{quote(job_id)}", 307)


@router.get("/jobs/{job_id}")
def show_job(
    request: Request, service: CurrentService, user: CurrentUser, job_id: str, attempt: Shown = None
) -> HTMLResponse:
    """One job. attempt: the number of that whose figures are shown; the newest without one."""
    return _page(request, service, user, job_id, attempt)


@router.get("/jobs/{job_id}/live")
def show_training(
    request: Request, service: CurrentService, user: CurrentUser, job_id: str, attempt: Shown = None
) -> HTMLResponse:
    """How its training goes, by itself, for a page that follows it."""
    seen = _seen(service.access(user), job_id, attempt)
    training = _training(request, service, user, seen, attempt)
    if training is None:
        return HTMLResponse("")
    return HTMLResponse(render("job_training", training=training, start_url=f"/jobs/{quote(job_id)}/start"))


@router.post("/jobs/{job_id}/start")
def start_training(request: Request, service: CurrentService, user: CurrentUser, job_id: str, form: Form) -> Response:
    """Ask for a training; where a budget does not allow it, ask why it may cost more."""
    access, wish = service.access(user), wish_of(job_id, form)
    try:
        ask(access.own_catalog, service.settings, user.id, wish, service.now(), missing=service.missing)
    except Conflicting as error:
        if startable_reason(access.job(job_id)) is not None:
            raise
        page = _page(request, service, user, job_id, wish=wish, refused=str(error))
        page.status_code = 409
        return page
    return RedirectResponse(f"/jobs/{quote(job_id)}", 303)


@router.post("/jobs/{job_id}/cancel")
def cancel_training(service: CurrentService, user: CurrentUser, job_id: str) -> RedirectResponse:
    """Ask for the end of its training."""
    service.access(user).cancel_job(job_id, service.now())
    return RedirectResponse(f"/jobs/{quote(job_id)}", 303)


@router.get("/jobs/{job_id}/files.zip")
def take_all(service: CurrentService, user: CurrentUser, job_id: str) -> StreamingResponse:
    """All files in one; each by itself is at the API's address."""
    job = service.access(user).job(job_id)
    existing_job_files(service.lake, job.id)  # raises before the answer begins
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(job.id)}.zip"}
    return StreamingResponse(zipped(service.lake, job.id), media_type="application/zip", headers=disposition)


def _page(
    request: Request,
    service: Service,
    user: User,
    job_id: str,
    number: int | None = None,
    *,
    wish: Wish | None = None,
    refused: str = "",
) -> HTMLResponse:
    seen = _seen(service.access(user), job_id, number)
    shown = job_page(
        seen,
        _training(request, service, user, seen, number),
        start_of(seen.job, seen.attempts, service.missing, wish, refused),
        service.lake.job_files(job_id),
        service.now(),
        change_url(seen.job, seen.attempts),
        is_own=seen.job.user_id == user.id,
        origin=origin_of(service.made(user).readable.training_file_of(seen.job.dataset_id)),
    )
    return framed(request, service, user, "jobs", "job", page=shown)


def _training(request: Request, service: Service, user: User, seen: JobSeen, number: int | None) -> Training | None:
    line = ""
    if seen.attempts and seen.job.user_id == user.id:  # the line can do what its owner may
        url = service.settings.service_url or str(request.base_url)
        line = start_line(service.signer, seen.attempts[-1], url) or ""
    return training_of(seen, service.now(), number, line, change_url(seen.job, seen.attempts))


def _seen(access: Access, job_id: str, number: int | None) -> JobSeen:
    """What a page shows of a job; of the attempts that stand beside the one that is shown only their losses."""
    job = access.job(job_id)
    attempts = access.attempts_of([job.id])[job.id]
    ids = [attempt.id for attempt in attempts]
    shown = [each.id for each in attempts if each.number == number] or ids[-1:]
    series = access.series_of([each for each in ids if each not in shown], COMPARED) | access.series_of(shown, DRAWN)
    models = access.models(job_id=job.id, limit=_MOST_MODELS).items
    return JobSeen(
        job=job,
        costs=access.costs_of([job.id])[job.id],
        attempts=attempts,
        series=series,
        transitions={attempt_id: access.transitions_of(attempt_id) for attempt_id in ids},
        models={model.attempt_id: model for model in models},
    )
