"""What trainings may cost: checked on the upper estimate before one starts, and on the meter while it runs."""

from datetime import datetime

from pipeline.catalogues.by_name import find_gpu, find_price
from pipeline.catalogues.prices import PriceKind
from pipeline.catalogues.reading import load_prices
from pipeline.errors import Conflicting, UsageError
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.catalog.notices import Notice
from pipeline.state.catalog.statuses import LauncherName
from pipeline.wording import usd

WARNED_AT = 0.8
"""Share of a budget at which its owner is told."""
_AWS = "AWS"
_OVERRIDE = "give a reason to start it all the same, or raise the budget"


def hourly_price(
    settings: Settings, launcher: LauncherName, job: Job, estimate: CostRecord | None
) -> tuple[float | None, str | None]:
    """US dollars that an hour of a GPU counts there, and whose price that is."""
    if launcher == "local":
        return settings.local_price_per_gpu_hour, "this machine"
    if launcher == "hosted":
        return None, estimate.provider if estimate else None
    if launcher == "sagemaker":
        return settings.sagemaker_price_per_gpu_hour or _aws_price(settings, job, estimate), _AWS
    if launcher == "kubernetes" and settings.kubernetes_price_per_gpu_hour:
        return settings.kubernetes_price_per_gpu_hour, "your cluster"
    if estimate is None or estimate.price_currency not in (None, "USD"):
        return None, None
    return estimate.price_per_gpu_hour, estimate.provider


def _aws_price(settings: Settings, job: Job, estimate: CostRecord | None) -> float | None:
    kind: PriceKind = "spot" if estimate and estimate.price_kind == "spot" else "on-demand"
    try:
        gpu = find_gpu(job.gpu, settings.gpus_file)
    except UsageError:  # taken out of the catalogue since
        return None
    found = find_price(load_prices(settings.prices_file), gpu, kind, _AWS)
    return found.per_gpu_hour if found and found.currency == "USD" else None


def upper_usd(job: Job, estimate: CostRecord | None, price: float | None) -> float | None:
    """The most that a training is expected to cost at a price; None where that is not known."""
    if price == 0:
        return 0.0
    if estimate is None or price is None or estimate.hours_high is None:
        return None if estimate is None else estimate.cost_usd_high
    return estimate.hours_high * job.gpu_count * price


def check_budgets(
    catalog: Catalog,
    settings: Settings,
    job: Job,
    estimate: CostRecord | None,
    price: float | None,
    budget_usd: float | None,
    now: datetime,
) -> None:
    """Insist that a training stays within its budget and its owner's of the month.

    Raises:
        Conflicting: it may cost more, or nobody knows what.
    """
    month = settings.budget_per_month_usd
    if budget_usd is None and not month:
        return
    upper = upper_usd(job, estimate, price)
    if upper is None:
        raise Conflicting(
            f"expected a training whose cost is known, found none for {job.id}, and a budget: {_OVERRIDE}"
        )
    if budget_usd is not None and upper > budget_usd:
        raise Conflicting(
            f"expected a training of at most {usd(budget_usd)}, found one that may cost {usd(upper)}: {_OVERRIDE}"
        )
    if month and upper:
        committed = catalog.committed_nano_usd(job.user_id, month_of(now)) / NANO
        if committed + upper > month:
            raise Conflicting(
                f"expected at most {usd(month)} a month, found {usd(committed)} spent or under way, and {usd(upper)} "
                f"that this training may cost: {_OVERRIDE}"
            )


def spent_nano_usd(catalog: Catalog, user_id: str, since: datetime) -> int:
    """What a user's trainings that have ended, and asking models, did cost since then, in billionths of a US dollar."""
    trained = sum(each.nano_usd or 0 for each in catalog.spending(user_id, since))
    return trained + catalog.made_nano_usd(user_id, since)


def month_of(now: datetime) -> datetime:
    """When the month began (UTC)."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def hours_of(attempt: Attempt, now: datetime) -> float:
    """Hours that an attempt trained, up to its end, or to when it was last heard of where it is lost."""
    if attempt.started_at is None:
        return 0.0
    until = attempt.ended_at or (attempt.heartbeat_at if attempt.state == "lost" else now) or now
    return max(0.0, (until - attempt.started_at).total_seconds() / 3600)


def metered_nano_usd(attempt: Attempt, now: datetime) -> int:
    """What an attempt cost up to now by its hours, in billionths of a US dollar; without a price as it was told."""
    if attempt.price_per_gpu_hour is None:
        return attempt.metered_nano_usd
    return round(hours_of(attempt, now) * attempt.gpu_count * attempt.price_per_gpu_hour * NANO)


def known_nano_usd(attempt: Attempt, now: datetime) -> int | None:
    """The same; None where nobody knows what it costs."""
    is_known = attempt.price_per_gpu_hour is not None or attempt.metered_nano_usd > 0
    return metered_nano_usd(attempt, now) if is_known else None


def within_budgets(catalog: Catalog, settings: Settings, attempt: Attempt, nano_usd: int, now: datetime) -> None:
    """Tell the owner at four fifths of a budget; at all of it ask for the training's end, unless it may cost more."""
    limits = [("its budget", attempt.budget_usd, nano_usd / NANO)]
    if settings.budget_per_month_usd and nano_usd:
        limits.append(("the budget of the month", settings.budget_per_month_usd, _spent(catalog, attempt, now)))
    for what, budget, spent in limits:
        if budget is None or spent < WARNED_AT * budget:
            continue
        is_over = spent >= budget
        ends = is_over and attempt.over_budget_reason is None
        said = f"The training cost {usd(spent)} of {usd(budget)}, {what}."
        notice = Notice(
            "budget_reached",
            f"{attempt.id}:{what}:{'all' if is_over else 'most'}",
            f"Training of {attempt.job_id}: {'all' if is_over else 'most'} of {what} is spent",
            f"{said} It is asked to end." if ends else said,
            attempt.job_id,
        )
        catalog.tell_of_attempt(attempt, notice, now)
        if ends and attempt.cancel_requested_at is None:
            catalog.ask_to_cancel(attempt.id, attempt.user_id, "budget", now, f"{what} is spent")


def _spent(catalog: Catalog, attempt: Attempt, now: datetime) -> float:
    live = [each for each in catalog.attempts_to_watch() if each.user_id == attempt.user_id]
    spent = spent_nano_usd(catalog, attempt.user_id, month_of(now))
    return (spent + sum(metered_nano_usd(each, now) for each in live)) / NANO
