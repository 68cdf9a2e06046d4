"""`/api/datasets`: lists, details, deletion, the card."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.values import DatasetDetails, DatasetPage, DatasetSummary, FieldMapping
from pipeline.service import dataset_service
from pipeline.service.card_service import card_page
from pipeline.service.dataset_service import MAX_LIMIT, MAX_SEARCH_CHARACTERS
from pipeline.service.routes.route_parameters import DatasetId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import Status

router = APIRouter(prefix="/api/datasets", tags=["datasets"])


@router.get("")
def list_datasets(
    service: CurrentService,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    status: Annotated[Status | None, Query(description="Only those of this status.")] = None,
    search: Annotated[
        str | None, Query(max_length=MAX_SEARCH_CHARACTERS, description="A piece of the name, in any case.")
    ] = None,
) -> Answer[DatasetPage]:
    """List the datasets that you may see, newest first, with their statistics."""
    return Answer(
        data=dataset_service.list_datasets(service, user, status=status, search=search, page=page, limit=limit)
    )


@router.get("/{dataset_id}", responses=MISSING)
def show_dataset(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[DatasetDetails]:
    """Show all that is known of a dataset."""
    return Answer(data=dataset_service.show_dataset(service, user, dataset_id))


@router.delete("/{dataset_id}", responses=MISSING)
def delete_dataset(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[DatasetSummary]:
    """Take a dataset out of the lists. Its files stay, and it can be restored."""
    return Answer(data=dataset_service.delete_dataset(service, user, dataset_id))


@router.put("/{dataset_id}/mapping", responses=MISSING | CONFLICT)
def set_mapping(
    service: CurrentService, user: CurrentUser, dataset_id: DatasetId, said: FieldMapping
) -> Answer[DatasetDetails]:
    """Say how a dataset's fields are read; it is validated again. Null: by what is recognised."""
    return Answer(data=dataset_service.set_mapping(service, user, dataset_id, said.mapping))


@router.post("/{dataset_id}/restore", responses=MISSING)
def restore_dataset(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[DatasetSummary]:
    """Bring a deleted dataset back into the lists."""
    return Answer(data=dataset_service.restore_dataset(service, user, dataset_id))


@router.post("/{dataset_id}/retry", responses=MISSING | CONFLICT)
def retry_dataset(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> Answer[DatasetSummary]:
    """Validate a dataset again: one that has a verdict, or one that failed, without waiting for its next try."""
    return Answer(data=dataset_service.retry_dataset(service, user, dataset_id))


@router.get(
    "/{dataset_id}/card",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | CONFLICT | {200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
def show_card(service: CurrentService, user: CurrentUser, dataset_id: DatasetId) -> HTMLResponse:
    """Show the card of a dataset that has a verdict: one page that needs nothing else."""
    return card_page(service, user, dataset_id)
