"""The form that starts a training of a job: where, by which trainer, within which budget; or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pipeline.flow.trainings import LAUNCHERS, Missing, Wish, startable_reason
from pipeline.launchers.training_failures import remedy_of
from pipeline.service.pages.attempt_figures import PLACES
from pipeline.service.pages.forms import budget_of
from pipeline.service.pages.train_choices import Choice
from pipeline.service.pages.train_page import setup_url
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.statuses import LauncherName
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME, HOSTED, are_hosted
from pipeline.training.jobs.job_file import set_by_hand
from pipeline.training.setup import Setup
from pipeline.wording import sentence

_MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Start:
    """The form."""

    heading: str
    obstacle: str
    """Why no training can be started, empty where one can."""
    launchers: tuple[Choice, ...] = ()
    trainers: tuple[Choice, ...] = ()
    budget_usd: str = ""
    """As they were typed."""
    reason: str = ""
    """As they were typed."""
    refused: str = ""
    """Why the one asked for was not."""
    is_resumed: bool = False
    lacking: tuple[tuple[str, str], ...] = ()
    """Places that are not set up, with what is to be set."""


def start_of(
    job: Job, attempts: Sequence[Attempt], missing: Missing, wish: Wish | None = None, refused: str = ""
) -> Start | None:
    """The form; None while it is being trained. wish: what was asked for, and `refused` says why it was not done.

    missing: see `what_is_missing`; launchers that are not set up are not offered.
    """
    if job.status in ("queued", "running"):
        return None
    heading = "Start the training" if not attempts else "Train again"
    if (obstacle := startable_reason(job)) is not None:
        return Start(heading, sentence(f"{obstacle}. Plan it again to train with the rows of today"))
    is_hosted = are_hosted(job.targets)
    trainers = [each for each in job.targets if is_hosted or each not in HOSTED]
    lacking = {each: missing(each, trainers[0], job) for each in LAUNCHERS if (each == "hosted") == is_hosted}
    if is_hosted and (obstacle := _hosted_obstacle(trainers, lacking["hosted"])):
        return Start(heading, obstacle)
    asked = wish or Wish(job.id, next(each for each in lacking if not lacking[each]))
    return Start(
        heading=heading,
        obstacle="",
        launchers=tuple(
            Choice(each, BY_NAME[trainers[0]].title if is_hosted else PLACES[each], each == asked.launcher)
            for each, why in lacking.items()
            if not why
        ),
        trainers=tuple(Choice(each, BY_NAME[each].label, each == (asked.trainer or trainers[0])) for each in trainers),
        budget_usd="" if asked.budget_usd is None else f"{asked.budget_usd:g}",
        reason=asked.over_budget_reason or "",
        refused=sentence(refused),
        is_resumed=asked.is_resumed,
        lacking=tuple((PLACES[each], sentence(why)) for each, why in lacking.items() if why),
    )


def _hosted_obstacle(trainers: Sequence[str], lacking: str) -> str:
    titles = " and ".join(BY_NAME[each].title for each in trainers)
    if len(trainers) > 1:
        return f"{titles} train it: plan it for one of them alone, whose price is known then."
    return sentence(f"{titles} trains it: {lacking}") if lacking else ""


def wish_of(job_id: str, form: dict[str, str]) -> Wish:
    """What a form asks for.

    Raises:
        UsageError: the budget is no sum of money.
    """
    return Wish(
        job_id=job_id,
        launcher=cast(LauncherName, form.get("launcher", LAUNCHERS[0])),  # `ask` looks whether there is such a one
        trainer=form.get("trainer") or None,
        budget_usd=budget_of(form.get("budget_usd", "").strip()),
        is_resumed=form.get("resume") == "1",
        over_budget_reason=form.get("over_budget_reason", "").strip()[:_MOST_REASON] or None,
    )


def change_url(job: Job, attempts: Sequence[Attempt]) -> str:
    """The page that plans a training, with the job's choice; after a failure with the first change that helps, made."""
    planned = TrainingJob.model_validate(job.job)
    failure = remedy_of(attempts[-1].failure_class) if attempts else None
    halved = {
        "micro_batch": str(max(1, planned.optimisation.micro_batch // 2)),
        "max_length": str(max(8, planned.max_length // 2)),
        "learning_rate": f"{planned.optimisation.learning_rate / 2:g}",
    }
    first = next((name for name in (failure.changes if failure else ()) if name in halved), None)
    setup = Setup(
        model=job.base_model,
        preset=job.preset,
        gpu=job.gpu,
        gpu_count=job.gpu_count,
        method=planned.method,
        targets=planned.targets[:1],  # the page has one
        overrides=set_by_hand(planned) | ({first: halved[first]} if first else {}),
    )
    return setup_url(job.dataset_id, setup)
