"""What trainings did cost: in all and beside what was expected, by what they were of, by day, and within the budget.

Sums are whole billionths of a US dollar, as they are billed; they become words here, and nothing is added after that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from urllib.parse import quote

from pipeline.card.charts import Bar, bars
from pipeline.flow.budgets import month_of
from pipeline.service.pages.attempt_figures import expected_usd
from pipeline.service.pages.curves import HEIGHT, WIDTH, Scale, linear
from pipeline.service.pages.dataset_card import When, when
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import NANO, Spending, newest
from pipeline.state.catalog.job_records import CostRecord
from pipeline.wording import day, number, percent, span, usd

PERIODS = {"": "This month", "week": "7 days", "month": "30 days", "year": "365 days", "all": "All"}
_DAYS = {"week": 7, "month": 30, "year": 365}
_MOST_DAYS = 62  # columns that can be told apart; what is longer is shown by month
_MOST_ROWS = 200
_GAP = 0.2  # between two columns, as a share of one


@dataclass(frozen=True, slots=True)
class Period:
    """A choice of the page."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The sum of some of the trainings."""

    label: str
    amount: str
    share: str
    length: float
    """Percent of the largest."""


@dataclass(frozen=True, slots=True)
class Column:
    """The sum of a day, or of a month, as a path."""

    said: str
    path: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Sums over time."""

    title: str
    columns: tuple[Column, ...]
    ys: tuple[str, ...]
    """Labels from the top down."""
    grid: tuple[float, ...]
    """Where they stand."""
    xs: tuple[str, ...]
    said: str
    """For who does not see it."""


@dataclass(frozen=True, slots=True)
class BudgetMeter:
    """The budget of the month as a bar; lengths in percent of the wider of it and what may be spent."""

    tone: str
    said: str
    note: str
    spent: float
    committed: float
    budget: float


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one training did cost beside what was expected."""

    url: str
    job: str
    dataset: str
    model: str
    provider: str
    took: str
    amount: str
    expected: str
    off: str
    """How far apart they are, where it ran to its end."""
    is_over: bool
    at: When


@dataclass(frozen=True, slots=True)
class CostPage:
    """The page."""

    periods: tuple[Period, ...]
    total: str
    """Of all trainings of the period."""
    count: int
    hours: str
    expected: str
    """Of those that ran to their end."""
    off: str
    """Of those that ran to their end."""
    meter: BudgetMeter | None
    parts: tuple[tuple[str, tuple[Part, ...]], ...]
    columns: Columns | None
    lines: tuple[CostLine, ...]
    making: str
    """What the rows did cost that were made here, in words, empty of others; it is beside all sums."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Of the calendar month."""

    limit_usd: float
    """0 for none; committed: spent, and what those under way may cost at the most."""
    spent_nano_usd: int
    committed_nano_usd: int


def since_of(period: str, now: datetime) -> datetime | None:
    """When a period began; None for all time."""
    if period == "all":
        return None
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=_DAYS[period] - 1) if period in _DAYS else month_of(now)


def cost_page(
    period: str,
    spendings: Sequence[Spending],
    costs: Mapping[str, Sequence[CostRecord]],
    attempts: Mapping[str, Sequence[Attempt]],
    budget: Budget,
    now: datetime,
    making: str = "",
) -> CostPage:
    """The page. spendings: of the period, newest first; costs, attempts: of their jobs; making: of their rows."""
    planned = [_planned(each, costs, attempts) for each in spendings]
    both = [(each.nano_usd or 0, plan) for each, plan in zip(spendings, planned, strict=True)]
    paid_whole = sum(paid for paid, plan in both if plan.is_whole)
    planned_whole = sum(plan.nano_usd for _, plan in both if plan.is_whole)
    return CostPage(
        periods=tuple(
            Period(label, f"/costs?period={name}" if name else "/costs", name == period)
            for name, label in PERIODS.items()
        ),
        total=_usd(sum(paid for paid, _ in both)),
        count=len(spendings),
        hours=span(sum(each.hours or 0.0 for each in spendings)),
        expected=_usd(planned_whole) if planned_whole else "",
        off=_off(paid_whole, planned_whole),
        meter=_meter(budget),
        parts=_parts(spendings),
        columns=_columns(period, spendings, now),
        lines=tuple(
            _line(each, plan, now) for each, plan in zip(spendings[:_MOST_ROWS], planned[:_MOST_ROWS], strict=True)
        ),
        making=making,
    )


def _usd(nano_usd: int) -> str:
    return usd(nano_usd / NANO)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What a training was expected to cost."""

    said: str
    nano_usd: int
    most_nano_usd: int
    is_whole: bool
    """It ran to its end and has a price, so that both compare."""


def _planned(
    spending: Spending, costs: Mapping[str, Sequence[CostRecord]], attempts: Mapping[str, Sequence[Attempt]]
) -> _Planned:
    attempt = next((each for each in attempts[spending.job_id] if each.id == spending.attempt_id), None)
    low, middle, high = expected_usd(attempt, newest(costs[spending.job_id], "estimate")) or (0.0, 0.0, 0.0)
    is_done = attempt is None or attempt.state == "completed"
    return _Planned(
        said=f"{usd(low)} to {usd(high)}" if high else "–",
        nano_usd=round(middle * NANO),
        most_nano_usd=round(high * NANO),
        is_whole=is_done and spending.nano_usd is not None and middle > 0,
    )


def _off(paid: int, planned: int) -> str:
    """How far what was paid is from what was planned, in words."""
    if not planned:
        return ""
    share = (paid - planned) / planned
    if abs(share) < 0.005:
        return "as expected"
    if share >= 1:
        return f"{number(round(1 + share, 1))} times as much"
    return f"{percent(abs(share), 0)} {'more' if share > 0 else 'less'}"


def _meter(budget: Budget) -> BudgetMeter | None:
    if not budget.limit_usd:
        return None
    limit = round(budget.limit_usd * NANO)
    spent, committed = budget.spent_nano_usd, max(budget.committed_nano_usd, budget.spent_nano_usd)
    whole = max(limit, committed) / 100
    under_way = (
        f"{_usd(committed - spent)} more that trainings and conversations under way may cost"
        if committed > spent
        else ""
    )
    left = f"{_usd(limit - committed)} left" if committed < limit else f"{_usd(committed - limit)} over"
    return BudgetMeter(
        tone="bad" if spent >= limit else "warning" if committed >= 0.8 * limit else "good",
        said=f"{_usd(spent)} of {_usd(limit)}",
        note=", ".join(each for each in (under_way, left) if each),
        spent=round(spent / whole, 2),
        committed=round(committed / whole, 2),
        budget=round(limit / whole, 2),
    )


def _parts(spendings: Sequence[Spending]) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    kinds: tuple[tuple[str, Callable[[Spending], str]], ...] = (
        ("By dataset", lambda each: each.dataset_name),
        ("By base model", lambda each: each.base_model),
        ("By provider", lambda each: each.provider or "not known"),
    )
    return tuple((title, tuple(_part(bar) for bar in bars(_sums(spendings, key)))) for title, key in kinds)


def _sums(spendings: Sequence[Spending], key: Callable[[Spending], str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in spendings:
        sums[key(each)] = sums.get(key(each), 0) + (each.nano_usd or 0)
    return sums


def _part(bar: Bar) -> Part:
    return Part(bar.label, _usd(bar.value), percent(bar.share, 0), bar.length)


def _columns(period: str, spendings: Sequence[Spending], now: datetime) -> Columns | None:
    since = since_of(period, now) or min((each.created_at for each in spendings), default=now)
    if not any(each.nano_usd for each in spendings):
        return None
    by_month = (now - since).days >= _MOST_DAYS
    begins = _months(since.date(), now.date()) if by_month else _days(since.date(), now.date())
    sums = dict.fromkeys(begins, 0)
    for each in spendings:
        at = each.created_at.date()
        sums[at.replace(day=1) if by_month else at] += each.nano_usd or 0
    scale = linear(0.0, max(sums.values()) / NANO)
    said = [day(begin).split(" ", 1)[1] if by_month else day(begin).rpartition(" ")[0] for begin in begins]
    amounts = [_usd(sums[begin]) for begin in begins]
    top = max(range(len(begins)), key=lambda place: sums[begins[place]])
    return Columns(
        title="By month" if by_month else "By day",
        columns=tuple(
            Column(f"{said[place]}: {amounts[place]}", _path(place, len(begins), sums[begin] / NANO, scale))
            for place, begin in enumerate(begins)
            if sums[begin]
        ),
        ys=tuple(_tick(tick, scale) for tick in reversed(scale.ticks)),
        grid=scale.grid,
        xs=(said[0], said[-1]) if len(said) > 1 else (said[0],),
        said=f"Cost {'by month' if by_month else 'by day'} from {day(begins[0])}: most {amounts[top]}, {said[top]}",
    )


def _tick(value: float, scale: Scale) -> str:
    """In whole dollars or whole cents, where all labels are; parts of a cent as they are."""
    if all(tick == round(tick) for tick in scale.ticks):
        return f"${value:,.0f}"
    return f"${value:.2f}" if all(round(tick, 2) == round(tick, 9) for tick in scale.ticks) else f"${value:g}"


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _months(first: date, last: date) -> list[date]:
    days = [first.replace(day=1), *_days(first, last)]
    return [days[0], *(after for before, after in pairwise(days) if after.month != before.month)]


def _path(place: int, places: int, amount: float, scale: Scale) -> str:
    width = WIDTH / places
    left, y = round(width * (place + _GAP / 2), 1), min(scale.y(amount), HEIGHT - 2.0)  # what was paid is seen
    return f"M{left} {HEIGHT}V{y}h{round(width * (1 - _GAP), 1)}V{HEIGHT}z"


def _line(spending: Spending, planned: _Planned, now: datetime) -> CostLine:
    number = spending.attempt_id.rpartition(".")[2] if spending.attempt_id else ""
    paid = spending.nano_usd
    return CostLine(
        url=f"/jobs/{quote(spending.job_id)}" + (f"?attempt={number}" if number.isdecimal() else ""),
        job=spending.job_name,
        dataset=spending.dataset_name,
        model=spending.base_model,
        provider=spending.provider or "–",
        took="–" if spending.hours is None else span(spending.hours),
        amount="–" if paid is None else _usd(paid),
        expected=planned.said,
        off=_off(paid, planned.nano_usd) if planned.is_whole and paid is not None else "",
        is_over=paid is not None and paid > planned.most_nano_usd > 0,
        at=when(spending.created_at, now),
    )
