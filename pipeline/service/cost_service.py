"""What a user's trainings did cost. How it is summed is in `flow/spending.py`."""

from datetime import date

from pipeline.contract.cost_values import CostSummary
from pipeline.flow.budgets import month_of
from pipeline.flow.spending import Period, month_budget, summary, window
from pipeline.service.service import Service
from pipeline.service.user import User


def summarise_costs(
    service: Service, user: User, period: Period, since: date | None, until: date | None
) -> CostSummary:
    """What was spent in the last days of a period, or from a day on, up to the end of another (UTC).

    Raises:
        UsageError: it ends before it begins.
    """
    access, month = service.access(user), month_of(service.now())
    begin, end = window(service.now(), period, since, until)
    found = access.spending(begin, end)
    costs = access.costs_of(sorted({each.job_id for each in found}))
    limit = service.settings.budget_per_month_usd or None
    return summary(begin, end, found, costs, month_budget(month, limit, access.committed_nano_usd(month)))
