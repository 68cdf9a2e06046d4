"""`lora-pipeline generate work`, and how a batch is followed to its end."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.batch_options import Batch_
from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import current_settings, open_making
from pipeline.cli.job_watch import POLL_S, say
from pipeline.cli.owner import Owner
from pipeline.errors import ServiceError
from pipeline.safe_text import shown
from pipeline.wording import count_of, nano_usd, time_of_day

if TYPE_CHECKING:
    from pipeline.flow.generation.making import Making
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import Batch

LOOK_S = 15.0  # between two looks at a provider; a batch there takes minutes at least


def work(
    batch: Batch_,
    wait: Annotated[bool, typer.Option("--wait", help="Go on until it has ended, is paused or cancelled.")] = False,
    owner: Owner = None,
) -> None:
    """Do what is due of a batch now, in this process, as a run of Dagster's daemon would; for machines without one.

    Exit code 1: it is paused or cancelled.
    """
    settings = current_settings()
    with open_making(settings) as making:
        found = making.catalog.find_batch(owner or settings.default_owner, batch)
        while True:
            try:
                for said in _do_what_is_due(making, found.id):
                    typer.echo(shown(said))
            except ServiceError as error:
                if not wait:
                    raise
                typer.echo(shown(f"{found.id}: {error}"), err=True)
            now = making.catalog.get_batch(found.id)
            if now.status != "running" or not wait:
                break
            time.sleep(LOOK_S)
        typer.echo(live_line(making.catalog, now))
    _leave(now)


def follow(catalog: "Catalog", batch_id: str) -> None:
    """Say how it goes until it is not under way any more; leaves with exit code 1 where it is paused or cancelled."""
    told = ""
    while True:
        now = catalog.get_batch(batch_id)
        line = live_line(catalog, now)
        say(line, told)
        told = line
        if now.status != "running":
            break
        time.sleep(POLL_S)
    if sys.stdout.isatty():
        typer.echo()
    _leave(now)


def live_line(catalog: "Catalog", batch: "Batch") -> str:
    """How a batch goes, in one line."""
    from pipeline.state.catalog.statuses import ITEM_STATES

    counts, money = catalog.progress_of(batch.id).by_state, catalog.spending_of(batch.id)
    states = [f"{counts[state]:,} {state.replace('_', ' ')}" for state in ITEM_STATES if counts.get(state)]
    spent = f"{nano_usd(money.spent_nano_usd)} of {nano_usd(batch.budget_nano_usd)} spent"
    kept_back = f"{nano_usd(money.reserved_nano_usd)} kept back" if money.reserved_nano_usd else ""
    wait = f"asks again at {time_of_day(batch.resume_at)}" if batch.resume_at and batch.status == "running" else ""
    reason = "" if batch.status == "completed" else batch.status_reason or ""  # which says the states once more
    parts = (f"{batch.id}: {batch.status}", *states, spent, kept_back, wait, reason)
    return shown(", ".join(filter(None, parts)))


def _do_what_is_due(making: "Making", batch_id: str) -> list[str]:
    """What a look by the sensor and the run that it asks for do; what was done, in words."""
    from pipeline.flow.generation.steps import advance, look_at

    if look_at(making, making.catalog.get_batch(batch_id), making.now()):
        return advance(making, batch_id)
    now = making.catalog.get_batch(batch_id)
    open_ones = len(making.catalog.submissions_of(batch_id, only_open=True))
    waits = f"waits for {count_of(open_ones, 'submission')}" if open_ones else f"it is {now.status}"
    return [f"{batch_id}: nothing is due now, {waits}"]


def _leave(batch: "Batch") -> None:
    if batch.status in ("paused", "cancelled"):
        raise typer.Exit(NOT_READY)
