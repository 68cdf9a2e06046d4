"""What the machine of an attempt asks for and tells, with the attempt's token; `launchers/runner.py` speaks it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from pipeline.contract.http_answers import MISSING, Answer
from pipeline.contract.training_values import KeptFile, KeptFiles, Report, ReportTaken, RunnerSpec
from pipeline.errors import UsageError
from pipeline.service import machine_reports
from pipeline.service.machine_reports import CurrentAttempt
from pipeline.service.routes.route_parameters import AttemptId, JobId
from pipeline.service.service import CurrentService

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["machines elsewhere"])
_ZIP, _PYTHON = "application/zip", "text/x-python"
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_KEPT_NAME = r"^(model/\.?[^./\x00-\x1f][^/\x00-\x1f]{0,199}|metrics\.json|trainer_state\.json)$"
KeptName = Annotated[
    str, Path(pattern=_KEPT_NAME, description="`model/<file>`, `metrics.json` or `trainer_state.json`.")
]


@router.post("/reports", responses=MISSING)
def take_report(service: CurrentService, attempt: CurrentAttempt, job_id: JobId, report: Report) -> Answer[ReportTaken]:
    """Tell how a training goes: bytes of its journal. What is known already changes nothing; go on from `offset`."""
    return Answer(data=machine_reports.take_report(service, attempt, report))


@router.get(
    "/attempts/{attempt_id}/job.zip",
    response_class=Response,  # which has no media type of its own: refusals are JSON
    responses=MISSING | {200: {"content": {_ZIP: _BYTES}}},
)
def show_job_archive(
    service: CurrentService, attempt: CurrentAttempt, job_id: JobId, attempt_id: AttemptId
) -> StreamingResponse:
    """Download the job's files for the attempt's trainer."""
    return StreamingResponse(machine_reports.job_archive(service, attempt), media_type=_ZIP)


@router.get("/attempts/{attempt_id}/spec", responses=MISSING)
def show_spec(
    service: CurrentService, attempt: CurrentAttempt, job_id: JobId, attempt_id: AttemptId
) -> Answer[RunnerSpec]:
    """Say what is to be run."""
    return Answer(data=machine_reports.attempt_spec(service, attempt))


@router.get(
    "/attempts/{attempt_id}/run.py",
    response_class=Response,  # as above
    responses=MISSING | {200: {"content": {_PYTHON: {"schema": {"type": "string"}}}}},
)
def show_runner(attempt: CurrentAttempt, job_id: JobId, attempt_id: AttemptId) -> PlainTextResponse:
    """Download the program that runs an attempt: Python 3.9, nothing else."""
    return PlainTextResponse(machine_reports.runner_text(), media_type=_PYTHON)


@router.get("/attempts/{attempt_id}/files", responses=MISSING)
def list_kept_files(
    service: CurrentService, attempt: CurrentAttempt, job_id: JobId, attempt_id: AttemptId
) -> Answer[KeptFiles]:
    """List what of the attempt's files arrived."""
    return Answer(data=machine_reports.kept_files(service, attempt))


@router.put("/attempts/{attempt_id}/files/{name:path}", responses=MISSING)
async def keep_file(
    request: Request,
    service: CurrentService,
    attempt: CurrentAttempt,
    job_id: JobId,
    attempt_id: AttemptId,
    name: KeptName,
    sha256: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$", description="Of the body, in hex.")],
) -> Answer[KeptFile]:
    """Send a file that the training left; it counts once it is there whole."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise UsageError("Content-Length: expected the number of bytes of the file, found none: send it")
    return Answer(data=await machine_reports.keep_file(request, service, attempt, name, sha256, int(length)))
