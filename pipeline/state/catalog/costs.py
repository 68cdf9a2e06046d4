"""What jobs are expected to cost, and what they did: rows of their own, added and never overwritten."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline.errors import JobNotFound
from pipeline.state.catalog.engine import Database
from pipeline.state.catalog.job_records import CostRecord, NewCost
from pipeline.state.catalog.job_tables import cost_records, training_jobs
from pipeline.state.catalog.statements import chunks, insert_or

_DIGEST_HEX_DIGITS = 12


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
            row = connection.execute(select(cost_records).where(cost_records.c.id == cost_id(job_id, new))).one()
            return CostRecord(*row)

    def costs_of(self, job_ids: Sequence[str]) -> dict[str, list[CostRecord]]:
        """Return the records of jobs, oldest first; every job has an entry."""
        found: dict[str, list[CostRecord]] = {job_id: [] for job_id in job_ids}
        with self._reading() as connection:
            for some in chunks(job_ids):
                query = select(cost_records).where(cost_records.c.job_id.in_(some))
                for row in connection.execute(query.order_by(cost_records.c.created_at, cost_records.c.id)):
                    found[row.job_id].append(CostRecord(*row))
        return found


def newest(records: Sequence[CostRecord], kind: str) -> CostRecord | None:
    """The last record of a kind, of records that are oldest first."""
    return next((record for record in reversed(records) if record.kind == kind), None)


def cost_id(job_id: str, new: NewCost) -> str:
    """The id of a record: of its job, its kind and all that it says."""
    said = json.dumps(asdict(new), sort_keys=True, default=str)
    return f"{job_id}.{new.kind}.{hashlib.sha256(said.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]}"


def insert_cost(connection: Connection, job_id: str, user_id: str, new: NewCost, now: datetime) -> bool:
    """Add a record inside the caller's transaction; return False when it is there already."""
    values = asdict(new) | {"basis": list(new.basis)}
    row = values | {"id": cost_id(job_id, new), "job_id": job_id, "user_id": user_id, "created_at": now}
    once = insert_or(connection, cost_records).values(row).on_conflict_do_nothing(index_elements=["id"])
    return connection.execute(once).rowcount == 1
