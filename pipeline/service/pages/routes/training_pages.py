"""Planning a training of a dataset, and the jobs that were made with their files."""

from collections.abc import Mapping
from typing import Annotated, get_args
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from pipeline.catalogues.finding import prices_of
from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import load_gpus, load_models, load_prices
from pipeline.service.dataset_service import MAX_SEARCH_CHARACTERS
from pipeline.service.job_archive import zipped
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.job_listing import PAGE_SIZE, JobQuery, job_listing
from pipeline.service.pages.job_page import job_lines, job_page
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.train_choices import Choices, choices_of
from pipeline.service.pages.train_page import train_page
from pipeline.service.pages.train_settings import setting_fields
from pipeline.service.plan_service import compare_gpus, make_job
from pipeline.service.service import CurrentService, Service
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import JOB_STATUSES
from pipeline.state.lake import existing_job_files
from pipeline.trainers.overrides import KEYS
from pipeline.trainers.registry import WRITTEN
from pipeline.trainers.workload import Method
from pipeline.training.presets import load_presets
from pipeline.training.setup import Setup, parse_targets

router = APIRouter(route_class=PageRoute)
_FIRST_MODEL = "Qwen3-8B"


@router.get("/datasets/{dataset_id}/train")
def plan_training(request: Request, service: CurrentService, user: CurrentUser, dataset_id: str) -> HTMLResponse:
    """What a training takes; the address has the choice."""
    dataset = service.access(user).dataset(dataset_id)
    setup = _setup(request.query_params)
    compared = compare_gpus(service, user, dataset_id, setup)
    fields = setting_fields(setup, compared.outcome, compared.ruled, _prices(service, setup))
    choices = _choices(service, setup)
    page = train_page(dataset.id, dataset.name, setup, choices, fields, compared.outcome, compared.others)
    return framed(request, service, user, "datasets", "train", page=page)


@router.post("/datasets/{dataset_id}/train")
def make_training(service: CurrentService, user: CurrentUser, dataset_id: str, form: Form) -> RedirectResponse:
    """Make the job that was planned."""
    job = make_job(service, user, dataset_id, _setup(form))
    return RedirectResponse(f"/jobs/{quote(job.id)}", 303)


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
    lines = job_lines(found.items, access.costs_of([job.id for job in found.items]), service.now())
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
def show_job(request: Request, service: CurrentService, user: CurrentUser, job_id: str) -> HTMLResponse:
    """One job."""
    access = service.access(user)
    job = access.job(job_id)
    page = job_page(job, access.costs_of([job.id])[job.id], service.lake.job_files(job.id), service.now())
    return framed(request, service, user, "jobs", "job", page=page)


@router.get("/jobs/{job_id}/files.zip")
def take_all(service: CurrentService, user: CurrentUser, job_id: str) -> StreamingResponse:
    """All files in one; each by itself is at the API's address."""
    job = service.access(user).job(job_id)
    existing_job_files(service.lake, job.id)  # raises before the answer begins
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(job.id)}.zip"}
    return StreamingResponse(zipped(service.lake, job.id), media_type="application/zip", headers=disposition)


def _setup(asked: Mapping[str, str]) -> Setup:
    """The choice; what is not asked for is as usual. Names are checked where the plan is made."""
    usual = Setup(_FIRST_MODEL)
    method = next((each for each in get_args(Method) if each == asked.get("method")), None)
    count = asked.get("gpu_count", "1")
    return Setup(
        model=asked.get("model", usual.model),
        preset=asked.get("preset", usual.preset),
        gpu=asked.get("gpu", usual.gpu),
        gpu_count=int(count) if count.isdecimal() and len(count) < 4 else 1,
        method=method,
        targets=parse_targets([asked["trainer"]] if asked.get("trainer") else list(usual.targets)),
        overrides={key: value for key in KEYS if (value := asked.get(key, "").strip())},
        provider=asked.get("provider") or None,
        price_kind="spot" if asked.get("price_kind") == "spot" else "on-demand",
    )


def _prices(service: Service, setup: Setup) -> list[Price]:
    gpu = load_gpus(service.settings.gpus_file)[setup.gpu]
    return prices_of(load_prices(service.settings.prices_file), gpu)


def _choices(service: Service, setup: Setup) -> Choices:
    settings = service.settings
    presets = load_presets(settings.presets_file).values()
    return choices_of(setup, load_models(settings.models_file), load_gpus(settings.gpus_file), presets, WRITTEN)
