"""`/api/ignored`: files that lie in one's folder of the store and become no dataset."""

from typing import Annotated

from fastapi import APIRouter, Query

from pipeline.contract.http_answers import Answer
from pipeline.contract.values import IgnoredList
from pipeline.service.dataset_service import MAX_LIMIT
from pipeline.service.service import CurrentService
from pipeline.service.shown_ignored import list_ignored
from pipeline.service.users import CurrentUser

router = APIRouter(tags=["uploads"])


@router.get("/api/ignored")
def get_ignored(
    service: CurrentService,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Answer[IgnoredList]:
    """List files that somebody put into your folder of the store and that become no dataset: why, and what to do."""
    return Answer(data=list_ignored(service, user, page=page, limit=limit))
