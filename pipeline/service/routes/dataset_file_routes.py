"""`/api/datasets/{id}`: files made of an upload when somebody asks, what mending would change, and comparisons."""

from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.converted_format import ConvertedFormat
from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.mend_values import DatasetComparison, MendPreview
from pipeline.service import dataset_file_service
from pipeline.service.dataset_file_service import SentFile
from pipeline.service.routes.route_parameters import DatasetId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/datasets/{dataset_id}", tags=["datasets"])
_BYTES = "application/octet-stream"
_FILE = MISSING | CONFLICT | {200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/original", response_class=Response, responses=_FILE)
def download_original(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> StreamingResponse:
    """Download the upload as it arrived."""
    return _sent(dataset_file_service.original_file(service, user, dataset_id))


@router.get("/converted", response_class=Response, responses=_FILE)
def download_converted(
    service: CurrentService,
    user: CurrentUser,
    dataset_id: DatasetId,
    to: Annotated[ConvertedFormat, Query(description="The format to write.")],
) -> StreamingResponse:
    """Download the accepted rows in another format, made while it is sent."""
    return _sent(dataset_file_service.converted_file(service, user, dataset_id, to))


@router.get("/mended", response_class=Response, responses=_FILE)
async def download_mended(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> StreamingResponse:
    """Download the file with all that can be mended without asking anybody mended."""
    mend = dataset_file_service.mended_file
    return _sent(await to_thread.run_sync(mend, service, user, dataset_id, limiter=service.heavy))


@router.get("/mend", responses=MISSING | CONFLICT)
async def preview_mending(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[MendPreview]:
    """Show what mending would change: counts and the first examples."""
    preview = dataset_file_service.mend_preview
    return Answer(data=await to_thread.run_sync(preview, service, user, dataset_id, limiter=service.heavy))


@router.get("/compare", responses=MISSING | CONFLICT)
async def compare_datasets(
    service: CurrentService,
    user: CurrentUser,
    dataset_id: DatasetId,
    before: Annotated[str, Query(alias="with", max_length=200, description="The other dataset, taken for the older.")],
) -> Answer[DatasetComparison]:
    """Compare a dataset with another version: rows added, removed and changed, figures, findings gone and new."""
    compare = dataset_file_service.compare_datasets
    return Answer(
        data=await to_thread.run_sync(compare, service, user, dataset_id, before, limiter=service.row_readers)
    )


def _sent(file: SentFile) -> StreamingResponse:
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return StreamingResponse(file.pieces, media_type=_BYTES, headers=named)
