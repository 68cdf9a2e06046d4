"""`lora-pipeline costs`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.wording import day, usd

if TYPE_CHECKING:
    from datetime import date

    from pipeline.contract.cost_values import CostSummary, MonthBudget


def costs(
    period: Annotated[str, typer.Option(metavar="PERIOD", help="The last week, month (30 days) or year.")] = "month",
    since: Annotated[str | None, typer.Option(metavar="DAY", help="From this day on, as 2026-11-01 (UTC).")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Up to the end of this day; else up to now.")] = None,
    owner: Owner = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what trainings did cost, in all and by day, dataset, model and provider, and what is left of the budget."""
    from pipeline.clock import utc_now
    from pipeline.flow.budgets import month_of
    from pipeline.flow.spending import PERIODS, month_budget, summary, window

    settings = current_settings()
    chosen = next((each for each in PERIODS if each == period), None)
    if chosen is None:
        raise UsageError(f"--period: expected one of {', '.join(PERIODS)}, found {period!r}")
    user, now = owner or settings.default_owner, utc_now()
    begin, end = window(now, chosen, _day("--since", since), _day("--until", until))
    with open_catalog(settings) as catalog:
        found = catalog.spending(user, begin, end)
        records = catalog.costs_of(sorted({each.job_id for each in found}))
        committed = catalog.committed_nano_usd(user, month_of(now))
    budget = month_budget(month_of(now), settings.budget_per_month_usd or None, committed)
    shown = summary(begin, end, found, records, budget)
    if as_json:
        typer.echo(shown.model_dump_json())
    else:
        _print(shown)


def _print(shown: "CostSummary") -> None:
    whole = f"{usd(shown.total_usd)} from {day(shown.since.date())} to {day(shown.until.date())}"
    print_fields([("trainings did cost", whole), ("the budget of the month", _budget(shown.budget))])
    shares = (("dataset", shown.by_dataset), ("model", shown.by_model), ("provider", shown.by_provider))
    for what, listed in shares:
        print_table((what, "cost_usd"), [(each.name, each.cost_usd) for each in listed])
    print_table(("day", "cost_usd"), [(str(each.day), each.cost_usd) for each in shown.by_day])
    rows = [
        (each.job_name, each.cost_usd, each.estimate_usd.expected if each.estimate_usd else None, each.source)
        for each in shown.records
    ]
    print_table(("training", "cost_usd", "expected", "source"), rows)


def _budget(budget: "MonthBudget") -> str:
    committed = f"{usd(budget.committed_usd)} spent or under way"
    if budget.limit_usd is None or budget.left_usd is None:
        return f"no limit; {committed}"
    return f"{usd(budget.left_usd)} of {usd(budget.limit_usd)} left; {committed}"


def _day(option: str, text: str | None) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{option}: expected a day as 2026-11-01, found {text!r}") from None
