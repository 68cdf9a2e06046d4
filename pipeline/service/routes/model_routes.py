"""`/api/models`: what trainings left."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.http_answers import MISSING, Answer
from pipeline.contract.model_values import ModelDescription, ModelDetails, ModelList
from pipeline.service import model_service
from pipeline.service.model_service import CARD, MAX_LIMIT
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/models", tags=["models"])
ModelId = Annotated[str, Path(min_length=1, max_length=300, description="The id of a model.")]
_BYTES, _MARKDOWN = "application/octet-stream", "text/markdown; charset=utf-8"


@router.get("")
def list_models(
    service: CurrentService,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    job_id: Annotated[str | None, Query(max_length=300, description="Only those of this job.")] = None,
) -> Answer[ModelList]:
    """List the models that you may see, newest first, with how good each is."""
    return Answer(data=model_service.list_models(service, user, job_id=job_id, page=page, limit=limit))


@router.get("/{model_id}", responses=MISSING)
def show_model(service: CurrentService, user: CurrentUser, model_id: ModelId) -> Answer[ModelDetails]:
    """Show all that is known of a model: how good it is, its files, what it was made from and what it did cost."""
    return Answer(data=model_service.show_model(service, user, model_id))


@router.patch("/{model_id}", responses=MISSING)
def describe_model(
    service: CurrentService, user: CurrentUser, model_id: ModelId, said: ModelDescription
) -> Answer[ModelDetails]:
    """Give a model another name or description."""
    return Answer(data=model_service.describe_model(service, user, model_id, said))


@router.delete("/{model_id}", responses=MISSING)
def delete_model(service: CurrentService, user: CurrentUser, model_id: ModelId) -> Answer[ModelDetails]:
    """Take a model out of the lists. Its files stay in the lake."""
    return Answer(data=model_service.delete_model(service, user, model_id))


@router.get(
    "/{model_id}/files/{name:path}",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
)
def download_model_file(
    service: CurrentService,
    user: CurrentUser,
    model_id: ModelId,
    name: Annotated[str, Path(max_length=300, description="As the model lists it, or `manifest.json`.")],
) -> StreamingResponse:
    """Download a file of a model."""
    size_bytes, blocks = model_service.read_model_file(service, user, model_id, name)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2])}",
    }
    return StreamingResponse(blocks, media_type=_BYTES, headers=headers)


@router.get(
    "/{model_id}/card",
    response_class=Response,  # as above
    responses=MISSING | {200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
)
def show_model_card(service: CurrentService, user: CurrentUser, model_id: ModelId) -> StreamingResponse:
    """Show the card of a model, for people and model hubs: data, training, quality, cost."""
    _, blocks = model_service.read_model_file(service, user, model_id, CARD)
    return StreamingResponse(blocks, media_type=_MARKDOWN)
