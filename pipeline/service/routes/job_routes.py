"""`/api/jobs`, and the jobs of a dataset."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from pipeline.contract.estimate_values import JobComparison, JobEstimate
from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.training_values import Cancellation
from pipeline.contract.values import JobDetails, JobFiles, JobList
from pipeline.service import job_service
from pipeline.service.dataset_service import MAX_SEARCH_CHARACTERS
from pipeline.service.job_service import MAX_LIMIT
from pipeline.service.new_job import NewJob, NewJobOfDataset, WantedComparison
from pipeline.service.routes.route_parameters import DatasetId, JobId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.job_records import JobSort
from pipeline.state.catalog.statuses import JobStatus

router = APIRouter(tags=["training jobs"])
_BYTES = "application/octet-stream"


@router.post("/api/datasets/{dataset_id}/jobs", status_code=201, responses=MISSING | CONFLICT)
def create_job(service: CurrentService, user: CurrentUser, dataset_id: DatasetId, new: NewJob) -> Answer[JobDetails]:
    """Make a training job of a ready dataset: configs and data for each trainer, and what it will cost."""
    return Answer(data=job_service.create_job(service, user, dataset_id, new))


@router.post("/api/jobs", status_code=201, responses=MISSING | CONFLICT)
def create_job_of_dataset(service: CurrentService, user: CurrentUser, new: NewJobOfDataset) -> Answer[JobDetails]:
    """Make a training job of the dataset that the body names, as `POST /api/datasets/{dataset_id}/jobs` does."""
    return Answer(data=job_service.create_job(service, user, new.dataset_id, new))


@router.post("/api/jobs/estimate", responses=MISSING | CONFLICT)
def estimate_job(service: CurrentService, user: CurrentUser, wanted: NewJobOfDataset) -> Answer[JobEstimate]:
    """Say what a training would take, and why each value is what it is; nothing is made.

    One that cannot be is refused as its job would be, with what would fit instead.
    """
    return Answer(data=job_service.estimate_job(service, user, wanted))


@router.post("/api/jobs/compare", responses=MISSING | CONFLICT)
def compare_jobs(service: CurrentService, user: CurrentUser, wanted: WantedComparison) -> Answer[JobComparison]:
    """Say what several trainings would take, the cheapest first, or why one cannot be; nothing is made."""
    return Answer(data=job_service.compare_jobs(service, user, wanted))


@router.get("/api/jobs")
def list_jobs(
    service: CurrentService,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    dataset_id: Annotated[str | None, Query(max_length=200, description="Only those of this dataset.")] = None,
    status: Annotated[JobStatus | None, Query(description="Only those of this status.")] = None,
    search: Annotated[
        str | None,
        Query(max_length=MAX_SEARCH_CHARACTERS, description="A piece of the name, which has dataset and base model."),
    ] = None,
    sort: Annotated[JobSort, Query(description="`created`: the newest first; `cost`: the dearest first.")] = "created",
) -> Answer[JobList]:
    """List the training jobs that you may see, with what they are expected to cost, and count those of each status."""
    found = job_service.list_jobs(
        service, user, dataset_id=dataset_id, status=status, search=search, sort=sort, page=page, limit=limit
    )
    return Answer(data=found)


@router.get("/api/jobs/{job_id}", responses=MISSING)
def show_job(service: CurrentService, user: CurrentUser, job_id: JobId) -> Answer[JobDetails]:
    """Show all that is known of a training job, with its costs."""
    return Answer(data=job_service.show_job(service, user, job_id))


@router.post("/api/jobs/{job_id}/cancel", responses=MISSING | CONFLICT)
def cancel_job(
    service: CurrentService, user: CurrentUser, job_id: JobId, said: Cancellation | None = None
) -> Answer[JobDetails]:
    """Give a training job up, or ask for the end of its training, which leaves a checkpoint. Its files stay."""
    return Answer(data=job_service.cancel_job(service, user, job_id, said.reason if said else None))


@router.get("/api/jobs/{job_id}/files", responses=MISSING)
def list_files(service: CurrentService, user: CurrentUser, job_id: JobId) -> Answer[JobFiles]:
    """List the files of a training job."""
    return Answer(data=job_service.list_files(service, user, job_id))


@router.get(
    "/api/jobs/{job_id}/files/{name:path}",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
)
def read_file(
    service: CurrentService, user: CurrentUser, job_id: JobId, name: Annotated[str, Path(max_length=300)]
) -> StreamingResponse:
    """Download a file of a training job."""
    size_bytes, blocks = job_service.read_file(service, user, job_id, name)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2])}",
    }
    return StreamingResponse(blocks, media_type=_BYTES, headers=headers)
