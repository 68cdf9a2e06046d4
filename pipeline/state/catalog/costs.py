"""What jobs are expected to cost, and what they did: rows of their own, added and never overwritten."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pipeline.errors import JobNotFound
from pipeline.state.catalog.attempt_tables import training_attempts
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_batches import spending_by_batch
from pipeline.state.catalog.generation_tables import IS_OPEN, batch_jobs, llm_calls, llm_submissions
from pipeline.state.catalog.job_records import CostRecord, NewCost
from pipeline.state.catalog.job_tables import cost_records, training_jobs
from pipeline.state.catalog.selecting import is_of
from pipeline.state.catalog.statements import chunks, insert_or
from pipeline.state.catalog.tables import datasets

_DIGEST_HEX_DIGITS = 12
_AGAIN = "~"  # before which time it is that an estimate says the same
_ADDED_LATER = {"attempt_id", "billed_nano_usd"}  # an earlier version's record keeps its id
NANO = 1_000_000_000
"""Billionths of a US dollar in one: what is billed is counted in them, never in floats."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What one attempt at a training did cost."""

    job_id: str
    attempt_id: str | None
    job_name: str
    dataset_id: str
    dataset_name: str
    base_model: str
    provider: str | None
    nano_usd: int | None
    """In billionths of a US dollar."""
    hours: float | None
    source: str
    created_at: datetime


class Costs(Database):
    """The methods that runs, commands and the service use."""

    def add_cost(self, job_id: str, user_id: str, new: NewCost, now: datetime) -> CostRecord:
        """Add a record; the same figures from the same source again are the record that is there.

        Raises:
            JobNotFound: there is no such job of this user.
        """
        is_theirs = (training_jobs.c.id == job_id) & (training_jobs.c.user_id == user_id)
        with self._writing() as connection:
            if connection.execute(select(training_jobs.c.id).where(is_theirs)).one_or_none() is None:
                raise JobNotFound(
                    f"expected the id of a training job of {user_id}, found {job_id!r}: list the jobs first"
                )
            if insert_cost(connection, job_id, user_id, new, now):
                connection.execute(update(training_jobs).where(is_theirs).values(updated_at=now))
            said = cost_records.c.id.startswith(cost_id(job_id, new), autoescape=True)
            newest_first = select(cost_records).where(said).order_by(cost_records.c.created_at.desc()).limit(1)
            return CostRecord(*connection.execute(newest_first).one())

    def costs_of(self, job_ids: Sequence[str]) -> dict[str, list[CostRecord]]:
        """Return the records of jobs, oldest first; every job has an entry."""
        found: dict[str, list[CostRecord]] = {job_id: [] for job_id in job_ids}
        with self._reading() as connection:
            for some in chunks(job_ids):
                query = select(cost_records).where(cost_records.c.job_id.in_(some))
                for row in connection.execute(query.order_by(cost_records.c.created_at, cost_records.c.id)):
                    found[row.job_id].append(CostRecord(*row))
        return found

    def spending(
        self, user_id: str | None, since: datetime | None = None, until: datetime | None = None
    ) -> list[Spending]:
        """Return what trainings did cost, newest first: the last record of each attempt, as a bill corrects a meter."""
        columns = cost_records.c
        wanted = (columns.kind == "actual") & is_of(cost_records, user_id)
        query = (
            select(
                columns.job_id,
                columns.attempt_id,
                training_jobs.c.name,
                datasets.c.id,
                datasets.c.name,
                training_jobs.c.base_model,
                columns.provider,
                columns.billed_nano_usd,
                columns.hours,
                columns.source,
                columns.created_at,
            )
            .select_from(cost_records)
            .join(training_jobs, training_jobs.c.id == columns.job_id)
            .join(datasets, datasets.c.id == training_jobs.c.dataset_id)
            .where(wanted)
            .order_by(columns.created_at, columns.id)
        )
        with self._reading() as connection:
            found = [Spending(*row) for row in connection.execute(query)]
        first: dict[tuple[str, str], datetime] = {}
        last: dict[tuple[str, str], Spending] = {}
        for each in found:
            key = (each.job_id, each.attempt_id or each.source)
            # A bill that comes later corrects what the attempt did cost then.
            last[key] = replace(each, created_at=first.setdefault(key, each.created_at))
        within = [
            each
            for each in last.values()
            if (since is None or each.created_at >= since) and (until is None or each.created_at < until)
        ]
        return sorted(within, key=lambda each: each.created_at, reverse=True)

    def made_nano_usd(self, user_id: str, since: datetime) -> int:
        """What asking models for a user's conversations did cost since then."""
        with self._reading() as connection:
            return _made(connection, user_id, since)

    def committed_nano_usd(self, user_id: str, since: datetime) -> int:
        """What a user's trainings and conversations did cost since then; what is under way, at the most that it may."""
        spendings = self.spending(user_id)
        billed = {each.attempt_id for each in spendings}
        columns = training_attempts.c
        is_open = columns.closed_at.is_(None) & (columns.user_id == user_id) & (columns.launcher != "reported")
        chosen = (columns.id, columns.job_id, columns.gpu_count, columns.price_per_gpu_hour, columns.metered_nano_usd)
        with self._reading() as connection:
            attempts = [row for row in connection.execute(select(*chosen).where(is_open)) if row.id not in billed]
            making = _made(connection, user_id, since) + _may_be_made(connection, user_id)
        estimates = self.costs_of([row.job_id for row in attempts])
        spent = making + sum(each.nano_usd or 0 for each in spendings if each.created_at >= since)
        for row in attempts:
            most = _most_usd(newest(estimates[row.job_id], "estimate"), row.gpu_count, row.price_per_gpu_hour)
            spent += max(int(row.metered_nano_usd), round(most * NANO))
        return spent


def _made(connection: Connection, user_id: str, since: datetime) -> int:
    columns = llm_calls.c
    query = select(func.coalesce(func.sum(columns.cost_nano_usd), 0)).where(
        columns.user_id == user_id, columns.created_at >= since
    )
    return int(connection.execute(query).scalar_one())


def _may_be_made(connection: Connection, user_id: str) -> int:
    """What batches under way may still cost: the rest of their budgets; of others, what is kept back for answers."""
    columns = batch_jobs.c
    query = select(columns.id, columns.status, columns.budget_nano_usd).where(columns.user_id == user_id)
    has_open = select(llm_submissions.c.id).where(llm_submissions.c.batch_id == columns.id, IS_OPEN).exists()
    found = connection.execute(query.where((columns.status == "running") | has_open)).all()
    money = spending_by_batch(connection, [row.id for row in found])
    return sum(
        max(money[row.id].reserved_nano_usd, row.budget_nano_usd - money[row.id].spent_nano_usd)
        if row.status == "running"
        else money[row.id].reserved_nano_usd
        for row in found
    )


def _most_usd(estimate: CostRecord | None, gpu_count: int, price: float | None) -> float:
    """By its hours; where an estimate has none, as of what a provider bills by tokens, what it says itself."""
    if estimate is None:
        return 0.0
    if estimate.hours_high is None:
        return estimate.cost_usd_high or 0.0
    return estimate.hours_high * gpu_count * (price or 0.0)


def newest(records: Sequence[CostRecord], kind: str) -> CostRecord | None:
    """The last record of a kind, of records that are oldest first."""
    return next((record for record in reversed(records) if record.kind == kind), None)


def cost_id(job_id: str, new: NewCost) -> str:
    """The id of a record: of its job, its kind and all that it says."""
    said_fields = {name: value for name, value in asdict(new).items() if name not in _ADDED_LATER or value is not None}
    said = json.dumps(said_fields, sort_keys=True, default=str)
    return f"{job_id}.{new.kind}.{hashlib.sha256(said.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]}"


def insert_cost(connection: Connection, job_id: str, user_id: str, new: NewCost, now: datetime) -> bool:
    """Add a record inside the caller's transaction; return False when it is there already.

    An estimate that an earlier one said, and a later one changed, is the newest again: it is a record of its own.
    """
    values = asdict(new) | {"basis": list(new.basis)}
    if new.kind == "actual" and new.billed_nano_usd is None and new.cost_usd is not None:
        values["billed_nano_usd"] = round(new.cost_usd * NANO)
    id_ = _free_id(connection, job_id, new) if new.kind == "estimate" else cost_id(job_id, new)
    row = values | {"id": id_, "job_id": job_id, "user_id": user_id, "created_at": now}
    once = insert_or(connection, cost_records).values(row).on_conflict_do_nothing(index_elements=["id"])
    return connection.execute(once).rowcount == 1


def _free_id(connection: Connection, job_id: str, new: NewCost) -> str:
    """The id that an estimate gets: the one it has where it is the newest."""
    id_ = cost_id(job_id, new)
    columns = cost_records.c
    known = select(columns.id).where(columns.job_id == job_id, columns.kind == new.kind)
    ids = list(connection.execute(known.order_by(columns.created_at, columns.id)).scalars())
    times = sum(_said_by(each) == id_ for each in ids)
    if not times or _said_by(ids[-1]) == id_:
        return ids[-1] if times else id_
    return f"{id_}{_AGAIN}{times + 1}"


def _said_by(id_: str) -> str:
    return id_.partition(_AGAIN)[0]
