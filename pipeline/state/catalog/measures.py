"""What is counted for whoever watches an installation: queues, ends and money, of all users together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, case, func, select, true

from pipeline.state.catalog.attempt_tables import IS_LIVE, training_attempts
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_tables import batch_jobs, llm_calls
from pipeline.state.catalog.statuses import ATTEMPT_STATES, BATCH_STATUSES, STATUSES
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets, ignored_files

MOST_DECIDED = 10_000  # of one look


@dataclass(frozen=True, slots=True)
class Measured:
    """The catalog in numbers, at one moment."""

    datasets: dict[str, int]
    """Current ones, by status."""
    unasked: int
    """Those that wait for a verdict, without a run and with one."""
    asked: int
    """Those that wait for a verdict, without a run and with one."""
    retrying: int
    """Of those, what was tried before."""
    waiting_since: datetime | None
    """When the one that waits longest was asked for, or registered."""
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
        """Count. Each count reads an index, or a table of few rows."""
        table = datasets.c
        of_datasets = IS_CURRENT & ~IS_DELETED
        is_waiting = of_datasets & (table.status == "validating")
        waiting = select(
            func.count(case((table.requested_at.is_(None), 1))),
            func.count(case((table.requested_at.is_not(None), 1))),
            func.count(case((table.attempt > 0, 1))),
            func.min(func.coalesce(table.requested_at, table.updated_at)),
        ).where(is_waiting)
        live = select(func.coalesce(func.sum(training_attempts.c.metered_nano_usd), 0)).where(IS_LIVE)
        ignored = select(func.count()).select_from(ignored_files).where(ignored_files.c.gone_at.is_(None))
        with self._reading() as connection:
            unasked, asked, retrying, since = connection.execute(waiting).one()
            return Measured(
                _counts(connection, table.status, STATUSES, of_datasets),
                unasked,
                asked,
                retrying,
                since,
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


def _counts(
    connection: Connection, state: Column[str], states: Sequence[str], condition: ColumnElement[bool] | None = None
) -> dict[str, int]:
    """How many rows are in each state; every state has an entry."""
    query = select(state, func.count()).where(true() if condition is None else condition).group_by(state)
    found: dict[str, int] = dict(connection.execute(query).all())
    return {each: found.get(each, 0) for each in states}
