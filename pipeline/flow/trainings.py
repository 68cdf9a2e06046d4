"""Trainings from the wish to the end: asked for within the budgets, started once, watched, told to end.

No step waits for a training. Each may be repeated, and whoever dies between two leaves what the next look finds. What
is kept of a training that has ended is in `closing.py`.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from pipeline.errors import CatalogError, Conflicting, UsageError
from pipeline.flow.budgets import check_budgets, hourly_price, metered_nano_usd, month_of, within_budgets
from pipeline.flow.failure_words import sentence_of
from pipeline.launchers.commands import RESUMABLE, trainer_of
from pipeline.launchers.journal import read_journal
from pipeline.launchers.launcher import Launcher, Observation, Order
from pipeline.launchers.own_machine import LINE_VALID
from pipeline.launchers.training_failures import failure_of
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt, NewAttempt
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO, newest
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.statuses import LIVE_STATES, LauncherName
from pipeline.trainers.job import TrainingJob
from pipeline.wording import span

LAUNCHERS: tuple[LauncherName, ...] = ("local", "own-machine", "hosted", "sagemaker", "kubernetes")
"""Those that a person may choose; the first is the default."""
Missing: TypeAlias = Callable[[LauncherName, str, Job], str]
"""Why a launcher cannot run a job's files for a trainer, and what is to be set, in words; empty where it can."""
_PIECES_A_LOOK = 8  # of a megabyte each; what is left is heard at the next look
_GIVEN_UP_S = 86_400.0  # an attempt that could not be started for so long has failed
_NEVER_SEEN_S = 60.0  # after its submission, a training of which nothing is there did not start


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for."""

    job_id: str
    launcher: LauncherName = "local"
    trainer: str | None = None
    """None for the job's first."""
    budget_usd: float | None = None
    """None for that of the settings."""
    is_resumed: bool = False
    """Go on from the checkpoints of the last attempt."""
    over_budget_reason: str | None = None
    """Why it may cost more than the budgets allow; None where it may not."""


def ask(
    catalog: Catalog,
    settings: Settings,
    user_id: str,
    wish: Wish,
    now: datetime,
    actor: str = "",
    missing: Missing = lambda _launcher, _trainer, _job: "",
) -> Attempt:
    """Ask for a training of one's own job; the sensor starts it. actor: who asks, where it is not the owner.

    missing: see `what_is_missing`.

    Raises:
        JobNotFound: there is no such job of this user.
        UsageError: there can be no such training; says why.
        Conflicting: one is under way, the job is out of date, or a budget does not allow it.
    """
    job = catalog.get_job(wish.job_id, user_id)
    planned = TrainingJob.model_validate(job.job)
    if wish.launcher not in LAUNCHERS:
        raise UsageError(f"launcher: expected one of {', '.join(LAUNCHERS)}, found {wish.launcher!r}")
    trainer = trainer_of(planned, wish.trainer, wish.launcher)
    resumed = _attempt_to_resume(catalog, job, trainer, wish) if wish.is_resumed else None
    estimate = newest(catalog.costs_of([job.id])[job.id], "estimate")
    price, provider = hourly_price(settings, wish.launcher, job, estimate)
    limits = [each for each in (wish.budget_usd, settings.budget_per_job_usd) if each]
    if wish.over_budget_reason is not None and wish.budget_usd:
        limits = [wish.budget_usd]  # with a reason it may be more than usual
    budget = min(limits, default=None)
    if (obstacle := missing(wish.launcher, trainer, job)) != "":
        raise UsageError(f"launcher: expected one that is set up, found {wish.launcher}: {obstacle}")
    if wish.over_budget_reason is None:
        check_budgets(catalog, settings, job, estimate, price, budget, now)
    new = NewAttempt(
        job_id=job.id,
        launcher=wish.launcher,
        trainer=trainer,
        actor=actor or user_id,
        price_per_gpu_hour=price,
        provider=provider,
        resumed_from=resumed.id if resumed else None,
        budget_usd=budget,
        over_budget_reason=wish.over_budget_reason,
    )
    attempt = catalog.open_attempt(new, user_id, now)
    if wish.over_budget_reason is None:
        _insist_on_month(catalog, settings, attempt, now)
    return attempt


def _insist_on_month(catalog: Catalog, settings: Settings, attempt: Attempt, now: datetime) -> None:
    """Take back what was asked for at the same moment as others: each alone was within the budget of the month.

    Raises:
        Conflicting: together they are not.
    """
    month = settings.budget_per_month_usd
    if month and catalog.committed_nano_usd(attempt.user_id, month_of(now)) > month * NANO + 1:
        reason = "others were asked for at the same moment, and the budget of the month does not bear all of them"
        catalog.move_attempt(attempt.id, "cancelled", "budget", now, reason)
        raise Conflicting(f"{attempt.id} is not started: {reason}")


def _attempt_to_resume(catalog: Catalog, job: Job, trainer: str, wish: Wish) -> Attempt:
    attempts = [
        each
        for each in catalog.attempts_of([job.id])[job.id]
        if each.launcher == wish.launcher and each.trainer == trainer and each.started_at is not None
    ]
    if trainer not in RESUMABLE or wish.launcher != "local":
        raise UsageError(
            f"expected a training on this machine with {' or '.join(RESUMABLE)} to go on from, found {trainer} on "
            f"{wish.launcher}: start it anew, or go on by hand as its explain.md says"
        )
    if not attempts:
        raise UsageError(
            f"expected an earlier attempt at {job.id} to go on from, found none: start it without --resume"
        )
    return attempts[-1]


@dataclass(frozen=True, slots=True)
class Trainings:
    """What the sensor and the short runs do."""

    catalog: Catalog
    settings: Settings
    launchers: Mapping[str, Launcher]
    """By name."""

    def startable(self) -> list[Attempt]:
        """Attempts that were asked for and are not submitted, oldest first, as many as there is room for."""
        live = [each for each in self.catalog.attempts_to_watch() if each.state in LIVE_STATES]
        room = self.settings.local_trainings - sum(each.launcher == "local" and _is_submitted(each) for each in live)
        found = []
        # What was tried before comes last: it may fail for long.
        for attempt in sorted(live, key=lambda each: each.state == "preparing"):
            if _is_submitted(attempt) or attempt.launcher not in self.launchers:
                continue
            if attempt.launcher == "local":
                room -= 1
                if room < 0:
                    continue
            found.append(attempt)
        return found

    def start(self, attempt_id: str, now: datetime) -> str:
        """Submit an attempt; the same again finds the one that was submitted. Returns what was done, in words.

        Raises:
            ServiceError: disk or service failed; it is tried again.
        """
        # Whoever cancels a queued attempt ends it; from here on the launcher is asked to.
        self.catalog.move_attempt(attempt_id, "preparing", "start", now)
        attempt = self.catalog.get_attempt(attempt_id)
        if attempt.state not in ("preparing", "running") or _is_submitted(attempt):
            return f"{attempt_id} is {attempt.state}: nothing to start"
        launcher = self.launchers[attempt.launcher]
        external_id = launcher.find(attempt)
        if external_id is None and attempt.cancel_requested_at is not None:
            why = attempt.state_reason or "it was cancelled before it started"
            self.catalog.move_attempt(attempt_id, "cancelled", "start", now, why)
            return f"{attempt_id} was cancelled"
        try:
            external_id = external_id or launcher.submit(self._order(attempt))
        except (UsageError, ValueError) as error:  # ValueError: an earlier version's job, which cannot be read any more
            self.catalog.move_attempt(attempt_id, "failed", "start", now, str(error), "other")
            return f"{attempt_id} cannot be started: {error}"
        self.catalog.note_submitted(attempt_id, external_id, now)
        if attempt.state_reason is not None:  # why it could not be started before
            self.catalog.note_reason(attempt_id, None)
        return f"{attempt_id} was submitted ({attempt.launcher})"

    def start_all(self, now: datetime) -> list[str]:
        """Start what there is room for; one that cannot be started now keeps no other from it."""
        said = []
        for attempt in self.startable():
            try:
                said.append(self.start(attempt.id, now))
            except CatalogError:
                raise
            except Exception as error:  # whatever is wrong with one
                why = sentence_of(error)
                said.append(f"{attempt.id} could not be started: {why}")
                self.catalog.note_reason(attempt.id, why)
                if (now - attempt.created_at).total_seconds() > _GIVEN_UP_S:
                    self.catalog.move_attempt(attempt.id, "failed", "start", now, why, "other")
        return said

    def watch(self, now: datetime) -> list[str]:
        """Look at every attempt that lives or is lost, once; return what could not be asked, in words.

        Places that take long to answer leave some for the next look, which begins with others.
        """
        silent: list[str] = []
        attempts = self.catalog.attempts_to_watch()
        turn = int(now.timestamp()) % max(1, len(attempts))
        deadline = time.monotonic() + self.settings.tick_budget_s
        for attempt in attempts[turn:] + attempts[:turn]:
            if time.monotonic() > deadline:
                silent.append("no time was left for the others: they are looked at next")
                break
            launcher = self.launchers.get(attempt.launcher)
            if launcher is None or not _is_submitted(attempt):
                continue
            try:
                self._look_at(attempt, launcher, now)
            except CatalogError:
                raise
            except Exception as error:  # that it cannot be asked says nothing about it, nor about the others
                silent.append(f"{attempt.id}: {sentence_of(error)}")
        return silent

    def listen(self, attempt: Attempt, launcher: Launcher, now: datetime, most: int = sys.maxsize) -> Attempt:
        """Read what an attempt's journal has, `most` pieces of it, and return the attempt as it is known then."""
        for _ in range(most):
            piece = launcher.journal(attempt, attempt.journal_offset)
            if not piece.lines:
                return attempt
            told = read_journal(piece.lines, piece.offset, attempt.log_tail, attempt.failure_class)
            attempt = self.catalog.take_journal(attempt.id, piece.offset, told, now)
        return attempt

    def _look_at(self, attempt: Attempt, launcher: Launcher, now: datetime) -> None:
        observation = launcher.poll(attempt)
        attempt = self.listen(attempt, launcher, now, _PIECES_A_LOOK)
        if attempt.state not in (*LIVE_STATES, "lost"):
            return
        if attempt.cancel_requested_at is not None:
            launcher.cancel(attempt)
        self._conclude(attempt, observation, now)
        told = observation.nano_usd
        nano_usd = metered_nano_usd(attempt, now) if told is None else max(told, attempt.metered_nano_usd)
        if nano_usd > attempt.metered_nano_usd:
            self.catalog.note_metered(attempt.id, nano_usd)
        within_budgets(self.catalog, self.settings, attempt, nano_usd, now)

    def _conclude(self, attempt: Attempt, observation: Observation, now: datetime) -> None:
        """What follows from how it is, where it told nothing itself."""
        if attempt.state == "lost":
            return
        if observation.seen == "running" and attempt.state != "running":
            self.catalog.move_attempt(attempt.id, "running", "watch", now)
        elif observation.seen == "absent":
            self._miss(attempt, observation, now)
        elif observation.seen == "waiting" and observation.reason != attempt.state_reason:
            self.catalog.note_reason(attempt.id, observation.reason)
        elif observation.seen == "failed":
            failure = failure_of(attempt.log_tail or "", observation.exit_code, attempt.failure_class)
            said = (None if failure.name == "other" else failure.sentence, observation.reason)
            why = ": ".join(each for each in said if each) or failure.sentence
            self.catalog.move_attempt(attempt.id, "failed", "watch", now, why, failure.name, failure.remedy)
        elif observation.seen == "cancelled":
            said_why = attempt.state_reason or observation.reason
            self.catalog.move_attempt(attempt.id, "cancelled", "watch", now, said_why)
        elif observation.seen == "completed":
            self.catalog.move_attempt(attempt.id, "completed", "watch", now)
        elif attempt.launcher == "own-machine" and attempt.state == "running" and attempt.heartbeat_at is not None:
            silent_s = (now - attempt.heartbeat_at).total_seconds()
            if silent_s > self.settings.lost_after_s:
                reason = f"it told nothing for {span(silent_s / 3600)}; it counts again as soon as it does"
                self.catalog.move_attempt(attempt.id, "lost", "watch", now, reason)
        elif attempt.launcher == "own-machine" and now - attempt.created_at > LINE_VALID:
            self.catalog.move_attempt(attempt.id, "cancelled", "watch", now, "its line was never used")

    def _miss(self, attempt: Attempt, observation: Observation, now: datetime) -> None:
        is_asked = attempt.cancel_requested_at is not None
        if is_asked and self.launchers[attempt.launcher].forbid(attempt):
            self.catalog.move_attempt(attempt.id, "cancelled", "watch", now, attempt.state_reason)
        elif attempt.started_at is not None:
            self.catalog.move_attempt(attempt.id, "lost", "watch", now, observation.reason)
        elif attempt.submitted_at is None or (now - attempt.submitted_at).total_seconds() <= _NEVER_SEEN_S:
            return
        elif self.launchers[attempt.launcher].forbid(attempt):
            self.catalog.move_attempt(attempt.id, "failed", "watch", now, observation.reason, "interrupted")

    def _order(self, attempt: Attempt) -> Order:
        job = TrainingJob.model_validate(self.catalog.get_job(attempt.job_id).job)
        # The id of the row: that of the plan does not tell its rows apart.
        job = job.model_copy(update={"job_id": attempt.job_id})
        resumed = self.catalog.get_attempt(attempt.resumed_from) if attempt.resumed_from else None
        estimate = newest(self.catalog.costs_of([attempt.job_id])[attempt.job_id], "estimate")
        return Order(attempt, job, resumed, is_spot=estimate is not None and estimate.price_kind == "spot")


def startable_reason(job: Job) -> str | None:
    """Why a job cannot be trained now, in words; None where it can."""
    if job.status == "stale":
        return f"it is out of date: {job.status_reason}"
    if job.status in ("queued", "running"):
        return "it is being trained"
    return None


def _is_submitted(attempt: Attempt) -> bool:
    return attempt.submitted_at is not None
