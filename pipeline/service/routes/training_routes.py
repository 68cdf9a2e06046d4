"""`/api/jobs/{id}/start` and what follows from it: attempts, figures, log, artifacts, events."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.training_values import (
    AttemptList,
    Retry,
    TrainingArtifacts,
    TrainingAttempt,
    TrainingMetrics,
    WantedRetry,
    WantedTraining,
)
from pipeline.service import training_service
from pipeline.service.origins import service_url
from pipeline.service.routes.route_parameters import AttemptId, JobId
from pipeline.service.service import CurrentService
from pipeline.service.training_events import training_events
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["trainings"])
_EVENTS, _JSON_LINES, _CSV = "text/event-stream", "application/jsonl", "text/csv; charset=utf-8"
_TEXT = {"schema": {"type": "string"}}
OfAttempt = Annotated[
    str | None, Query(alias="attempt", max_length=300, description="The id of an attempt; else the newest.")
]
OfName = Annotated[str | None, Query(max_length=200, description="Only the figure of this name, as `loss`.")]


class Form(StrEnum):
    """The figures in short, or every point."""

    JSON = "json"
    JSON_LINES = "jsonl"
    CSV = "csv"


@router.post("/start", status_code=201, responses=MISSING | CONFLICT)
def start_training(
    request: Request, service: CurrentService, user: CurrentUser, job_id: JobId, wanted: WantedTraining
) -> Answer[TrainingAttempt]:
    """Ask for a training of a job. Dagster's daemon starts it here; on your own machine you do, by its `line`."""
    address = service_url(request, service.settings)
    return Answer(data=training_service.start_training(service, user, job_id, wanted, address))


@router.post("/retry", status_code=201, responses=MISSING | CONFLICT)
def retry_training(
    request: Request, service: CurrentService, user: CurrentUser, job_id: JobId, wanted: WantedRetry
) -> Answer[Retry]:
    """Ask for another attempt like the last; with `changed`, of the job that the failure's remedy suggests."""
    address = service_url(request, service.settings)
    return Answer(data=training_service.retry_training(service, user, job_id, wanted, address))


@router.get("/attempts", responses=MISSING)
def list_attempts(request: Request, service: CurrentService, user: CurrentUser, job_id: JobId) -> Answer[AttemptList]:
    """List the attempts at a job, oldest first, with how each went and what changed it."""
    address = service_url(request, service.settings)
    return Answer(data=training_service.list_attempts(service, user, job_id, address))


@router.get("/attempts/{attempt_id}", responses=MISSING)
def show_attempt(
    request: Request, service: CurrentService, user: CurrentUser, job_id: JobId, attempt_id: AttemptId
) -> Answer[TrainingAttempt]:
    """Show one attempt at a job."""
    address = service_url(request, service.settings)
    return Answer(data=training_service.show_attempt(service, user, job_id, attempt_id, address))


@router.get(
    "/metrics",
    response_model=Answer[TrainingMetrics],
    responses=MISSING | {200: {"content": {_JSON_LINES: _TEXT, "text/csv": _TEXT}}},
)
def show_metrics(
    service: CurrentService,
    user: CurrentUser,
    job_id: JobId,
    attempt_id: OfAttempt = None,
    name: OfName = None,
    form: Annotated[
        Form, Query(alias="format", description="In short, or every point as JSON Lines or CSV.")
    ] = Form.JSON,
) -> Response:
    """Show the figures that a training told."""
    head = {"Content-Disposition": f'attachment; filename="metrics.{form.value}"'}
    if form is Form.JSON_LINES:
        lines = training_service.metrics_as_json_lines(service, user, job_id, attempt_id, name)
        return StreamingResponse(lines, media_type=_JSON_LINES, headers=head)
    if form is Form.CSV:
        rows = training_service.metrics_as_csv(service, user, job_id, attempt_id, name)
        return StreamingResponse(rows, media_type=_CSV, headers=head)
    found = training_service.show_metrics(service, user, job_id, attempt_id, name)
    return JSONResponse(Answer(data=found).model_dump(mode="json"))


@router.get(
    "/log",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {"text/plain": _TEXT}}},
)
def show_log(
    service: CurrentService, user: CurrentUser, job_id: JobId, attempt_id: OfAttempt = None
) -> PlainTextResponse:
    """Show the end of a training's log."""
    return PlainTextResponse(training_service.show_log(service, user, job_id, attempt_id))


@router.get("/artifacts", responses=MISSING)
def list_artifacts(service: CurrentService, user: CurrentUser, job_id: JobId) -> Answer[TrainingArtifacts]:
    """List what the trainings of a job left: files that are kept, and those that were only reported."""
    return Answer(data=training_service.list_artifacts(service, user, job_id))


@router.get("/events", response_class=StreamingResponse, responses=MISSING | {200: {"content": {_EVENTS: _TEXT}}})
def watch_training(service: CurrentService, user: CurrentUser, job_id: JobId) -> StreamingResponse:
    """Follow a training: an event `training`, with state, progress and last figures, at each change up to its end."""
    access = service.access(user)
    first = training_service.show_progress(service, access, job_id)
    service.streams.check(user.id)
    counted = service.streams.counted(user.id, training_events(service, access, first))
    return StreamingResponse(counted, media_type=_EVENTS, headers={"X-Accel-Buffering": "no"})
