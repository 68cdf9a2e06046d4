"""What trainings did cost, summed: in all, by day, dataset, model and provider, beside what was expected.

Sums are of whole billionths of a US dollar. Where the rows come from is each caller's own.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

from pipeline.contract.cost_values import CostOfDay, CostShare, CostSummary, MonthBudget, SpendingRecord
from pipeline.contract.estimate_values import EstimatedRange
from pipeline.errors import UsageError
from pipeline.state.catalog.costs import NANO, Spending, newest
from pipeline.state.catalog.job_records import CostRecord

Period = Literal["week", "month", "year"]
PERIODS: tuple[Period, ...] = get_args(Period)
DAYS: dict[Period, int] = {"week": 7, "month": 30, "year": 365}
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_NOBODY = "not known"


def window(now: datetime, period: Period, since: date | None, until: date | None) -> tuple[datetime, datetime]:
    """From when, before when.

    Raises:
        UsageError: it ends before it begins.
    """
    end = now
    if until is not None:
        end = datetime.combine(until, time.max, UTC)
    begin = datetime.combine(since, time.min, UTC) if since else max(_FIRST, end - timedelta(days=DAYS[period]))
    if begin > end:
        raise UsageError(f"since: expected a day before {end.date()}, found {begin.date()}")
    return begin, end


def summary(
    since: datetime,
    until: datetime,
    found: Sequence[Spending],
    costs: Mapping[str, Sequence[CostRecord]],
    budget: MonthBudget,
) -> CostSummary:
    """The sums of what was spent. costs: the records of its jobs, by job."""
    total = sum(each.nano_usd or 0 for each in found)
    days: dict[date, int] = defaultdict(int)
    for each in found:
        days[each.created_at.date()] += each.nano_usd or 0
    return CostSummary(
        since=since,
        until=until,
        total_usd=total / NANO,
        total_nano_usd=total,
        by_day=[CostOfDay(day=day, cost_usd=days[day] / NANO, nano_usd=days[day]) for day in sorted(days)],
        by_dataset=_shares(found, lambda each: (each.dataset_id, each.dataset_name)),
        by_model=_shares(found, lambda each: (None, each.base_model)),
        by_provider=_shares(found, lambda each: (None, each.provider or _NOBODY)),
        records=[_record(each, estimated(newest(costs[each.job_id], "estimate"), "cost_usd")) for each in found],
        budget=budget,
    )


def month_budget(month: datetime, limit_usd: float | None, committed_nano_usd: int) -> MonthBudget:
    """What is left of a month's budget."""
    committed = committed_nano_usd / NANO
    return MonthBudget(
        month=month.date(),
        limit_usd=limit_usd,
        committed_usd=committed,
        committed_nano_usd=committed_nano_usd,
        left_usd=None if limit_usd is None else max(0.0, limit_usd - committed),
    )


def _shares(found: Sequence[Spending], key: Callable[[Spending], tuple[str | None, str]]) -> list[CostShare]:
    sums: dict[tuple[str | None, str], int] = defaultdict(int)
    for each in found:
        sums[key(each)] += each.nano_usd or 0
    dearest = sorted(sums.items(), key=lambda item: (-item[1], item[0][1]))
    return [CostShare(id=id_, name=name, cost_usd=nano / NANO, nano_usd=nano) for (id_, name), nano in dearest]


def _record(spending: Spending, estimate: EstimatedRange | None) -> SpendingRecord:
    others = {
        "cost_usd": None if spending.nano_usd is None else spending.nano_usd / NANO,
        "estimate_usd": estimate,
    }
    fields = {name: getattr(spending, name) for name in SpendingRecord.model_fields if name not in others}
    return SpendingRecord(**fields, **others)


def estimated(estimate: CostRecord | None, figure: str) -> EstimatedRange | None:
    """A figure of an estimate, as `cost_usd`; None where it is not known."""
    low, expected, high = (getattr(estimate, f"{figure}{bound}", None) for bound in ("_low", "", "_high"))
    if low is None or expected is None or high is None:
        return None
    return EstimatedRange(low=low, expected=expected, high=high)
