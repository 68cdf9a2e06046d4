"""Training jobs as users see them: made, listed, cancelled, their files. How one is planned is in `plan_service.py`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.contract.estimate_values import JobComparison, JobEstimate
from pipeline.contract.values import JobDetails, JobFile, JobFiles, JobList
from pipeline.errors import JobNotFound
from pipeline.service.job_values import job_details, job_summaries
from pipeline.service.new_job import NewJob, NewJobOfDataset, WantedComparison
from pipeline.service.plan_service import compare_setups, make_job, plan_one
from pipeline.service.plan_values import compared_job, job_estimate
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.job_records import JobSort
from pipeline.state.catalog.statuses import JobStatus
from pipeline.state.lake import existing_job_files

MAX_LIMIT = 100
_CHUNK_BYTES = 1 << 18


def create_job(service: Service, user: User, dataset_id: str, new: NewJob) -> JobDetails:
    """Make a job of one's own dataset, with its files; the same again is the job that is there.

    Raises:
        DatasetNotFound: there is none of this user.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, or there can be no such training; says why.
    """
    return show_job(service, user, make_job(service, user, dataset_id, new.setup()).id)


def estimate_job(service: Service, user: User, wanted: NewJobOfDataset) -> JobEstimate:
    """What a training would take; nothing is written.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, or there can be no such training; says why.
    """
    return job_estimate(plan_one(service, user, wanted.dataset_id, wanted.setup()))


def compare_jobs(service: Service, user: User, wanted: WantedComparison) -> JobComparison:
    """What trainings would take, the cheapest first; nothing is written.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, a setting is none, or there are too many to compare.
    """
    setups = [each.setup() for each in wanted.setups]
    outcomes = compare_setups(service, user, wanted.dataset_id, setups, wanted.gpus)
    return JobComparison(items=[compared_job(outcome) for outcome in outcomes])


def list_jobs(
    service: Service,
    user: User,
    *,
    dataset_id: str | None,
    status: JobStatus | None,
    search: str | None,
    sort: JobSort,
    page: int,
    limit: int,
) -> JobList:
    """One page of the jobs that a user may see."""
    access = service.access(user)
    found = access.jobs(dataset_id=dataset_id, status=status, search=search, sort=sort, page=page, limit=limit)
    job_ids = [job.id for job in found.items]
    items = job_summaries(found.items, access.costs_of(job_ids), access.newest_attempts(job_ids))
    return JobList(items=items, total=found.total, page=page, limit=limit, counts=access.job_counts(dataset_id))


def show_job(service: Service, user: User, job_id: str) -> JobDetails:
    """Everything about a job.

    Raises:
        JobNotFound: there is none that the user may see.
    """
    access = service.access(user)
    job = access.job(job_id)
    costs, attempts = access.costs_of([job.id])[job.id], access.newest_attempts([job.id])
    return job_details(job, costs, attempts.get(job.id), service.now())


def cancel_job(service: Service, user: User, job_id: str, reason: str | None) -> JobDetails:
    """Give a job up, or ask for the end of its training; its row and files stay.

    Raises:
        JobNotFound: there is none of this user.
        Conflicting: its training has ended.
    """
    service.access(user).cancel_job(job_id, service.now(), reason)
    return show_job(service, user, job_id)


def list_files(service: Service, user: User, job_id: str) -> JobFiles:
    """The files of a job.

    Raises:
        JobNotFound: there is none that the user may see.
    """
    sizes = existing_job_files(service.lake, service.access(user).job(job_id).id)
    return JobFiles(items=[JobFile(name=name, size_bytes=sizes[name]) for name in sorted(sizes)])


def read_file(service: Service, user: User, job_id: str, name: str) -> tuple[int, Iterator[bytes]]:
    """Size and bytes of a file of a job.

    Raises:
        JobNotFound: there is no such job that the user may see, or it has no such file.
    """
    job = service.access(user).job(job_id)
    sizes = existing_job_files(service.lake, job.id)
    if name not in sizes:
        raise JobNotFound(f"expected the name of a file of {job.id}, found another: list them first")
    return sizes[name], blocks_of(service.lake.fetch_job_file(job.id, name))


def blocks_of(lent: AbstractContextManager[Path]) -> Iterator[bytes]:
    """The bytes of a file that the lake lends, for as long as they are read."""
    with lent as path, path.open("rb") as file:
        while block := file.read(_CHUNK_BYTES):
            yield block
