"""`/api/conversations`: conversations that were made, read, reviewed and edited by a person."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationEdit,
    ConversationList,
    ReviewedConversations,
    WantedReview,
    WantedReviews,
)
from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.service import conversation_service
from pipeline.service.conversation_service import MAX_LIMIT
from pipeline.service.routes.route_parameters import ConversationId, PageNumber
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.state.catalog.statuses import ConversationStatus, QualityTier

router = APIRouter(prefix="/api/conversations", tags=["conversations"])
_JSON, _JSON_LINES = "application/json", "application/jsonl"
Named = Annotated[str | None, Query(max_length=200)]


def meant(
    batch_id: Annotated[str | None, Query(max_length=200, description="Only those of this batch.")] = None,
    persona: Named = None,
    arc: Named = None,
    topic: Named = None,
    tier: Named = None,
    quality_tier: QualityTier | None = None,
    status: ConversationStatus | None = None,
    score_min: Annotated[
        float | None,
        Query(ge=1, le=5, allow_inf_nan=False, description="Those that were not judged do not fit."),
    ] = None,
    finding: Annotated[str | None, Query(max_length=200, description="A code, as in docs/findings.md.")] = None,
    text: Annotated[str | None, Query(max_length=200, description="A piece of the title, in any case.")] = None,
) -> MadeQuery:
    """Which conversations are meant; what is left out asks for nothing."""
    return MadeQuery(batch_id, persona, arc, topic, tier, quality_tier, status, score_min, finding, text)


Meant = Annotated[MadeQuery, Depends(meant)]


@router.get("")
def list_conversations(
    service: CurrentService,
    user: CurrentUser,
    query: Meant,
    page: PageNumber = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Answer[ConversationList]:
    """List the made conversations that you may see and that are meant, newest first."""
    return Answer(data=conversation_service.list_conversations(service, user, query, page=page, limit=limit))


@router.get(
    "/export",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses={200: {"content": {_JSON_LINES: {"schema": {"type": "string"}}}}},
)
def export_conversations(service: CurrentService, user: CurrentUser, query: Meant) -> StreamingResponse:
    """Download all that are meant: a row of the native format a line, with what is known of each and its turns."""
    lines = conversation_service.export_conversations(service, user, query)
    head = {"Content-Disposition": 'attachment; filename="conversations.jsonl"'}
    return StreamingResponse(lines, media_type=_JSON_LINES, headers=head)


@router.post("/review", responses=CONFLICT)
def review_conversations(
    service: CurrentService, user: CurrentUser, said: WantedReviews
) -> Answer[ReviewedConversations]:
    """Approve or reject all that are meant at once, if they are as many as you were shown."""
    return Answer(data=conversation_service.review_conversations(service, user, said))


@router.get("/{conversation_id}", responses=MISSING)
def show_conversation(
    service: CurrentService,
    user: CurrentUser,
    conversation_id: ConversationId,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="One of its versions; else the newest.")
    ] = None,
) -> Answer[ConversationDetails]:
    """Show a conversation with all that is known of it: findings, judgement, versions, reviews, training files."""
    return Answer(data=conversation_service.show_conversation(service, user, conversation_id, version))


@router.get("/{conversation_id}/raw.json", responses=MISSING)
def download_raw(service: CurrentService, user: CurrentUser, conversation_id: ConversationId) -> Response:
    """Download a conversation's turns alone."""
    return _file(conversation_service.raw_file(service, user, conversation_id), f"{conversation_id}.raw.json")


@router.get("/{conversation_id}/enriched.json", responses=MISSING)
def download_enriched(service: CurrentService, user: CurrentUser, conversation_id: ConversationId) -> Response:
    """Download a conversation with all that is known of it, as brightrun-lora-v4 has one."""
    return _file(conversation_service.enriched_file(service, user, conversation_id), f"{conversation_id}.enriched.json")


@router.post("/{conversation_id}/review", responses=MISSING | CONFLICT)
def review_conversation(
    service: CurrentService, user: CurrentUser, conversation_id: ConversationId, said: WantedReview
) -> Answer[ConversationDetails]:
    """Approve or reject the version that you read. One with errors is edited before it is approved."""
    return Answer(data=conversation_service.review_conversation(service, user, conversation_id, said))


@router.post("/{conversation_id}/edit", responses=MISSING | CONFLICT)
def edit_conversation(
    service: CurrentService, user: CurrentUser, conversation_id: ConversationId, said: ConversationEdit
) -> Answer[ConversationDetails]:
    """Make another version of the one that you read. It is screened anew, and its judgement is stale from then on."""
    return Answer(data=conversation_service.edit_conversation(service, user, conversation_id, said))


def _file(content: bytes, name: str) -> Response:
    head = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=_JSON, headers=head)
