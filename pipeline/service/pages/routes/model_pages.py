"""Models: the list, the page of one, its files, and what its owner changes of it."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from pipeline.errors import DatasetNotFound, LakeError, ModelNotFound, UsageError
from pipeline.flow.closing import CARD_FILE
from pipeline.service.access import Access
from pipeline.service.job_archive import zipped_files
from pipeline.service.pages.forms import Form
from pipeline.service.pages.framing import framed
from pipeline.service.pages.model_page import PAGE_SIZE, ModelSeen, model_listing, model_page
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.service import CurrentService, Service
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.attempt_records import Model
from pipeline.state.catalog.dataset_records import Dataset

router = APIRouter(prefix="/models", route_class=PageRoute)
_CHUNK_BYTES = 1 << 18
_MOST_VERSIONS = 50  # of a job on the page of one
_MOST_NAME, _MOST_DESCRIPTION = 200, 2_000
_MOST_CARD_BYTES = 100_000


@router.get("")
def list_models(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    deleted: Annotated[str, Query(max_length=_MOST_NAME)] = "",
) -> HTMLResponse:
    """The models, newest first. deleted: the name of the one that was deleted a moment ago."""
    access = service.access(user)
    found = access.models(page=page, limit=PAGE_SIZE)
    evaluations = access.evaluations_of([model.attempt_id for model in found.items])
    listing = model_listing(found.items, evaluations, page, found.total, deleted, service.now())
    return framed(request, service, user, "models", "models", listing=listing)


@router.get("/{model_id}")
def show_model(request: Request, service: CurrentService, user: CurrentUser, model_id: str) -> HTMLResponse:
    """One model."""
    access = service.access(user)
    model = access.model(model_id)
    shown = model_page(_seen(access, model), _card(service, model), service.now(), is_own=model.user_id == user.id)
    return framed(request, service, user, "models", "model", page=shown)


@router.post("/{model_id}/describe")
def describe_model(service: CurrentService, user: CurrentUser, model_id: str, form: Form) -> RedirectResponse:
    """Give it another name and description."""
    name, description = form.get("name", "").strip(), form.get("description", "").strip()
    if not 0 < len(name) <= _MOST_NAME or len(description) > _MOST_DESCRIPTION:
        raise UsageError(
            f"expected a name of 1 to {_MOST_NAME} characters, and a description of at most {_MOST_DESCRIPTION:,}, "
            f"found {len(name):,} and {len(description):,}: shorten them"
        )
    service.access(user).describe_model(model_id, name, description)
    return RedirectResponse(f"/models/{quote(model_id)}", 303)


@router.post("/{model_id}/delete")
def delete_model(service: CurrentService, user: CurrentUser, model_id: str) -> RedirectResponse:
    """Take it out of the lists."""
    access = service.access(user)
    name = access.model(model_id).name
    access.delete_model(model_id, service.now())
    return RedirectResponse(f"/models?{urlencode({'deleted': name[:_MOST_NAME]}, errors='replace')}", 303)


@router.get("/{model_id}/files.zip")
def take_all(service: CurrentService, user: CurrentUser, model_id: str) -> StreamingResponse:
    """All files in one."""
    model = service.access(user).model(model_id)
    for name in model.files:
        _size(service, model, name)  # raises before the answer begins
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(model.id)}.zip"}
    names = {name: f"{model.id}/{name}" for name in model.files}
    content = zipped_files(names, lambda name: service.lake.fetch_model_file(model.attempt_id, name))
    return StreamingResponse(content, media_type="application/zip", headers=disposition)


@router.get("/{model_id}/files/{name:path}")
def take_file(
    service: CurrentService, user: CurrentUser, model_id: str, name: Annotated[str, Path(max_length=300)]
) -> StreamingResponse:
    """One file."""
    model = service.access(user).model(model_id)
    size_bytes = _size(service, model, name)

    def blocks() -> Iterator[bytes]:
        with service.lake.fetch_model_file(model.attempt_id, name) as path, path.open("rb") as file:
            while block := file.read(_CHUNK_BYTES):
                yield block

    disposition = f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2])}"
    headers = {"Content-Length": str(size_bytes), "Content-Disposition": disposition}
    return StreamingResponse(blocks(), media_type="application/octet-stream", headers=headers)


def _size(service: Service, model: Model, name: str) -> int:
    if name not in model.files:
        raise ModelNotFound(f"expected the name of a file of {model.id}, found another: see its page")
    sizes = service.lake.model_files(model.attempt_id)
    if name not in sizes:
        raise LakeError(f"expected {name} of {model.id} at {model.files_uri}, found nothing: put it back from a backup")
    return sizes[name]


def _card(service: Service, model: Model) -> str:
    name = f"model/{CARD_FILE}"
    if name not in service.lake.model_files(model.attempt_id):
        return ""
    with service.lake.fetch_model_file(model.attempt_id, name) as path, path.open("rb") as file:
        return file.read(_MOST_CARD_BYTES).decode("utf-8", "replace")


def _seen(access: Access, model: Model) -> ModelSeen:
    siblings = access.models(job_id=model.job_id, limit=_MOST_VERSIONS).items
    attempts = access.attempts_of([model.job_id])[model.job_id]
    return ModelSeen(
        model=model,
        job=access.job(model.job_id),
        attempt=next(each for each in attempts if each.id == model.attempt_id),
        dataset=_dataset(access, model.dataset_id),
        costs=access.costs_of([model.job_id])[model.job_id],
        evaluations=access.evaluations_of([each.attempt_id for each in (model, *siblings)]),
        siblings=siblings,
    )


def _dataset(access: Access, dataset_id: str) -> Dataset | None:
    try:
        return access.dataset(dataset_id)
    except DatasetNotFound:
        return None
