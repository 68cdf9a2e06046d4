"""`/healthz`: whether the service and what it depends on answer, for load balancers; no token needed."""

from typing import Literal

from fastapi import APIRouter

from pipeline.service.answers import Answer, Value
from pipeline.service.service import CurrentService

router = APIRouter(tags=["health"])


class Health(Value):
    """All is well; otherwise the answer is a 503."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
def health(service: CurrentService) -> Answer[Health]:
    """Ask the catalog for something small."""
    service.catalog.ping()
    return Answer(data=Health())
