"""Another try after a training: the same once more, or a job that differs by what its failure says would help."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.errors import UsageError
from pipeline.flow.job_making import JobMaker, prepare
from pipeline.flow.trainings import Wish
from pipeline.launchers.training_failures import remedy_of
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.catalog.statuses import FailureClass
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.objectives import least_micro_batch
from pipeline.training.considering import Catalogues, NotPossible, consider
from pipeline.training.jobs.job_file import set_by_hand, setup_of
from pipeline.training.setup import Setup

_LEAST_LENGTH = 256
"""Tokens below which rows are not shortened: what is left of them would hardly be a training."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A setting that another job has otherwise; as it is set by hand (`trainers/overrides.py`)."""

    setting: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps after a failure."""

    sentence: str
    changes: tuple[Changed, ...]
    """To the job; none where only a person can help."""

    @property
    def overrides(self) -> dict[str, str]:
        """The changes as a job's settings."""
        return {each.setting: each.after for each in self.changes}


def remedy_for(job: TrainingJob, failure: FailureClass | None) -> Remedy | None:
    """What helps after a job's training failed so; None where it did not."""
    found = remedy_of(failure)
    return None if found is None else Remedy(f"{found.sentence}: {found.remedy}", _changes(job, found.name))


def retry_wish(
    last: Attempt | None, job_id: str, budget_usd: float | None, reason: str | None, is_resumed: bool
) -> Wish:
    """The wish for another attempt like the last one; budget_usd: None for the same.

    Raises:
        UsageError: there was none.
    """
    if last is None:
        raise UsageError(f"expected a job that was trained before, found {job_id} without an attempt: start it first")
    return Wish(
        job_id=last.job_id,
        launcher=last.launcher,
        trainer=last.trainer,
        budget_usd=budget_usd or last.budget_usd,
        is_resumed=is_resumed,
        over_budget_reason=reason,
    )


def make_changed(
    maker: JobMaker, catalogues: Catalogues, job: Job, last: Attempt, now: datetime
) -> tuple[Job, tuple[Changed, ...]]:
    """Make the job that the failure of another's last attempt suggests; return it, and how it differs.

    Raises:
        UsageError: no change is known to help, or there can be no such job.
        DatasetNotReady: its dataset is not any more.
    """
    remedy = remedy_for(TrainingJob.model_validate(job.job), last.failure_class)
    if remedy is None or not remedy.changes:
        said = remedy.sentence if remedy else f"attempt {last.id} is {last.state}"
        raise UsageError(f"expected a failure that other settings mend, found none ({said}): retry it unchanged")
    prepared = prepare(maker.lake, maker.catalog.get(job.dataset_id, job.user_id))
    estimate = newest(maker.catalog.costs_of([job.id])[job.id], "estimate")
    outcome = consider(prepared.facts, changed_setup(job, estimate, remedy.overrides), catalogues)
    if isinstance(outcome, NotPossible):
        raise UsageError(outcome.explained())
    return maker.make(prepared, outcome, "person", now), remedy.changes


def changed_setup(job: Job, estimate: CostRecord | None, overrides: Mapping[str, str]) -> Setup:
    """The set-up that a job was made from, with other settings; at the price that it was estimated at."""
    planned = TrainingJob.model_validate(job.job)
    kind = estimate.price_kind if estimate else None
    return replace(
        setup_of(planned, set_by_hand(planned) | dict(overrides)),
        provider=estimate.provider if estimate and kind else None,
        price_kind="spot" if kind == "spot" else "on-demand",
    )


def _changes(job: TrainingJob, failure: FailureClass) -> tuple[Changed, ...]:
    how, half = job.optimisation, job.optimisation.micro_batch // 2
    if failure == "not-a-number":
        return (Changed("learning_rate", f"{how.learning_rate:g}", f"{how.learning_rate / 2:g}"),)
    if failure != "out-of-memory":
        return ()
    if half >= least_micro_batch(job.objective):  # as many rows a step, gathered twice as often
        return (Changed("micro_batch", str(how.micro_batch), str(half)),)
    if job.max_length // 2 >= _LEAST_LENGTH:
        return (Changed("max_length", str(job.max_length), str(job.max_length // 2)),)
    return ()  # a larger GPU is a person's choice: it costs more
