"""`/healthz`: whether the service and what it depends on answer, for load balancers; no token needed.

`/livez` asks nothing of the others: who restarts a service because its database is away has two outages.
"""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse

from pipeline.contract.http_answers import Answer, Value
from pipeline.service.error_answers import RETRY_AFTER_S, problem
from pipeline.service.health_of_parts import ENGINE
from pipeline.service.service import CurrentService

router = APIRouter(tags=["health"])


class Health(Value):
    """Store, catalog and lake answer; otherwise the answer is a 503 that names those that do not."""

    status: Literal["ok", "degraded"] = Field(
        description="`degraded`: uploads are taken, but not validated at present, or large ones are not."
    )
    daemon: Literal["ok", "silent"] = Field(description="`silent`: Dagster's daemon has not looked for minutes.")
    daemon_looked_at: datetime | None = Field(description="When it last looked for uploads.")
    engine: Literal["ok", "down"] | None = Field(
        description="`down`: the cluster that reads large uploads does not answer; null where there is none."
    )


class Alive(Value):
    """The process answers, whatever the parts do that it depends on."""

    status: Literal["ok"] = Field(description="Always `ok`: that there is an answer is what one wants to know.")


@router.get("/livez")
async def alive() -> Answer[Alive]:
    """Answer at once, and ask nobody."""
    return Answer(data=Alive(status="ok"))


@router.get("/healthz", response_model=Answer[Health])
async def health(request: Request, service: CurrentService) -> Answer[Health] | JSONResponse:
    """Ask store, catalog and lake for something small; an answer stands for some seconds."""
    state = await service.health.current()
    if state.down:
        sentence = f"no answer from: {', '.join(state.down)}; the service's log says why"
        answer = problem(request, 503, "part-down", sentence, [])
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    engine: Literal["ok", "down"] = "down" if ENGINE in state.problems else "ok"
    return Answer(
        data=Health(
            status="degraded" if state.is_degraded else "ok",
            daemon="silent" if state.is_daemon_silent else "ok",
            daemon_looked_at=state.looked_at,
            engine=engine if state.has_cluster else None,
        )
    )
