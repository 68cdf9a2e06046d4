"""`/api/datasets/{id}/events`."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from pipeline.contract.http_answers import MISSING
from pipeline.service.dataset_events import status_events
from pipeline.service.routes.route_parameters import DatasetId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

_MEDIA_TYPE = "text/event-stream"
router = APIRouter(prefix="/api/datasets/{dataset_id}/events", tags=["datasets"])


@router.get(
    "",
    response_class=StreamingResponse,
    responses=MISSING | {200: {"content": {_MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
def watch_dataset(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> StreamingResponse:
    """Follow a dataset: an event `status`, with the dataset as in lists, now and at each change, up to the verdict."""
    access = service.access(user)
    events = status_events(access, access.dataset(dataset_id))
    service.streams.check(user.id)
    counted = service.streams.counted(user.id, events)
    return StreamingResponse(counted, media_type=_MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
