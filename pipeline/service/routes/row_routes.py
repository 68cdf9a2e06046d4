"""`/api/datasets/{id}/rows`: the rows of a dataset, accepted and rejected."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.row_values import MAX_ROWS, RejectedPage, RowPage, RowQuery
from pipeline.service import row_service
from pipeline.service.routes.route_parameters import DatasetId, PageNumber
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/datasets/{dataset_id}/rows", tags=["datasets"])
Limit = Annotated[int, Query(ge=1, le=MAX_ROWS)]


class PageOfRows(RowQuery):
    """Which rows, and which page of them."""

    page: PageNumber = 1
    limit: Limit = row_service.PAGE_ROWS
    after: Annotated[int, Query(ge=0, le=2**62, description="Of a language: behind this row.")] = 0


@router.get("", responses=MISSING | CONFLICT)
async def list_rows(
    service: CurrentService, user: CurrentUser, dataset_id: DatasetId, asked: Annotated[PageOfRows, Query()]
) -> Answer[RowPage]:
    """Look at the accepted rows of a dataset, in the order of the file."""
    query = RowQuery(**asked.model_dump(include=set(RowQuery.model_fields)))
    place = {"page": asked.page, "limit": asked.limit, "after": asked.after}
    look = partial(row_service.list_rows, service, user, dataset_id, query, **place)
    return Answer(data=await to_thread.run_sync(look, limiter=service.row_readers))


@router.get("/rejected", responses=MISSING | CONFLICT)
async def list_rejected_rows(
    service: CurrentService,
    user: CurrentUser,
    dataset_id: DatasetId,
    finding: Annotated[str | None, Query(max_length=100, description="Only those with a finding of this code.")] = None,
    page: PageNumber = 1,
    limit: Limit = row_service.PAGE_ROWS,
) -> Answer[RejectedPage]:
    """Look at the rejected rows of a dataset as they stand in the upload, with what is wrong marked."""
    look = partial(row_service.list_rejected_rows, service, user, dataset_id, finding, page=page, limit=limit)
    return Answer(data=await to_thread.run_sync(look, limiter=service.row_readers))
