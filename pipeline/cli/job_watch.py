"""`lora-pipeline jobs watch`, `attempts`, `logs` and `metrics`: how a training goes, and how each went."""

import csv
import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.job_options import AsJson, Job_, cell
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.wording import percent, short, span, usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.state.catalog.attempt_records import Attempt
    from pipeline.state.catalog.catalog import Catalog

POLL_S = 1.0
COLUMNS = ("attempt", "state", "launcher", "trainer", "steps", "hours", "cost_usd", "why")
_POINT_COLUMNS = ("name", "step", "value", "epoch", "measured_at")
Attempt_ = Annotated[
    str | None, typer.Option("--attempt", metavar="ATTEMPT", help="Its number or id. Default: the newest.")
]


def watch(
    job: Job_,
    once: Annotated[bool, typer.Option("--once", help="Say how it is, and leave.")] = False,
    owner: Owner = None,
) -> None:
    """Follow a training up to its end: step, loss, what is left, cost. Exit code 1: it failed or was cancelled."""
    from pipeline.state.catalog.statuses import ENDED_STATES

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
        told = ""
        while True:
            attempt = chosen_attempt(catalog, found.id, None)
            line = _live_line(catalog, attempt)
            say(line, told)
            told = line
            if once or attempt.state in ENDED_STATES:
                break
            time.sleep(POLL_S)
    if sys.stdout.isatty():
        typer.echo()
    if attempt.state in ("failed", "cancelled"):
        raise typer.Exit(NOT_READY)


def attempts(job: Job_, owner: Owner = None, as_json: AsJson = False) -> None:
    """List the attempts at a job: how each went, what it did cost, what changed its state."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
        listed = catalog.attempts_of([found.id])[found.id]
        transitions = {each.id: catalog.transitions_of(each.id) for each in listed}
    if as_json:
        for each in listed:
            changes = {"transitions": [asdict(change) for change in transitions[each.id]]}
            typer.echo(json.dumps(asdict(each) | changes, default=str))
    else:
        print_attempts(listed)


def logs(job: Job_, attempt: Attempt_ = None, owner: Owner = None) -> None:
    """Print the end of a training's log."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
        chosen = chosen_attempt(catalog, found.id, attempt)
    for line in (chosen.log_tail or "").splitlines():
        typer.echo(shown(line))
    if not chosen.log_tail:
        typer.echo(f"{chosen.id} is {chosen.state}, and wrote nothing yet", err=True)


def metrics(
    job: Job_,
    attempt: Attempt_ = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Only the figure of this name, as loss.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every point as CSV.")] = False,
    owner: Owner = None,
) -> None:
    """Show the figures of a training: last and least value of each; with --csv all of them."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find_job(owner or settings.default_owner, job)
        chosen = chosen_attempt(catalog, found.id, attempt)
        if as_csv:
            _print_points(catalog, chosen, name)
            return
        series = [each for each in catalog.series_of([chosen.id])[chosen.id] if name in (None, each.name)]
    rows = [
        (each.name, each.points, each.last_step, each.last_value, each.least_step, each.least_value) for each in series
    ]
    print_table(("metric", "points", "last step", "last value", "least at step", "least value"), rows)


def print_attempts(found: "Sequence[Attempt]") -> None:
    """A row each, oldest first."""
    print_table(COLUMNS, [_row(attempt) for attempt in found])


def chosen_attempt(catalog: "Catalog", job_id: str, named: str | None) -> "Attempt":
    """The attempt of a number or an id; of None the newest.

    Raises:
        UsageError: there is none.
    """
    found = catalog.attempts_of([job_id])[job_id]
    if not found:
        raise UsageError(
            f"expected a job that was started, found {job_id} without an attempt: lora-pipeline jobs start {job_id}"
        )
    if named is None:
        return found[-1]
    attempt = next((each for each in found if named in (each.id, str(each.number))), None)
    if attempt is None:
        numbers = ", ".join(str(each.number) for each in found)
        raise UsageError(f"--attempt: expected one of {numbers}, found {named!r}; see lora-pipeline jobs attempts")
    return attempt


def _row(attempt: "Attempt") -> TableRow:
    from pipeline.clock import utc_now
    from pipeline.flow.budgets import hours_of

    hours = hours_of(attempt, utc_now()) if attempt.started_at else None
    steps = "" if attempt.step is None else f"{attempt.step} of {attempt.total_steps or '?'}"
    who = (attempt.number, attempt.state, attempt.launcher, attempt.trainer)
    return (*who, steps, cell(hours), cell(_cost_usd(attempt)), attempt.state_reason or "")


def _cost_usd(attempt: "Attempt") -> float | None:
    from pipeline.clock import utc_now
    from pipeline.flow.budgets import known_nano_usd
    from pipeline.state.catalog.costs import NANO

    nano_usd = known_nano_usd(attempt, utc_now())
    return None if nano_usd is None else nano_usd / NANO


def _live_line(catalog: "Catalog", attempt: "Attempt") -> str:
    from pipeline.service.attempt_values import eta_s, progress_of

    series = catalog.series_of([attempt.id])[attempt.id]
    first_step = catalog.get_attempt(attempt.resumed_from).step if attempt.resumed_from else 0
    progress, left_s, cost = progress_of(attempt), eta_s(attempt, first_step or 0), _cost_usd(attempt)
    losses = {each.name: each.last_value for each in series if each.name in ("loss", "eval_loss")}
    parts = [
        f"{attempt.id}: {attempt.state}",
        f"step {attempt.step} of {attempt.total_steps or '?'}" if attempt.step is not None else "",
        percent(progress, 0) if progress is not None else "",
        *(f"{name} {short(value)}" for name, value in losses.items()),
        f"{span(left_s / 3600)} left" if left_s else "",
        usd(cost) if cost else "",
        attempt.state_reason or "",
    ]
    return shown(", ".join(filter(None, parts)))


def say(line: str, before: str) -> None:
    """On a terminal in the place of what was said before; elsewhere only what is new."""
    if sys.stdout.isatty():
        typer.echo(f"\r{line:<{len(before)}}", nl=False)
    elif line != before:
        typer.echo(line)


def _print_points(catalog: "Catalog", attempt: "Attempt", name: str | None) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_POINT_COLUMNS)
    after = 0
    while points := catalog.points_of(attempt.id, name, after):
        for _, each in points:
            at = each.measured_at.isoformat() if each.measured_at else None
            writer.writerow((each.name, each.step, each.value, each.epoch, at))
        after = points[-1][0]
