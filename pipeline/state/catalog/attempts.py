"""Attempts at a training: one of a job lives at a time, each state is reached from few others, by a named actor.

What an attempt tells is in `journals.py`, what it leaves in `kept_models.py`. A job's status is that of its newest
attempt.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select, update

from pipeline.errors import Conflicting, JobNotFound
from pipeline.state.catalog.attempt_records import Attempt, NewAttempt, Transition
from pipeline.state.catalog.attempt_tables import IS_LIVE, IS_UNCLOSED, attempt_transitions, training_attempts
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.selecting import find_row
from pipeline.state.catalog.statuses import (
    ENDED_STATES,
    LIVE_STATES,
    AttemptState,
    FailureClass,
    JobStatus,
    NotificationKind,
)
from pipeline.state.catalog.training_jobs import read_job, set_status, touch

FROM_STATES: dict[AttemptState, tuple[AttemptState, ...]] = {
    "queued": (),
    "preparing": ("queued",),
    "running": ("queued", "preparing", "lost"),
    "completed": (*LIVE_STATES, "lost"),
    "failed": (*LIVE_STATES, "lost"),
    "cancelled": (*LIVE_STATES, "lost"),
    "lost": LIVE_STATES,
}
"""From which states each is reached; what has ended stays as it is."""
JOB_STATUS_OF: dict[AttemptState, JobStatus] = {
    "queued": "queued",
    "preparing": "queued",
    "running": "running",
    "completed": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
    "lost": "lost",
}
_NOTICES: dict[AttemptState, tuple[NotificationKind, str, str]] = {
    "queued": ("training_queued", "is queued", "It starts as soon as there is room."),
    "running": ("training_started", "has started", "Its page shows how it goes."),
    "completed": ("training_completed", "is completed", "Its model is being kept."),
    "failed": ("training_failed", "failed", ""),
    "cancelled": ("training_cancelled", "was cancelled", ""),
    "lost": ("training_lost", "is lost", ""),
}
_LOG_LINES_TOLD = 20
_SILENT_S = 120.0  # eight times the pause between two signs of life


class Attempts(Database):
    """The methods that runs, sensors, commands and the service use."""

    def open_attempt(self, new: NewAttempt, user_id: str, now: datetime) -> Attempt:
        """Ask for a training: an attempt that is queued.

        Raises:
            JobNotFound: there is no such job of this user.
            Conflicting: an attempt of it lives, or the job is out of date.
        """
        with self._writing() as connection:
            return open_attempt(connection, new, user_id, now)

    def get_attempt(self, attempt_id: str, user_id: str | None = None) -> Attempt:
        """Return an attempt by its whole id.

        Raises:
            JobNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return read_attempt(connection, attempt_id, user_id)

    def attempts_of(self, job_ids: Sequence[str]) -> dict[str, list[Attempt]]:
        """Return the attempts at jobs, oldest first; every job has an entry."""
        found: dict[str, list[Attempt]] = {job_id: [] for job_id in job_ids}
        columns = training_attempts.c
        query = (
            select(training_attempts).where(columns.job_id.in_(list(job_ids))).order_by(columns.job_id, columns.number)
        )
        with self._reading() as connection:
            for row in connection.execute(query):
                found[row.job_id].append(Attempt(*row))
        return found

    def attempts_to_watch(self) -> list[Attempt]:
        """Return attempts that live or are lost, oldest first: whatever became of them is to be found out."""
        wanted = or_(IS_LIVE, training_attempts.c.state == "lost")
        return self._attempts(select(training_attempts).where(wanted))

    def unclosed_attempts(self, limit: int) -> list[Attempt]:
        """Return attempts that have ended, whose model, cost and evaluation are not kept yet, oldest first."""
        return self._attempts(select(training_attempts).where(IS_UNCLOSED).limit(limit))

    def transitions_of(self, attempt_id: str) -> list[Transition]:
        """Return what changed an attempt's state, oldest first."""
        columns = attempt_transitions.c
        chosen = (columns.from_state, columns.to_state, columns.actor, columns.reason, columns.created_at)
        query = select(*chosen).where(columns.attempt_id == attempt_id).order_by(columns.id)
        with self._reading() as connection:
            return [Transition(*row) for row in connection.execute(query)]

    def note_submitted(self, attempt_id: str, external_id: str, now: datetime) -> None:
        """Note under which name the launcher knows an attempt; that of a machine which came before stays."""
        columns = training_attempts.c
        change = update(training_attempts).where(columns.id == attempt_id)
        with self._writing() as connection:
            known = func.coalesce(columns.external_id, external_id)
            connection.execute(change.values(external_id=known, submitted_at=now))

    def claim_attempt(self, attempt_id: str, machine: str) -> bool:
        """Note which machine of its owner's trains an attempt; False where it is another one."""
        columns = training_attempts.c
        is_free = columns.external_id.is_(None) | columns.external_id.in_((attempt_id, machine))
        change = update(training_attempts).where(columns.id == attempt_id, is_free)
        with self._writing() as connection:
            return connection.execute(change.values(external_id=machine)).rowcount == 1

    def note_metered(self, attempt_id: str, nano_usd: int) -> None:
        """Note what an attempt cost so far, in billionths of a US dollar; it never falls."""
        columns = training_attempts.c
        change = update(training_attempts).where(columns.id == attempt_id, columns.metered_nano_usd < nano_usd)
        with self._writing() as connection:
            connection.execute(change.values(metered_nano_usd=nano_usd))

    def note_reason(self, attempt_id: str, reason: str | None) -> None:
        """Note why an attempt waits, before it trains; why somebody asked for its end says more."""
        columns = training_attempts.c
        change = update(training_attempts).where(
            columns.id == attempt_id, columns.state == "preparing", columns.cancel_requested_at.is_(None)
        )
        with self._writing() as connection:
            connection.execute(change.values(state_reason=reason))

    def note_closed(self, attempt_id: str, now: datetime) -> None:
        """Note that all that an attempt leaves is kept."""
        change = update(training_attempts).where(training_attempts.c.id == attempt_id)
        with self._writing() as connection:
            touch(connection, read_attempt(connection, attempt_id).job_id, now)  # first: whoever writes holds the job
            connection.execute(change.values(closed_at=now))

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptState,
        actor: str,
        now: datetime,
        reason: str | None = None,
        failure_class: FailureClass | None = None,
        remedy: str | None = None,
    ) -> bool:
        """Change an attempt's state, and its job's status; return False where it cannot be reached from its state.

        remedy: what its owner is told that helps.
        """
        with self._writing() as connection:
            return move_attempt(connection, attempt_id, to, actor, now, reason, failure_class, remedy=remedy)

    def ask_to_cancel(
        self, attempt_id: str, user_id: str, actor: str, now: datetime, reason: str | None = None
    ) -> Attempt:
        """Ask for an attempt's end. One that nobody started is cancelled at once, the launcher is told of any other.

        Raises:
            JobNotFound: there is no such attempt of this user.
            Conflicting: it has ended.
        """
        with self._writing() as connection:
            job_id = read_attempt(connection, attempt_id, user_id).job_id
            read_job(connection, job_id, for_update=True)  # whoever changes an attempt holds its job
            attempt = read_attempt(connection, attempt_id, user_id)
            if attempt.state in ENDED_STATES:
                raise Conflicting(f"expected a training that has not ended, found {attempt_id} {attempt.state}")
            ask_to_cancel(connection, attempt, actor, now, reason)
            return read_attempt(connection, attempt_id)

    def cancel_job(self, job_id: str, user_id: str, now: datetime, reason: str | None = None) -> Job:
        """Give a job up, or ask for the end of its training; one that is cancelled already stays as it is.

        Raises:
            JobNotFound: there is no such job of this user.
            Conflicting: its training has ended.
        """
        with self._writing() as connection:
            job = read_job(connection, job_id, user_id, for_update=True)
            newest = newest_attempt(connection, job_id)
            if newest is not None and newest.state not in ENDED_STATES:
                ask_to_cancel(connection, newest, user_id, now, reason)
            elif job.status in ("succeeded", "failed"):
                raise Conflicting(f"expected a job that has not ended, found {job_id} {job.status}: nothing to cancel")
            elif job.status != "cancelled":
                set_status(connection, job_id, "cancelled", reason, now)
            return read_job(connection, job_id)

    def tell_of_attempt(self, attempt: Attempt, notice: Notice, now: datetime) -> bool:
        """Tell an attempt's owner something once; return False when they know."""
        with self._writing() as connection:
            return send(connection, attempt.dataset_id, attempt.user_id, notice, now)

    def _attempts(self, query: Select[Any]) -> list[Attempt]:
        ordered = query.order_by(training_attempts.c.created_at, training_attempts.c.id)
        with self._reading() as connection:
            return [to_attempt(row) for row in connection.execute(ordered)]


def to_attempt(row: Sequence[Any]) -> Attempt:
    """Make the record of a whole row of `training_attempts`."""
    return Attempt(*row)


def read_attempt(connection: Connection, attempt_id: str, user_id: str | None = None) -> Attempt:
    """Read one attempt inside the caller's transaction; another user's is as good as none.

    Raises:
        JobNotFound: there is no such attempt of this user.
    """
    row = find_row(connection, training_attempts, attempt_id, user_id)
    if row is None:
        raise JobNotFound(f"expected the id of an attempt at a training, found {attempt_id!r}: see the job's page")
    return to_attempt(row)


def newest_attempt(connection: Connection, job_id: str) -> Attempt | None:
    """The last attempt at a job, inside the caller's transaction."""
    columns = training_attempts.c
    query = select(training_attempts).where(columns.job_id == job_id).order_by(columns.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else to_attempt(row)


def open_attempt(connection: Connection, new: NewAttempt, user_id: str | None, now: datetime) -> Attempt:
    """The same inside the caller's transaction."""
    job = read_job(connection, new.job_id, user_id, for_update=True)
    last = newest_attempt(connection, job.id)
    _check_startable(connection, job)
    number = last.number + 1 if last else 1
    row = {
        "id": f"{job.id}.{number}",
        "job_id": job.id,
        "user_id": job.user_id,
        "dataset_id": job.dataset_id,
        "number": number,
        "launcher": new.launcher,
        "trainer": new.trainer,
        "state": "queued",
        "resumed_from": new.resumed_from,
        "gpu": job.gpu,
        "gpu_count": job.gpu_count,
        "price_per_gpu_hour": new.price_per_gpu_hour,
        "provider": new.provider,
        "budget_usd": new.budget_usd,
        "over_budget_reason": new.over_budget_reason,
        "created_at": now,
    }
    connection.execute(insert(training_attempts), row)
    attempt = read_attempt(connection, f"{job.id}.{number}")
    _note(connection, attempt, None, "queued", new.actor, None, now)
    set_status(connection, job.id, "queued", None, now)
    if new.launcher != "reported":
        _tell(connection, job, attempt, "queued", None, now)
    return attempt


def move_attempt(
    connection: Connection,
    attempt_id: str,
    to: AttemptState,
    actor: str,
    now: datetime,
    reason: str | None = None,
    failure_class: FailureClass | None = None,
    happened_at: datetime | None = None,
    remedy: str | None = None,
) -> bool:
    """The same inside the caller's transaction. happened_at: by the training's own clock, where it told.

    remedy: what its owner is told that helps.
    """
    job = read_job(connection, read_attempt(connection, attempt_id).job_id, for_update=True)
    attempt = read_attempt(connection, attempt_id)
    if to == "running" and attempt.state == "lost" and _live(connection, job.id) not in (None, attempt.id):
        return False  # another took its place
    if to == "running" and attempt.cancel_requested_at is not None:
        reason = attempt.state_reason  # why somebody asked for its end, which it has not heard yet
    columns = training_attempts.c
    changed: dict[str, object] = {"state": to, "state_reason": reason, **_moments(attempt, to, now, happened_at)}
    if failure_class is not None or to == "completed":
        changed["failure_class"] = failure_class
    change = update(training_attempts).where(columns.id == attempt_id, columns.state.in_(FROM_STATES[to]))
    if connection.execute(change.values(changed)).rowcount != 1:
        return False
    _note(connection, attempt, attempt.state, to, actor, reason, now)
    newest = newest_attempt(connection, job.id)
    if newest is not None and newest.id == attempt_id:
        set_status(connection, job.id, JOB_STATUS_OF[to], reason, now)
    told = ": ".join(each for each in (reason, remedy) if each) or None
    _tell(connection, job, read_attempt(connection, attempt_id), to, told, now)
    return True


def ask_to_cancel(connection: Connection, attempt: Attempt, actor: str, now: datetime, reason: str | None) -> None:
    """The same inside the caller's transaction."""
    columns = training_attempts.c
    asked = update(training_attempts).where(columns.id == attempt.id, columns.cancel_requested_at.is_(None))
    connection.execute(asked.values(cancel_requested_at=now, state_reason=reason))
    is_nowhere = attempt.state in ("queued", "lost") or attempt.launcher == "reported"
    heard_at = attempt.heartbeat_at
    is_silent = heard_at is None or (now - heard_at).total_seconds() > _SILENT_S
    # A machine elsewhere that says nothing hears nothing either; one that comes back is told then.
    if is_nowhere or (attempt.launcher == "own-machine" and (attempt.state == "preparing" or is_silent)):
        move_attempt(connection, attempt.id, "cancelled", actor, now, reason)


def live_attempt(connection: Connection, job_id: str) -> Attempt | None:
    """The attempt at a job that lives, inside the caller's transaction."""
    row = connection.execute(
        select(training_attempts).where(training_attempts.c.job_id == job_id, IS_LIVE)
    ).one_or_none()
    return None if row is None else to_attempt(row)


def _live(connection: Connection, job_id: str) -> str | None:
    found = live_attempt(connection, job_id)
    return None if found is None else found.id


def _check_startable(connection: Connection, job: Job) -> None:
    if live := _live(connection, job.id):
        raise Conflicting(
            f"expected a job that nobody trains, found attempt {live} under way: wait, or cancel it first"
        )
    if job.status == "stale":
        raise Conflicting(
            f"expected a job that is true to its dataset, found {job.id} {job.status} ({job.status_reason}): "
            "create it again first"
        )


def _moments(
    attempt: Attempt, to: AttemptState, now: datetime, happened_at: datetime | None
) -> dict[str, datetime | None]:
    begun_at = attempt.started_at or attempt.created_at
    moment = min(max(happened_at, begun_at), now) if happened_at else now  # no clock of another machine counts beyond
    if to == "running":
        return {"started_at": attempt.started_at or moment, "heartbeat_at": now, "ended_at": None}
    if to not in ENDED_STATES:
        return {}
    if attempt.state == "lost" and happened_at is None and attempt.heartbeat_at is not None:
        moment = attempt.heartbeat_at  # nobody knows of more
    # Of what is only told by hand there is nothing to keep.
    return {"ended_at": moment, "closed_at": now if attempt.launcher == "reported" else None}


def _note(
    connection: Connection,
    attempt: Attempt,
    from_state: AttemptState | None,
    to: AttemptState,
    actor: str,
    reason: str | None,
    now: datetime,
) -> None:
    row = {
        "attempt_id": attempt.id,
        "user_id": attempt.user_id,
        "from_state": from_state,
        "to_state": to,
        "actor": actor,
        "reason": reason,
        "created_at": now,
    }
    connection.execute(insert(attempt_transitions), row)


def _tell(
    connection: Connection, job: Job, attempt: Attempt, to: AttemptState, reason: str | None, now: datetime
) -> None:
    if to not in _NOTICES:
        return
    kind, happened, usual = _NOTICES[to]
    message = f"{reason[:1].upper()}{reason[1:]}." if reason else usual
    if to == "failed" and attempt.log_tail:
        lines = attempt.log_tail.rstrip().splitlines()[-_LOG_LINES_TOLD:]
        message = "\n".join([message, "", *lines]).strip()
    title = f"Training {job.name} {happened}"
    notice = Notice(kind, attempt.id, title, message or "Its page shows more.", job.id)
    send(connection, job.dataset_id, job.user_id, notice, now)
