"""What trainings tell: figures at steps, how far they are, the end of their log, how they ended. Each byte counts once.

The catalog keeps how far it has read each journal, and changes it in the same transaction as all that was read. Whoever
reads from elsewhere, or sends the same again, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, insert, select, update

from pipeline.state.catalog.attempt_records import Attempt, Series, Told
from pipeline.state.catalog.attempt_tables import metric_series, training_attempts
from pipeline.state.catalog.attempts import move_attempt, read_attempt
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.job_records import Artifact, MetricsPoint
from pipeline.state.catalog.job_tables import metrics_points, model_artifacts
from pipeline.state.catalog.metric_buckets import with_points
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.statuses import LIVE_STATES
from pipeline.state.catalog.training_jobs import read_job

MOST_SERIES = 200
"""Figures of an attempt; a trainer has a dozen."""


class Journals(Database):
    """The methods that whoever watches a training uses, and whoever shows it."""

    def take_journal(self, attempt_id: str, read_from: int, told: Told, now: datetime) -> Attempt:
        """Note what was read of a journal, from byte `read_from` on; nothing where that is known already.

        Raises:
            JobNotFound: there is no such attempt.
        """
        with self._writing() as connection:
            before = read_attempt(connection, attempt_id)
            read_job(connection, before.job_id, for_update=True)  # whoever changes an attempt holds its job
            claim = update(training_attempts).where(
                training_attempts.c.id == attempt_id, training_attempts.c.journal_offset == read_from
            )
            progress = {"journal_offset": told.offset, **_progress(before, told, now)}
            if connection.execute(claim.values(progress)).rowcount == 1:
                attempt = read_attempt(connection, attempt_id)
                add_points(connection, attempt, told.points, now)
                add_artifacts(connection, attempt, told.artifacts, now)
                _follow(connection, attempt, told, now)
            return read_attempt(connection, attempt_id)

    def series_of(self, attempt_ids: Sequence[str], names: Sequence[str] | None = None) -> dict[str, list[Series]]:
        """Return the figures of attempts in short, by name; every attempt has an entry. names: None for all."""
        found: dict[str, list[Series]] = {attempt_id: [] for attempt_id in attempt_ids}
        columns = metric_series.c
        query = select(metric_series).where(columns.attempt_id.in_(list(attempt_ids)))
        if names is not None:
            query = query.where(columns.name.in_(list(names)))
        with self._reading() as connection:
            for row in connection.execute(query.order_by(columns.attempt_id, columns.name)):
                found[row.attempt_id].append(_series(row._mapping))
        return found

    def points_of(
        self, attempt_id: str, name: str | None = None, after: int = 0, limit: int = 10_000
    ) -> list[tuple[int, MetricsPoint]]:
        """Return figures of an attempt as they were told, with the place of each; after: the last place seen."""
        columns = metrics_points.c
        chosen = (columns.id, columns.name, columns.step, columns.value, columns.epoch, columns.measured_at)
        query = select(*chosen).where(columns.attempt_id == attempt_id, columns.id > after)
        if name is not None:
            query = query.where(columns.name == name)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(columns.id).limit(limit))
            return [(row[0], MetricsPoint(*row[1:])) for row in rows]


def add_points(connection: Connection, attempt: Attempt, points: Sequence[MetricsPoint], now: datetime) -> None:
    """Keep figures inside the caller's transaction; the first value of a step counts."""
    ordered = sorted({(point.name, point.step): point for point in reversed(points)}.values(), key=_by_name)
    common = {"job_id": attempt.job_id, "user_id": attempt.user_id, "attempt_id": attempt.id, "recorded_at": now}
    known = set(
        connection.execute(select(metric_series.c.name).where(metric_series.c.attempt_id == attempt.id)).scalars()
    )
    for name, group in groupby(ordered, key=lambda point: point.name):
        if name not in known and len(known) >= MOST_SERIES:
            continue
        known.add(name)
        new = _new(connection, attempt.id, name, list(group))
        if new:
            connection.execute(insert(metrics_points), [common | asdict(point) for point in new])
            _add_to_series(connection, attempt, name, new, now)


def add_artifacts(connection: Connection, attempt: Attempt, artifacts: Sequence[Artifact], now: datetime) -> None:
    """Keep what files a training left, inside the caller's transaction; each place once."""
    common = {"job_id": attempt.job_id, "user_id": attempt.user_id, "attempt_id": attempt.id, "created_at": now}
    if artifacts:
        once = insert_or(connection, model_artifacts).on_conflict_do_nothing(
            index_elements=["attempt_id", "storage_path"]
        )
        connection.execute(once, [common | asdict(artifact) for artifact in artifacts])


def _by_name(point: MetricsPoint) -> tuple[str, int]:
    return point.name, point.step


def _new(connection: Connection, attempt_id: str, name: str, points: list[MetricsPoint]) -> list[MetricsPoint]:
    columns = metrics_points.c
    query = select(columns.step).where(
        columns.attempt_id == attempt_id,
        columns.name == name,
        columns.step.between(points[0].step, points[-1].step),
    )
    known = set(connection.execute(query).scalars())
    return [point for point in points if point.step not in known]


def _add_to_series(
    connection: Connection, attempt: Attempt, name: str, points: list[MetricsPoint], now: datetime
) -> None:
    columns = metric_series.c
    is_it = (columns.attempt_id == attempt.id) & (columns.name == name)
    row = connection.execute(select(metric_series).where(is_it)).one_or_none()
    before = None if row is None else _series(row._mapping)
    buckets, steps = with_points(
        before.buckets if before else (),
        before.steps_a_bucket if before else 1,
        ((point.step, point.value) for point in points),
    )
    least = min(points, key=lambda point: point.value)
    last = points[-1]
    values = {
        "points": (before.points if before else 0) + len(points),
        "last_step": last.step,
        "last_value": last.value,
        "least_step": least.step,
        "least_value": least.value,
        "steps_a_bucket": steps,
        "buckets": buckets,
        "updated_at": now,
    }
    if before and before.last_step > last.step:
        values |= {"last_step": before.last_step, "last_value": before.last_value}
    if before and before.least_value <= least.value:
        values |= {"least_step": before.least_step, "least_value": before.least_value}
    if before:
        connection.execute(update(metric_series).where(is_it).values(values))
    else:
        key = {"attempt_id": attempt.id, "name": name, "user_id": attempt.user_id}
        connection.execute(insert(metric_series), key | values)


def _progress(before: Attempt, told: Told, now: datetime) -> dict[str, object]:
    is_behind = told.step is not None and before.step is not None and told.step < before.step
    found = {
        "heartbeat_at": now if told.at is not None else None,
        "step": None if is_behind else told.step,
        "total_steps": told.total_steps,
        "epoch": told.epoch,
        "log_tail": told.log_tail,
        "failure_class": told.failure_class,
    }
    return {name: value for name, value in found.items() if value is not None}


def _follow(connection: Connection, attempt: Attempt, told: Told, now: datetime) -> None:
    """What it told of itself decides its state: that it has begun, that it has ended."""
    is_heard_again = attempt.state == "lost" and told.at is not None
    if (told.has_begun and attempt.state in LIVE_STATES and attempt.state != "running") or is_heard_again:
        move_attempt(connection, attempt.id, "running", "training", now, happened_at=told.begun_at)
    if told.state is not None:
        # Why somebody asked for its end says more than that it was asked to.
        is_asked = told.state == "cancelled" and attempt.cancel_requested_at is not None and attempt.state != "lost"
        reason = (attempt.state_reason if is_asked else None) or told.reason
        move_attempt(
            connection, attempt.id, told.state, "training", now, reason, told.failure_class, told.ended_at, told.remedy
        )


def _series(row: object) -> Series:
    values = dict(row)  # type: ignore[call-overload]  # SQLAlchemy's mapping of a row
    known = {name: values[name] for name in Series.__dataclass_fields__}
    return replace(Series(**known), buckets=tuple(tuple(bucket) for bucket in known["buckets"]))
