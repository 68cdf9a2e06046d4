"""`/api/costs`."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from pipeline.contract.cost_values import CostSummary
from pipeline.contract.http_answers import Answer
from pipeline.flow.spending import Period
from pipeline.service.cost_service import summarise_costs
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/costs", tags=["costs"])


@router.get("")
def show_costs(
    service: CurrentService,
    user: CurrentUser,
    period: Annotated[Period, Query(description="The last 7, 30 or 365 days.")] = "month",
    since: Annotated[date | None, Query(description="From this day on (UTC), instead of a period.")] = None,
    until: Annotated[date | None, Query(description="Up to the end of this day (UTC); else up to now.")] = None,
) -> Answer[CostSummary]:
    """Show what trainings did cost, in all and by day, dataset, model and provider, and what is left of the budget."""
    return Answer(data=summarise_costs(service, user, period, since, until))
