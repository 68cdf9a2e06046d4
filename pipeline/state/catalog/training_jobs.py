"""Training jobs: made once, found and listed by their owner.

How they are trained is in `attempts.py`, what they cost in `costs.py`; whether a job is still true to its dataset
is decided in `stale.py`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from pipeline.errors import JobNotFound
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.costs import insert_cost
from pipeline.state.catalog.job_records import Job, JobPage, JobSort, NewCost, NewJob
from pipeline.state.catalog.job_tables import cost_records, training_jobs
from pipeline.state.catalog.lookup import read_dataset
from pipeline.state.catalog.selecting import check_listing, find_meant, find_row, is_named_like, is_of, paged
from pipeline.state.catalog.statuses import JOB_STATUSES, JobStatus
from pipeline.state.catalog.tables import storable_text

_NEWEST = (training_jobs.c.created_at.desc(), training_jobs.c.id)
_COST = (
    select(cost_records.c.cost_usd)
    .where(cost_records.c.job_id == training_jobs.c.id, cost_records.c.kind == "estimate")
    .order_by(cost_records.c.created_at.desc(), cost_records.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
"""What a job is expected to cost, by its newest estimate."""


class Jobs(Database):
    """The methods that runs, commands and the service use. `user_id=None` means any user's jobs."""

    def create_job(self, new: NewJob, estimate: NewCost, now: datetime) -> Job:
        """Make a job and its estimate in one transaction; the same job again is the row that is there.

        A stale job whose rows are back becomes `configured` again, and so does a cancelled one that a person asks for;
        a price that changed since adds an estimate and leaves the old one.

        Raises:
            DatasetNotFound: there is no such dataset.
        """
        with self._writing() as connection:
            owner = read_dataset(connection, new.dataset_id).user_id
            found = find_row(connection, training_jobs, new.job_id, for_update=True)
            if found is None:
                connection.execute(insert(training_jobs), _new_row(new, owner, now))
            elif found.status == "stale" or (found.status == "cancelled" and new.origin == "person"):
                again = {"status": "configured", "status_reason": None, "updated_at": now}
                connection.execute(update(training_jobs).where(training_jobs.c.id == new.job_id).values(again))
            if insert_cost(connection, new.job_id, owner, estimate, now):
                touch(connection, new.job_id, now)
            return read_job(connection, new.job_id)

    def get_job(self, job_id: str, user_id: str | None = None) -> Job:
        """Return a job by its whole id.

        Raises:
            JobNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return read_job(connection, job_id, user_id)

    def find_job(self, user_id: str | None, name_or_id: str) -> Job:
        """Return the job a person means: by id, else by the beginning of its id, else by name.

        Raises:
            JobNotFound: nothing fits.
            UsageError: several fit; the message names them.
        """
        begins_so = func.substr(training_jobs.c.id, 1, len(name_or_id)) == storable_text(name_or_id)
        attempts = (training_jobs.c.id == name_or_id, begins_so, training_jobs.c.name == name_or_id)
        query = select(training_jobs).where(is_of(training_jobs, user_id)).order_by(*_NEWEST)
        with self._reading() as connection:
            found = find_meant(connection, query, attempts, "job", name_or_id, _candidate)
        if found is None:
            raise JobNotFound(f"expected the id or name of a training job, found {name_or_id!r}: list the jobs first")
        return to_job(found)

    def list_jobs(
        self,
        user_id: str | None,
        dataset_id: str | None = None,
        status: str | None = None,
        page: int = 1,
        limit: int = 20,
        search: str | None = None,
        sort: JobSort = "created",
    ) -> JobPage:
        """Return one page of jobs. search: a piece of the name, which has dataset, model and preset, in any case.

        Raises:
            UsageError: the status does not exist, or page or limit are below 1.
        """
        check_listing(status, JOB_STATUSES, page, limit)
        wanted = is_of(training_jobs, user_id)
        if dataset_id is not None:
            wanted &= training_jobs.c.dataset_id == dataset_id
        if status is not None:
            wanted &= training_jobs.c.status == status
        if search:
            wanted &= is_named_like(training_jobs, storable_text(search.lower()), self._engine.dialect.name)
        order = (_COST.is_(None), _COST.desc(), *_NEWEST) if sort == "cost" else _NEWEST
        window = paged(select(training_jobs).where(wanted).order_by(*order), page, limit)
        with self._reading() as connection:
            total = connection.execute(select(func.count()).select_from(training_jobs).where(wanted)).scalar_one()
            return JobPage([to_job(row) for row in connection.execute(window)], total)

    def job_counts(self, user_id: str | None, dataset_id: str | None = None) -> dict[JobStatus, int]:
        """Count the jobs of each status; every status has an entry."""
        counts = [func.count(case((training_jobs.c.status == status, 1))) for status in JOB_STATUSES]
        query = select(*counts).where(is_of(training_jobs, user_id))
        if dataset_id is not None:
            query = query.where(training_jobs.c.dataset_id == dataset_id)
        with self._reading() as connection:
            return dict(zip(JOB_STATUSES, connection.execute(query).one(), strict=True))


def read_job(connection: Connection, job_id: str, user_id: str | None = None, *, for_update: bool = False) -> Job:
    """Read one job inside the caller's transaction; another user's is as good as none.

    Raises:
        JobNotFound: there is no such job of this user.
    """
    row = find_row(connection, training_jobs, job_id, user_id, for_update=for_update)
    if row is None:
        whose = "" if user_id is None else f" of {user_id}"
        raise JobNotFound(f"expected the id of a training job{whose}, found {job_id!r}: list the jobs first")
    return to_job(row)


def to_job(row: Sequence[Any]) -> Job:
    """Make the record of a whole row of `training_jobs`."""
    return Job(*row)


def _new_row(new: NewJob, owner: str, now: datetime) -> dict[str, object]:
    return {
        "id": new.job_id,
        "user_id": owner,
        "dataset_id": new.dataset_id,
        "name": new.name,
        "status": "configured",
        "origin": new.origin,
        "base_model": new.base_model,
        "method": new.method,
        "preset": new.preset,
        "targets": list(new.targets),
        "gpu": new.gpu,
        "gpu_count": new.gpu_count,
        "content_sha256": new.content_sha256,
        "split_fingerprint": new.split_fingerprint,
        "validation_run_id": new.validation_run_id,
        "code_version": new.code_version,
        "run_id": new.run_id,
        "files_uri": new.files_uri,
        "job": new.job,
        "created_at": now,
        "updated_at": now,
    }


def set_status(connection: Connection, job_id: str, status: str, reason: str | None, now: datetime) -> None:
    """Change what a job's status is, and why, inside the caller's transaction."""
    change = update(training_jobs).where(training_jobs.c.id == job_id)
    connection.execute(change.values(status=status, status_reason=reason, updated_at=now))


def touch(connection: Connection, job_id: str, now: datetime) -> None:
    """Note that something about a job changed, inside the caller's transaction: the warehouse is to see it."""
    connection.execute(update(training_jobs).where(training_jobs.c.id == job_id).values(updated_at=now))


def _candidate(row: Sequence[Any]) -> str:
    found = to_job(row)
    return f"{found.id}  {found.base_model}, {found.method}, {found.gpu}, {found.status}"
