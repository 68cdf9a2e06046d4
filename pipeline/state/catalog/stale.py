"""Which jobs are no longer true to their dataset. Such a job stays, with its costs; only its status tells.

A job that a trainer has begun keeps its status: it was trained on what it was made from.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, literal, or_, select, true, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.job_tables import IS_CONFIGURED, training_jobs, training_plans
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.tables import IS_REPLACED, datasets
from pipeline.state.catalog.training_jobs import read_job

_HAS_ERRORS = datasets.c.status == "error"
# Only by the plan of the newest verdict: a job made between a verdict and its plan has other rows than the old plan.
_HAS_OTHER_ROWS = (training_plans.c.validation_run_id == datasets.c.run_id) & (
    training_plans.c.split_fingerprint != training_jobs.c.split_fingerprint
)
_IS_GONE = or_(IS_REPLACED, _HAS_ERRORS)
_WHY = case(
    (IS_REPLACED, literal("a newer upload took the dataset's place")),
    (_HAS_ERRORS, literal("the dataset was validated again and has errors")),
    else_=literal("the dataset was validated again and has other rows or another split"),
)
_JOBS_OF_DATASETS = training_jobs.join(datasets, datasets.c.id == training_jobs.c.dataset_id).outerjoin(
    training_plans, training_plans.c.dataset_id == training_jobs.c.dataset_id
)


class StaleJobs(Database):
    """The method that the sensor uses."""

    def mark_stale_jobs(self, now: datetime, since: datetime | None = None) -> list[Job]:
        """Mark configured jobs stale whose dataset was replaced, has errors or other rows; return them.

        since: of the datasets and jobs that changed then or later; None: of all that there are.
        """
        which = true() if since is None else _changed(since)
        with self._reading() as connection:  # nearly always there is nothing to write
            if connection.execute(_stale(which).limit(1)).first() is None:
                return []
        with self._writing() as connection:
            return mark_stale(connection, which, now)


def _changed(since: datetime) -> ColumnElement[bool]:
    """Jobs that may have become stale. Whoever records a split marks those of other rows: of plans nothing is asked."""
    changed = select(datasets.c.id).where(datasets.c.updated_at >= since)
    made = select(training_jobs.c.dataset_id).where(IS_CONFIGURED, training_jobs.c.updated_at >= since)
    return training_jobs.c.dataset_id.in_(changed.union(made))


def mark_stale(connection: Connection, which: ColumnElement[bool], now: datetime) -> list[Job]:
    """The same inside the caller's transaction, for jobs of some datasets; their owners are told once a verdict."""
    found = connection.execute(_stale(which)).all()
    for row in found:
        change = update(training_jobs).where(training_jobs.c.id == row.id)
        connection.execute(change.values(status="stale", status_reason=row.why, updated_at=now))
        if row.is_gone:  # should the same verdict count again, it is planned again
            plan = update(training_plans).where(training_plans.c.dataset_id == row.dataset_id)
            connection.execute(plan.values(validation_run_id="", updated_at=now))
            of_dataset = update(datasets).where(datasets.c.id == row.dataset_id)
            connection.execute(of_dataset.values(planned_run_id=None))
        notice = Notice(
            kind="training_jobs_stale",
            dedupe_key=f"{row.verdict}:{row.superseded_by or ''}",
            title=f"Training jobs of {row.dataset_name} are out of date",
            message=f"Do not start them: {row.why}.",
        )
        send(connection, row.dataset_id, row.user_id, notice, now)
    return [read_job(connection, row.id) for row in found]


def _stale(which: ColumnElement[bool]) -> Select[Any]:
    columns = (
        training_jobs.c.id,
        training_jobs.c.dataset_id,
        training_jobs.c.user_id,
        _WHY.label("why"),
        _IS_GONE.label("is_gone"),
        datasets.c.run_id.label("verdict"),
        datasets.c.superseded_by,
        datasets.c.name.label("dataset_name"),
    )
    is_stale = IS_CONFIGURED & or_(_IS_GONE, _HAS_OTHER_ROWS)
    oldest = select(*columns).select_from(_JOBS_OF_DATASETS).where(is_stale, which)
    return oldest.order_by(training_jobs.c.created_at, training_jobs.c.id)
