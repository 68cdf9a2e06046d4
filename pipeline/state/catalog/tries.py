"""What was tried for a dataset and came to nothing, and when it is tried again; the same for validation and planning.

A request asks for a run (`requested_at`, `request_key`, counted in `asked`). The run marks each dataset when it begins
with it (`begun_by`). Only what was begun can be spent: an attempt whose outcome is a failure, or one at which the
process died (counted in `crashes` as well). What a run leaves undone otherwise is released, and costs nothing.
Which runs are asked for is in `requests.py` and `plans.py`; what a failure means, in `pipeline/flow/retries.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Table, select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.events import Event, note_events
from pipeline.state.catalog.job_tables import IS_OPEN_PLAN, training_plans
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import EventKind
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, IS_UNDECIDED, datasets
from pipeline.state.catalog.waiting import UNTRIED
from pipeline.wording import time_of_day

Work = Literal["validation", "plan"]
WORKS: tuple[Work, ...] = ("validation", "plan")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A dataset that a run was asked for, and that has no outcome yet."""

    dataset_id: str
    request_key: str | None
    requested_at: datetime
    asked: int
    begun_by: str | None


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is tried before it counts as failed, and how long each pause is; the last one repeats."""

    max_attempts: int
    pauses_s: tuple[float, ...]
    operators_are_told: bool = False
    """Whether the owner may be told that they are."""

    def pause(self, attempt: int) -> timedelta:
        """How long to wait after that many attempts, 1 or more."""
        return timedelta(seconds=self.pauses_s[min(attempt, len(self.pauses_s)) - 1])


@dataclass(frozen=True, slots=True)
class Spent:
    """An attempt that came to nothing."""

    attempt: int
    retry_at: datetime
    has_failed: bool
    """It was one too many, and the status is `failed` now."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Something that failed too often."""

    work: Work
    dataset_id: str
    name: str
    user_id: str
    since: str
    """Tells one occasion from the next."""
    reason: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the tries of one kind of work are kept."""

    table: Table
    key: Column[str]
    is_open: ColumnElement[bool]
    """Without an outcome, and worth one."""
    waiting: str
    reason: str


_IS_WANTED = IS_CURRENT & ~IS_DELETED
_PLACES: dict[Work, _Place] = {
    "validation": _Place(datasets, datasets.c.id, IS_UNDECIDED, "validating", "failure"),
    "plan": _Place(
        training_plans,
        training_plans.c.dataset_id,
        IS_OPEN_PLAN,
        "requested",
        "message",
    ),
}
# What history calls a try that came to nothing, and the one that was too many.
_FAILURES: dict[Work, tuple[EventKind, EventKind]] = {
    "validation": ("run_failed", "given_up"),
    "plan": ("plan_failed", "plan_given_up"),
}


class Tries(Database):
    """The methods that runs use, and the sensor that looks after them."""

    def open_requests(self, work: Work) -> list[OpenRequest]:
        """Return what runs were asked for without an outcome yet, oldest first."""
        place = _PLACES[work]
        table = place.table.c
        columns = (place.key, table.request_key, table.requested_at, table.asked, table.begun_by)
        query = select(*columns).where(place.is_open, table.requested_at.is_not(None))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(table.requested_at, place.key)).all()
        return [OpenRequest(*row) for row in rows]

    def asked_by(self, work: Work, request_key: str) -> set[str]:
        """Ids of datasets that wait for the run of a request."""
        place = _PLACES[work]
        query = select(place.key).where(place.is_open, place.table.c.request_key == request_key)
        with self._reading() as connection:
            return set(connection.execute(query).scalars())

    def begin_try(self, work: Work, dataset_id: str, run_id: str) -> None:
        """Note that a run begins with a dataset; where there is a verdict or a plan already, nothing is noted."""
        place = _PLACES[work]
        begin = update(place.table).where(place.key == dataset_id, place.is_open)
        with self._writing() as connection:
            connection.execute(begin.values(begun_by=run_id))

    def spend_try(
        self,
        work: Work,
        dataset_id: str,
        run_id: str,
        reason: str,
        patience: Patience,
        now: datetime,
        *,
        has_crashed: bool = False,
    ) -> Spent | None:
        """Note that a try came to nothing, and tell the owner when it was one too many; None where it does not count.

        It counts once, and only for the run that began it; the reason is noted in any case.
        """
        place = _PLACES[work]
        table = place.table.c
        with self._writing() as connection:
            found = connection.execute(
                select(place.table).where(place.key == dataset_id).with_for_update()
            ).one_or_none()
            if found is None:
                return None
            is_this = update(place.table).where(place.key == dataset_id)
            if found.begun_by != run_id:
                if work == "validation":
                    connection.execute(is_this.values(failure=reason, updated_at=now))
                return None
            attempt = found.attempt + 1
            spent = Spent(attempt, now + patience.pause(attempt), attempt >= patience.max_attempts)
            changed = connection.execute(
                is_this.where(place.is_open).values(
                    {
                        **UNTRIED,
                        "attempt": attempt,
                        "crashes": table.crashes + int(has_crashed),
                        "retry_at": spent.retry_at,
                        "status": "failed" if spent.has_failed else found.status,
                        place.reason: reason,
                        "updated_at": now,
                    }
                )
            )
            if changed.rowcount:
                _note_failure(connection, work, [dataset_id], spent.has_failed, reason, now, run_id, attempt)
            if spent.has_failed:
                _tell_owner(connection, work, dataset_id, spent, patience, now)
        return spent

    def release(
        self,
        work: Work,
        ids: Sequence[str],
        request_key: str | None,
        retry_at: datetime | None = None,
        reason: str = "",
        failed_at: datetime | None = None,
    ) -> None:
        """Forget requests, so that they are made again, at `retry_at` or at once; no attempt is spent.

        request_key: whose; what was asked for anew meanwhile stays as it is. reason: why the run came to nothing.
        failed_at: given where this goes on for too long; the status is `failed` then.
        """
        place = _PLACES[work]
        is_theirs = place.table.c.request_key.is_not_distinct_from(request_key)
        forget = update(place.table).where(place.is_open, is_theirs)
        values: dict[str, object] = {"requested_at": None, "request_key": None, "begun_by": None, "retry_at": retry_at}
        if reason:
            values[place.reason] = reason
        if failed_at:
            values |= {"status": "failed", "updated_at": failed_at}
        with self._writing() as connection:
            for some in chunks(ids):
                change = forget.where(place.key.in_(some)).values(values)
                released = connection.execute(change.returning(place.key)).scalars().all()
                if failed_at:
                    _note_failure(connection, work, sorted(released), True, reason, failed_at)

    def retry_now(self, work: Work) -> int:
        """Let everything that waits for its next try be tried at once; returns how much that is."""
        place = _PLACES[work]
        waits = update(place.table).where(place.is_open, place.table.c.retry_at.is_not(None))
        with self._writing() as connection:
            return connection.execute(waits.values(retry_at=None)).rowcount

    def given_up(self) -> list[GivenUp]:
        """Return everything that is `failed` now, oldest first; it is tried again, but a person should look."""
        found: list[GivenUp] = []
        with self._reading() as connection:
            for work, place in _PLACES.items():
                rows = connection.execute(_failed(place)).all()
                rows = sorted(rows, key=attrgetter("created_at", "id"))  # an order would have SQLite read all datasets
                found += [
                    GivenUp(work, row.id, row.name, row.user_id, _occasion(work, row), row.reason or "", row.retry_at)
                    for row in rows
                ]
        return found


def _note_failure(
    connection: Connection,
    work: Work,
    ids: Sequence[str],
    is_last: bool,
    reason: str,
    now: datetime,
    run_id: str | None = None,
    attempt: int | None = None,
) -> None:
    kind = _FAILURES[work][is_last]
    of_dataset = datasets.c
    columns = select(of_dataset.id, of_dataset.user_id, of_dataset.status).where(of_dataset.id.in_(ids))
    events = [
        Event(row.id, row.user_id, kind, row.status, run_id, attempt=attempt, detail=reason or None)
        for row in connection.execute(columns.order_by(of_dataset.id))
    ]
    note_events(connection, events, now)


def _failed(place: _Place) -> Any:
    of_dataset = datasets.c
    names = ("id", "name", "user_id", "created_at", "validated_at", "run_id")
    table = place.table.c
    source = datasets if place.table is datasets else datasets.join(training_plans)
    query = select(
        *(of_dataset[name] for name in names), table[place.reason].label("reason"), table.retry_at
    ).select_from(source)
    if place.table is training_plans:
        query = query.where(table.validation_run_id == of_dataset.run_id, of_dataset.status == "ready")
    return query.where(place.is_open, table.status == "failed", _IS_WANTED)


def _occasion(work: Work, row: Any) -> str:
    """The same until there is another verdict: what was well in between fails for another reason."""
    if work == "plan":
        return f"training-{row.run_id}"
    return row.validated_at.isoformat() if row.validated_at else "the beginning"


def _tell_owner(
    connection: Connection, work: Work, dataset_id: str, spent: Spent, patience: Patience, now: datetime
) -> None:
    of_dataset = datasets.c
    columns = (of_dataset.name, of_dataset.user_id, of_dataset.validated_at, of_dataset.run_id)
    row = connection.execute(select(*columns).where(of_dataset.id == dataset_id)).one()
    what = {
        "validation": f"{row.name} could not be validated",
        "plan": f"Training jobs for {row.name} could not be made",
    }[work]
    told = " The operators were told." if patience.operators_are_told else ""
    message = (
        f"The service failed, not your file; it is tried again at {time_of_day(spent.retry_at)}, then hourly.{told}"
    )
    send(connection, dataset_id, row.user_id, Notice("run_failed", _occasion(work, row), what, message), now)
