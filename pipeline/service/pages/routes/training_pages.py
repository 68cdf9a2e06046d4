"""Planning a training of a dataset, and making a job of it; what becomes of it is in `job_pages.py`."""

from collections.abc import Mapping
from typing import get_args
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from pipeline.catalogues.by_name import prices_of
from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import load_gpus, load_models, load_prices
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.train_choices import Choices, choices_of
from pipeline.service.pages.train_page import train_page
from pipeline.service.pages.train_settings import setting_fields
from pipeline.service.plan_service import compare_gpus, make_job
from pipeline.service.service import CurrentService, Service
from pipeline.service.users import CurrentUser
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
