"""Uploads: `POST /api/datasets` announces one, `…/upload` gives new addresses, `…/confirm` ends it."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Request

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.values import ConfirmedUpload, NewUpload, StartedUpload, UploadPlan
from pipeline.errors import UsageError
from pipeline.service import upload_service
from pipeline.service.receiving import Received, receive
from pipeline.service.routes.route_parameters import DatasetId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(tags=["uploads"])


@router.post("/api/datasets", status_code=201, responses=MISSING | CONFLICT)
async def start_upload(service: CurrentService, user: CurrentUser, new: NewUpload) -> Answer[StartedUpload]:
    """Announce an upload. Send the bytes to the addresses of the answer, then confirm."""
    limiter = service.receivers.starting
    return Answer(data=await to_thread.run_sync(upload_service.start_upload, service, user, new, limiter=limiter))


@router.post("/api/datasets/{dataset_id}/upload", responses=MISSING | CONFLICT)
def resume_upload(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[UploadPlan]:
    """Get new addresses for an upload that broke off or expired, and what arrived of it."""
    return Answer(data=upload_service.resume_upload(service, user, dataset_id))


@router.post("/api/datasets/{dataset_id}/confirm", responses=MISSING | CONFLICT)
async def confirm_upload(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[ConfirmedUpload]:
    """Say that all bytes were sent; they are looked for, and validation begins. Saying it twice changes nothing."""
    limiter = service.receivers.confirming
    return Answer(
        data=await to_thread.run_sync(upload_service.confirm_upload, service, user, dataset_id, limiter=limiter)
    )


@router.put("/api/uploads/{ticket}", responses=MISSING | CONFLICT)
async def send_bytes(
    request: Request,
    service: CurrentService,
    ticket: Annotated[str, Path(max_length=4_096, description="What the service signed.")],
    upload_offset: Annotated[int, Header(ge=0, description="Where in the file the body begins.")] = 0,
) -> Answer[Received]:
    """Send the bytes of an upload, to an address of `POST /api/datasets`; with an offset, the rest of them.

    The address is all the authority that is needed.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise UsageError("Content-Length: expected the number of bytes up to the end of the file, found none: send it")
    return Answer(data=await receive(request, service, ticket, upload_offset, int(length)))
