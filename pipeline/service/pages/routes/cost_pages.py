"""What trainings did cost."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipeline.flow.budgets import month_of, spent_nano_usd
from pipeline.service.pages.cost_page import PERIODS, Budget, cost_page, since_of
from pipeline.service.pages.framing import framed
from pipeline.service.pages.origin import making_said
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(route_class=PageRoute)


@router.get("/costs")
def show_costs(request: Request, service: CurrentService, user: CurrentUser, period: str = "") -> HTMLResponse:
    """One's own trainings of a period; one that does not exist means this month."""
    access, now = service.access(user), service.now()
    chosen = period if period in PERIODS else ""
    spendings = access.spending(since_of(chosen, now))
    jobs = sorted({each.job_id for each in spendings})
    budget = Budget(
        limit_usd=service.settings.budget_per_month_usd,
        spent_nano_usd=spent_nano_usd(access.own_catalog, user.id, month_of(now)),
        committed_nano_usd=access.committed_nano_usd(month_of(now)),
    )
    datasets = sorted({each.dataset_id for each in spendings})
    making = making_said(service.made(user).readable.training_files_of_datasets(datasets).values())
    page = cost_page(chosen, spendings, access.costs_of(jobs), access.attempts_of(jobs), budget, now, making)
    return framed(request, service, user, "costs", "costs", page=page)
