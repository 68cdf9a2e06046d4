"""`/api/generation`: batches of conversations, estimated, planned, started, watched."""

from enum import StrEnum
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.generation_values import (
    BatchDetails,
    BatchEstimate,
    BatchItems,
    BatchList,
    EstimatedBatch,
    FailedGenerations,
    RetriedItems,
    WantedItems,
    WantedSettling,
    WantedStart,
)
from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.training_values import Cancellation
from pipeline.service import generation_service, ledger_service
from pipeline.service.batch_events import batch_events
from pipeline.service.generation_service import MAX_FAILURES, MAX_LIMIT
from pipeline.service.new_batch import NewBatch
from pipeline.service.routes.route_parameters import BatchId, PageNumber
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import BatchStatus, FailureType, ItemState

router = APIRouter(prefix="/api/generation", tags=["generation"])
_JSON_LINES, _CSV = "application/jsonl", "text/csv; charset=utf-8"
_TEXT = {"schema": {"type": "string"}}
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class LedgerForm(StrEnum):
    """Every call, an object or a row each."""

    JSON_LINES = "jsonl"
    CSV = "csv"


@router.post("/estimate")
async def estimate_batch(service: CurrentService, user: CurrentUser, wanted: NewBatch) -> Answer[BatchEstimate]:
    """Say what a batch would have and take: conversations by persona and arc, tokens, and its cost; nothing is kept."""
    estimate = generation_service.estimate_wish
    return Answer(data=await to_thread.run_sync(estimate, service, user, wanted, limiter=service.heavy))


@router.post("/batches", status_code=201)
async def create_batch(service: CurrentService, user: CurrentUser, wanted: NewBatch) -> Answer[EstimatedBatch]:
    """Keep a plan. It costs nothing until it is started."""
    create = generation_service.create_batch
    return Answer(data=await to_thread.run_sync(create, service, user, wanted, limiter=service.heavy))


@router.get("/batches")
def list_batches(
    service: CurrentService,
    user: CurrentUser,
    page: PageNumber = 1,
    limit: Limit = 20,
    status: Annotated[BatchStatus | None, Query(description="Only those of this status.")] = None,
) -> Answer[BatchList]:
    """List the batches that you may see, newest first, with how far each is and what it did cost."""
    return Answer(data=generation_service.list_batches(service, user, status, page=page, limit=limit))


@router.get("/batches/{batch_id}", responses=MISSING)
def show_batch(service: CurrentService, user: CurrentUser, batch_id: BatchId) -> Answer[BatchDetails]:
    """Show all that is known of a batch: progress, money, failures, calls, and the training files made of it."""
    return Answer(data=generation_service.show_batch(service, user, batch_id))


@router.get(
    "/batches/{batch_id}/events",
    response_class=StreamingResponse,
    responses=MISSING | {200: {"content": {"text/event-stream": {"schema": {}}}}},  # each event is an object
)
def watch_batch(service: CurrentService, user: CurrentUser, batch_id: BatchId) -> StreamingResponse:
    """Follow a batch: an event `batch`, as lists show it, at each change, until nothing of it is under way."""
    first = generation_service.show_summary(service, user, batch_id)
    service.streams.check(user.id)
    counted = service.streams.counted(user.id, batch_events(service, user, first))
    return StreamingResponse(counted, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.post("/batches/{batch_id}/start", responses=MISSING | CONFLICT)
async def start_batch(
    service: CurrentService, user: CurrentUser, batch_id: BatchId, wanted: WantedStart | None = None
) -> Answer[EstimatedBatch]:
    """Have a batch made, or let it go on, within its budget. What costs money does not start without one."""
    start, budget_usd = generation_service.start_batch, wanted.budget_usd if wanted else None
    return Answer(data=await to_thread.run_sync(start, service, user, batch_id, budget_usd, limiter=service.heavy))


@router.post("/batches/{batch_id}/pause", responses=MISSING | CONFLICT)
def pause_batch(
    service: CurrentService, user: CurrentUser, batch_id: BatchId, said: Cancellation | None = None
) -> Answer[BatchDetails]:
    """Ask a model for nothing more until it is started again. What is under way is paid, and comes."""
    reason = said.reason if said else None
    return Answer(data=generation_service.move_batch(service, user, batch_id, "paused", reason))


@router.post("/batches/{batch_id}/cancel", responses=MISSING | CONFLICT)
def cancel_batch(
    service: CurrentService, user: CurrentUser, batch_id: BatchId, said: Cancellation | None = None
) -> Answer[BatchDetails]:
    """Give a batch up. What was written stays, for a person to review."""
    reason = said.reason if said else None
    return Answer(data=generation_service.move_batch(service, user, batch_id, "cancelled", reason))


@router.post("/batches/{batch_id}/retry", responses=MISSING | CONFLICT)
def retry_items(
    service: CurrentService, user: CurrentUser, batch_id: BatchId, wanted: WantedItems | None = None
) -> Answer[RetriedItems]:
    """Draw items that failed anew, all of them or some, within the batch's budget; one that has ended goes on."""
    numbers = wanted.numbers if wanted else None
    return Answer(data=generation_service.retry_items(service, user, batch_id, numbers))


@router.post("/batches/{batch_id}/settle", responses=MISSING | CONFLICT)
def settle_submission(
    service: CurrentService, user: CurrentUser, batch_id: BatchId, said: WantedSettling
) -> Answer[BatchDetails]:
    """Say what became of requests that may be at the provider several times, as you saw there; then start the batch."""
    return Answer(data=generation_service.settle_submission(service, user, batch_id, said))


@router.get("/batches/{batch_id}/items", responses=MISSING)
def list_items(
    service: CurrentService,
    user: CurrentUser,
    batch_id: BatchId,
    page: PageNumber = 1,
    limit: Limit = 50,
    state: Annotated[ItemState | None, Query(description="Only those in this state.")] = None,
) -> Answer[BatchItems]:
    """List what a batch is to make, by number, and how far each is."""
    return Answer(data=generation_service.list_items(service, user, batch_id, state, page=page, limit=limit))


@router.get("/batches/{batch_id}/failures", responses=MISSING)
def list_failures(
    service: CurrentService,
    user: CurrentUser,
    batch_id: BatchId,
    page: PageNumber = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_FAILURES)] = 10,
    failure_type: Annotated[FailureType | None, Query(description="Only those of this type.")] = None,
) -> Answer[FailedGenerations]:
    """List the draws that came to nothing, newest first, each with the answer as it came."""
    return Answer(data=generation_service.list_failures(service, user, batch_id, failure_type, page=page, limit=limit))


@router.get(
    "/batches/{batch_id}/calls",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {_JSON_LINES: _TEXT, "text/csv": _TEXT}}},
)
def list_calls(
    service: CurrentService,
    user: CurrentUser,
    batch_id: BatchId,
    form: Annotated[LedgerForm, Query(alias="format", description="JSON Lines or CSV.")] = LedgerForm.JSON_LINES,
) -> StreamingResponse:
    """Download the ledger of a batch: every answer that was paid or may have been, with its tokens and exact cost."""
    head = {"Content-Disposition": f'attachment; filename="calls.{form.value}"'}
    if form is LedgerForm.CSV:
        rows = ledger_service.calls_as_csv(service, user, batch_id)
        return StreamingResponse(rows, media_type=_CSV, headers=head)
    lines = ledger_service.calls_as_json_lines(service, user, batch_id)
    return StreamingResponse(lines, media_type=_JSON_LINES, headers=head)
