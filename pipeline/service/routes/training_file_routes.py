"""`/api/training-files`: chosen conversations in every form, built once, sent on to the datasets."""

from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.training_file_values import (
    BuiltTrainingFile,
    NewTrainingFile,
    TrainingFileDetails,
    TrainingFileList,
    TrainingFilePreview,
    TrainingFileWish,
)
from pipeline.contract.values import DatasetSummary
from pipeline.service import training_file_service
from pipeline.service.routes.route_parameters import PageNumber, TrainingFileId
from pipeline.service.service import CurrentService
from pipeline.service.training_file_service import MAX_LIMIT
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/training-files", tags=["training files"])
_BYTES = "application/octet-stream"
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.post("", status_code=201, responses=CONFLICT)
async def build_training_file(
    service: CurrentService, user: CurrentUser, new: NewTrainingFile
) -> Answer[BuiltTrainingFile]:
    """Build a file of the accepted conversations that are meant; the same name again is its next version.

    What says nearly the same as another one is left out, and named.
    """
    build = training_file_service.build_file
    return Answer(data=await to_thread.run_sync(build, service, user, new, limiter=service.heavy))


@router.post("/preview")
async def preview_training_file(
    service: CurrentService, user: CurrentUser, wish: TrainingFileWish
) -> Answer[TrainingFilePreview]:
    """Count what a file would have; nothing is built."""
    preview = training_file_service.preview_file
    return Answer(data=await to_thread.run_sync(preview, service, user, wish, limiter=service.heavy))


@router.get("")
def list_training_files(
    service: CurrentService, user: CurrentUser, page: PageNumber = 1, limit: Limit = 20
) -> Answer[TrainingFileList]:
    """List the training files that you may see, newest first."""
    return Answer(data=training_file_service.list_files(service, user, page=page, limit=limit))


@router.get("/{file_id}", responses=MISSING)
def show_training_file(
    service: CurrentService, user: CurrentUser, file_id: TrainingFileId, page: PageNumber = 1, limit: Limit = 50
) -> Answer[TrainingFileDetails]:
    """Show all that is known of a training file: its conversations, cost, dataset, and the jobs made of that."""
    return Answer(data=training_file_service.show_file(service, user, file_id, page=page, limit=limit))


@router.get(
    "/{file_id}/files/{name}",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
)
def download_training_file(
    service: CurrentService,
    user: CurrentUser,
    file_id: TrainingFileId,
    name: Annotated[
        str, Path(max_length=300, description="As the training file lists it.", examples=["training.json"])
    ],
) -> StreamingResponse:
    """Download a training file in one of its forms."""
    size_bytes, blocks = training_file_service.read_file(service, user, file_id, name)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    return StreamingResponse(blocks, media_type=_BYTES, headers=headers)


@router.post("/{file_id}/send", responses=MISSING | CONFLICT)
async def send_training_file(
    service: CurrentService, user: CurrentUser, file_id: TrainingFileId
) -> Answer[DatasetSummary]:
    """Make a dataset of a training file, validated as every upload is. The same again is the dataset that it became."""
    send = training_file_service.send_file
    return Answer(data=await to_thread.run_sync(send, service, user, file_id, limiter=service.heavy))
