"""What is counted for whoever watches an installation: queues, ends and money, of all users together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, ColumnElement, Connection, case, false, func, select, true

from pipeline.state.catalog.attempt_tables import IS_LIVE, training_attempts
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.changed_keys import WAREHOUSE, changes, publications
from pipeline.state.catalog.generation_tables import batch_jobs, llm_calls
from pipeline.state.catalog.job_tables import training_plans
from pipeline.state.catalog.statuses import ATTEMPT_STATES, BATCH_STATUSES, STATUSES
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, IS_UNDECIDED, IS_UNPLANNED, datasets, ignored_files

MOST_DECIDED = 10_000  # of one look
Stage = Literal["validation", "planning", "publication", "folding"]


@dataclass(frozen=True, slots=True)
class Queue:
    """Datasets that wait for a stage of their life."""

    unasked: int
    """Those for which no run was asked for. Publications and folds are not asked for each dataset: all are these."""
    asked: int = 0
    since: datetime | None = None
    """When the one that waits longest was asked for, or began to wait."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The catalog in numbers, at one moment."""

    datasets: dict[str, int]
    """Current ones, by status."""
    queues: dict[Stage, Queue]
    retrying: int
    """Datasets that wait for a verdict and were tried before."""
    ignored_files: int
    trainings: dict[str, int]
    batches: dict[str, int]
    metered_nano_usd: int
    """Of trainings that live."""


@dataclass(frozen=True, slots=True)
class DecidedDataset:
    """A verdict."""

    dataset_id: str
    status: str
    requested_at: datetime | None
    """When the run was asked for that gave it."""
    validated_at: datetime


class Measures(Database):
    """The methods that the service asks for its metrics."""

    def measured(self) -> Measured:
        """Count. Each count reads an index of what waits, or a table of few rows; only statuses are counted of all."""
        live = select(func.coalesce(func.sum(training_attempts.c.metered_nano_usd), 0)).where(IS_LIVE)
        ignored = select(func.count()).select_from(ignored_files).where(ignored_files.c.gone_at.is_(None))
        with self._reading() as connection:
            validation, retrying = _validation(connection)
            queues: dict[Stage, Queue] = {
                "validation": validation,
                "planning": _planning(connection),
                "publication": _publication(connection),
                "folding": _folding(connection),
            }
            return Measured(
                _counts(connection, datasets.c.status, STATUSES, IS_CURRENT & ~IS_DELETED),
                queues,
                retrying,
                connection.execute(ignored).scalar_one(),
                _counts(connection, training_attempts.c.state, ATTEMPT_STATES),
                _counts(connection, batch_jobs.c.status, BATCH_STATUSES),
                int(connection.execute(live).scalar_one()),
            )

    def generation_nano_usd(self) -> int:
        """What asking models did ever cost; reads the whole ledger."""
        with self._reading() as connection:
            spent = select(func.coalesce(func.sum(llm_calls.c.cost_nano_usd), 0))
            return int(connection.execute(spent).scalar_one())

    def decided_since(self, since: datetime) -> list[DecidedDataset]:
        """Return verdicts of this moment or later, oldest first."""
        table = datasets.c
        columns = select(table.id, table.status, table.requested_at, table.validated_at)
        decided = columns.where(
            table.updated_at >= since, table.validated_at >= since, table.status.in_(("ready", "error"))
        )
        with self._reading() as connection:
            rows = connection.execute(decided.order_by(table.validated_at, table.id).limit(MOST_DECIDED))
            return [DecidedDataset(*row) for row in rows]


def _validation(connection: Connection) -> tuple[Queue, int]:
    """Datasets without a verdict, and how many of them were tried before; what failed waits for a person."""
    table = datasets.c
    waiting = select(
        func.count(case((table.requested_at.is_(None), 1))),
        func.count(case((table.requested_at.is_not(None), 1))),
        func.min(func.coalesce(table.requested_at, table.updated_at)),
        func.count(case((table.attempt > 0, 1))),
    ).where(IS_UNDECIDED, table.status == "validating", IS_CURRENT, ~IS_DELETED)
    unasked, asked, since, retrying = connection.execute(waiting).one()
    return Queue(unasked, asked, since), retrying


def _planning(connection: Connection) -> Queue:
    """Ready datasets without a plan for their verdict; of what failed a person is told."""
    plan = training_plans.c
    is_asked = (plan.validation_run_id == datasets.c.run_id) & plan.requested_at.is_not(None)
    has_failed = (plan.validation_run_id == datasets.c.run_id) & (plan.status == "failed")
    waiting = (
        select(
            func.count(case((is_asked, 1))),
            func.count(),
            func.min(case((is_asked, plan.requested_at), else_=datasets.c.validated_at)),
        )
        .select_from(datasets.outerjoin(training_plans, plan.dataset_id == datasets.c.id))
        .where(IS_UNPLANNED, func.coalesce(has_failed, false()).is_(False))
    )
    asked, count, since = connection.execute(waiting).one()
    return Queue(count - asked, asked, since)


def _publication(connection: Connection) -> Queue:
    """Datasets that changed since the warehouse was published."""
    of_datasets = changes.c.table_name == datasets.name
    count = connection.execute(select(func.count(changes.c.row_key.distinct())).where(of_datasets)).scalar_one()
    first = select(changes.c.noted_at).where(of_datasets).order_by(changes.c.id).limit(1)
    return Queue(count, since=connection.execute(first).scalar())


def _folding(connection: Connection) -> Queue:
    """Small datasets that the published warehouse shows out of files of their own."""
    noted = select(publications.c.unfolded_count, publications.c.unfolded_since)
    row = connection.execute(noted.where(publications.c.name == WAREHOUSE)).one_or_none()
    return Queue(row.unfolded_count or 0, since=row.unfolded_since) if row else Queue(0)


def _counts(
    connection: Connection, state: Column[str], states: Sequence[str], condition: ColumnElement[bool] | None = None
) -> dict[str, int]:
    """How many rows are in each state; every state has an entry."""
    query = select(state, func.count()).where(true() if condition is None else condition).group_by(state)
    found: dict[str, int] = dict(connection.execute(query).all())
    return {each: found.get(each, 0) for each in states}
