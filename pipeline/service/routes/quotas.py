"""`/api/quota`: how much room one has, for who wants to know before an upload."""

from fastapi import APIRouter

from pipeline.contract.http_answers import Answer
from pipeline.contract.values import Quota
from pipeline.service.room_of_users import show_quota
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(tags=["uploads"])


@router.get("/api/quota")
def get_quota(service: CurrentService, user: CurrentUser) -> Answer[Quota]:
    """Show how many bytes your datasets have in all, and how many more they may have."""
    return Answer(data=show_quota(service, user))
