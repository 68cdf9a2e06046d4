"""`lora-pipeline generate start`, `pause`, `cancel`, `retry` and `settle`: what has a batch begin, go on, or end."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.asking import Yes, ask_first
from pipeline.cli.batch_options import Batch_, Budget, Reason, expected_cost, in_dollars, nano_of
from pipeline.cli.batch_work import follow
from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import current_settings, open_catalog, open_making
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.wording import count_of, nano_usd

if TYPE_CHECKING:
    from pipeline.flow.generation.making import Making
    from pipeline.generation.estimating import Range
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import Batch
    from pipeline.state.catalog.statuses import BatchStatus


def start(
    batch: Batch_,
    budget: Budget = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it to its end. Exit code 1: it was paused or cancelled.")
    ] = False,
    yes: Yes = False,
    owner: Owner = None,
) -> None:
    """Start a batch, or let it go on; says what it is expected to cost, and asks first. Dagster's daemon works on it.

    Without a budget nothing is started that costs money. Exit code 1: you said no.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.generation.planning import start as let_go_on

    settings = current_settings()
    with open_making(settings) as making:
        found = making.catalog.find_batch(owner or settings.default_owner, batch)
        wanted = nano_of(budget)
        if found.status in ("planned", "paused") or (found.status == "running" and wanted is not None):
            _ask(settings, making, found, wanted, is_sure=yes)
        started = let_go_on(making, found.id, found.user_id, wanted, utc_now())
        typer.echo(f"{started.id}: {started.status}")
        _tell_of_key(started)
        if wait:
            follow(making.catalog, started.id)
            return
    typer.echo(f"Dagster's daemon works on it; without one: lora-pipeline generate work {started.id} --wait", err=True)
    typer.echo(f"how it goes: lora-pipeline generate status {started.id}", err=True)


def pause(batch: Batch_, reason: Reason = None, owner: Owner = None) -> None:
    """Ask for nothing more until it is started again; what is under way at a provider comes, and is paid."""
    _move(batch, "paused", reason, owner)


def cancel(batch: Batch_, reason: Reason = None, owner: Owner = None) -> None:
    """End a batch for good; what is under way at a provider comes, and is paid, and what was written is for review."""
    _move(batch, "cancelled", reason, owner)


def retry(
    batch: Batch_,
    items: Annotated[
        str | None, typer.Option(metavar="N,…", help="Their numbers, as 3,7. Default: all that failed.")
    ] = None,
    yes: Yes = False,
    owner: Owner = None,
) -> None:
    """Draw items anew that failed, within the batch's budget; says what that is expected to cost, and asks first.

    One that has ended is under way again. Exit code 1: none of them failed, or you said no.
    """
    from pipeline.clock import utc_now

    settings = current_settings()
    with open_making(settings) as making:
        found = making.catalog.find_batch(owner or settings.default_owner, batch)
        numbers = _numbers(items)
        failed = making.catalog.progress_of(found.id).by_state.get("failed", 0)
        most = failed if numbers is None else min(failed, len(numbers))
        if most and _is_paid(making, found) and found.status != "paused":
            cost = _share_of(_estimate(settings, making, found), most, found.items)
            typer.echo(f"{count_of(most, 'item')} at most: {expected_cost(cost)}", err=True)
            ask_first("Draw them anew?", is_sure=yes)
        count = making.catalog.retry_items(found.id, numbers, found.user_id, utc_now())
        now = making.catalog.get_batch(found.id)
    if not count:
        complain(f"expected items of {found.id} that failed before anything was written, found none")
        raise typer.Exit(NOT_READY)
    typer.echo(f"{now.id}: {now.status}, {count_of(count, 'item')} drawn anew")
    if now.status == "paused":
        typer.echo(f"it goes on with: lora-pipeline generate start {now.id}", err=True)


def settle(
    submission: Annotated[str, typer.Argument(metavar="SUBMISSION", help="Its id, as `generate status` has it.")],
    adopt: Annotated[
        str | None, typer.Option(metavar="EXTERNAL_ID", help="The provider's batch of this id is this submission.")
    ] = None,
    nothing_sent: Annotated[
        bool, typer.Option("--nothing-sent", help="The provider has nothing of it: it is sent again.")
    ] = False,
    owner: Owner = None,
) -> None:
    """Say what became of requests that may be at the provider several times, or not at all; look there first."""
    from pipeline.clock import utc_now
    from pipeline.flow.generation.settling import settle as note

    if (adopt is None) is not nothing_sent:
        found = "both" if nothing_sent else "neither"
        raise UsageError(f"expected one of --adopt EXTERNAL_ID and --nothing-sent, found {found}")
    settings = current_settings()
    with open_catalog(settings) as catalog:
        batch = _batch_of(catalog, owner or settings.default_owner, submission)
        note(catalog, batch, submission, adopt, utc_now())
    typer.echo(f"{submission}: {f'is {adopt}' if adopt else 'is sent again'}")
    if batch.status == "paused":
        typer.echo(f"its batch goes on with: lora-pipeline generate start {batch.id}", err=True)


def _move(named: str, to: "BatchStatus", reason: str | None, owner: str | None) -> None:
    from pipeline.clock import utc_now

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.find_batch(user, named)
        moved = catalog.move_batch(found.id, to, utc_now(), reason, user)
        open_ones = catalog.submissions_of(found.id, only_open=True)
    typer.echo(f"{moved.id}: {moved.status}")
    if requests := sum(each.requests for each in open_ones):
        typer.echo(f"{count_of(requests, 'request')} under way, which may still be paid", err=True)


def _ask(settings: "Settings", making: "Making", batch: "Batch", wanted: int | None, *, is_sure: bool) -> None:
    """Say what it costs, and let a person say whether it may.

    Raises:
        UsageError: it costs money, and no budget bounds it.
    """
    if not _is_paid(making, batch):
        return
    budget = batch.budget_nano_usd if wanted is None else wanted
    cost = _estimate(settings, making, batch)
    spent = making.catalog.spending_of(batch.id).spent_nano_usd
    so_far = f"; {nano_usd(spent)} of it is spent" if spent else ""
    told = f"{count_of(batch.items, 'conversation')} of {batch.model}: {expected_cost(cost)}{so_far}"
    if budget <= 0:
        raise UsageError(f"--budget: expected what it may cost at most, found none; {told}")
    typer.echo(f"{told}; the budget is {in_dollars(budget)}", err=True)
    ask_first("Start it?", is_sure=is_sure)


def _is_paid(making: "Making", batch: "Batch") -> bool:
    from pipeline.flow.generation.planning import is_paid

    return is_paid(making, batch.provider, (batch.model, batch.annotating_model, batch.judging_model))


def _estimate(settings: "Settings", making: "Making", batch: "Batch") -> "Range":
    """Of all of the batch; what is spent is in it."""
    from pipeline.dataset.tokens import load_tokenizer
    from pipeline.flow.generation.batch_estimates import estimate_batch

    return estimate_batch(making, batch, load_tokenizer(settings.tokenizer)).nano_usd


def _share_of(cost: "Range", items: int, of_items: int) -> "Range":
    from pipeline.generation.estimating import Range

    return Range(*(each * items // max(1, of_items) for each in (cost.low, cost.expected, cost.high)))


def _tell_of_key(batch: "Batch") -> None:
    """The daemon may have it, where this terminal has not."""
    from pipeline.llm.backends import OTHER_KEY, place_of

    variable = place_of(batch.provider).key_variable
    if variable != OTHER_KEY and not os.environ.get(variable):
        typer.echo(f"warning: {variable} is not set here; whoever works on it needs it", err=True)


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise UsageError(f"--items: expected numbers with commas between, as 3,7, found {text!r}") from None


def _batch_of(catalog: "Catalog", user: str, submission: str) -> "Batch":
    from pipeline.clock import utc_now

    for batch in catalog.batches_to_work_on(utc_now()):
        if batch.user_id == user and any(each.id == submission for each in catalog.submissions_of(batch.id)):
            return batch
    raise UsageError(
        f"SUBMISSION: expected one that is under way, found {submission!r}; see lora-pipeline generate status"
    )
