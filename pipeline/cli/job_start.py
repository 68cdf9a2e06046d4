"""`lora-pipeline jobs start`, `retry` and `cancel`: what has a training begin, once more, or end."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_options import Job_
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.flow.trainings import Wish
    from pipeline.settings import Settings
    from pipeline.state.catalog.attempt_records import Attempt
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.job_records import Job

Budget = Annotated[
    float | None, typer.Option("--budget", metavar="USD", min=0.01, help="At which the training is cancelled.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoints of the last attempt.")]
_PLACES = (
    "local: this machine; own-machine: one of yours elsewhere; hosted: the trainer's provider (OpenAI, Together); "
    "sagemaker: Amazon SageMaker; kubernetes: your cluster."
)
OverBudget = Annotated[
    str | None, typer.Option("--over-budget", metavar="REASON", help="Why it may cost more than the budgets allow.")
]


def start(
    job: Job_,
    launcher: Annotated[str, typer.Option("--launcher", "--on", metavar="LAUNCHER", help=_PLACES)] = "local",
    trainer: Annotated[str | None, typer.Option(metavar="TRAINER", help="Default: the job's first.")] = None,
    budget: Budget = None,
    resume: Resume = False,
    over_budget: OverBudget = None,
    owner: Owner = None,
) -> None:
    """Ask for a training of a job. Dagster's daemon starts it; on a machine of yours the printed line does."""
    from pipeline.flow.trainings import LAUNCHERS, Wish

    settings = current_settings()
    chosen = next((each for each in LAUNCHERS if each == launcher), None)
    if chosen is None:
        raise UsageError(f"--launcher: expected one of {', '.join(LAUNCHERS)}, found {launcher!r}")
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.find_job(user, job)
        _ask(catalog, settings, user, Wish(found.id, chosen, trainer, budget, resume, over_budget))


def retry(
    job: Job_,
    resume: Resume = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Make and start the job that the failure's remedy suggests.")
    ] = False,
    budget: Budget = None,
    over_budget: OverBudget = None,
    owner: Owner = None,
) -> None:
    """Ask for another attempt, with the last one's launcher and trainer."""
    from pipeline.flow.remedies import retry_wish

    if resume and changed:
        raise UsageError("expected one of --resume and --changed, found both: another job has no checkpoints")
    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.find_job(user, job)
        attempts = catalog.attempts_of([found.id])[found.id]
        last = attempts[-1] if attempts else None
        wish = retry_wish(last, found.id, budget, over_budget, resume)
        if changed and last is not None:
            wish = replace(wish, job_id=_make_changed(catalog, settings, found, last))
        _ask(catalog, settings, user, wish)


def cancel(
    job: Job_,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    owner: Owner = None,
) -> None:
    """Give a job up, or ask for the end of its training; its files stay, and creating it again brings it back."""
    from pipeline.clock import utc_now

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.cancel_job(catalog.find_job(user, job).id, user, utc_now(), reason)
    typer.echo(f"{found.id}: {found.status}")
    if found.status != "cancelled":
        typer.echo("its training is asked to end; it leaves a checkpoint where its trainer can", err=True)


def _make_changed(catalog: "Catalog", settings: "Settings", job: "Job", last: "Attempt") -> str:
    from pipeline.clock import utc_now
    from pipeline.dataset.tokens import load_tokenizer
    from pipeline.flow.job_making import JobMaker
    from pipeline.flow.own_measurements import with_own_runs
    from pipeline.flow.remedies import make_changed
    from pipeline.training.considering import Catalogues

    now = utc_now()
    maker = JobMaker(catalog, connect_lake(settings), load_tokenizer(settings.tokenizer), run_id=None)
    catalogues = with_own_runs(Catalogues.of_settings(settings, now.date()), catalog, job.user_id)
    made, changes = make_changed(maker, catalogues, job, last, now)
    for each in changes:
        typer.echo(f"{each.setting}: {each.before} -> {each.after}")
    return made.id


def _ask(catalog: "Catalog", settings: "Settings", user: str, wish: "Wish") -> None:
    from pipeline.clock import utc_now
    from pipeline.flow.launching import what_is_missing
    from pipeline.flow.trainings import ask

    attempt = ask(catalog, settings, user, wish, utc_now(), missing=what_is_missing(settings, os.environ))
    typer.echo(f"{attempt.id}: {attempt.state}")
    if attempt.launcher == "own-machine":
        _print_line(settings, attempt)
    else:
        typer.echo("Dagster's daemon starts it, while lora-pipeline dev runs", err=True)
    typer.echo(f"watch it: lora-pipeline jobs watch {attempt.job_id}", err=True)


def _print_line(settings: "Settings", attempt: "Attempt") -> None:
    from pipeline.service.attempt_tokens import start_line
    from pipeline.service.signing import make_signer

    if not settings.service_url:
        typer.echo(
            "the line that starts it there is on its page; with LORA_SERVICE_URL set it is printed here", err=True
        )
        return
    typer.echo("paste this on the machine that trains; it holds a token for this attempt alone:", err=True)
    typer.echo(start_line(make_signer(settings), attempt, settings.service_url))
