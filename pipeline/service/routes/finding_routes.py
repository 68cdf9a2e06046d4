"""`/api/datasets/{id}/findings`."""

from enum import StrEnum
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from pipeline.contract.http_answers import CONFLICT, MISSING, Answer
from pipeline.contract.values import FindingPage
from pipeline.errors import UsageError
from pipeline.service.finding_service import findings_as_csv, findings_as_json_lines, list_findings
from pipeline.service.routes.route_parameters import DatasetId
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

MAX_LIMIT = 1_000
MAX_LINES = 100  # each is looked up in the upload
router = APIRouter(prefix="/api/datasets/{dataset_id}/findings", tags=["findings"])


class Form(StrEnum):
    """A page of them, or all."""

    PAGE = "page"
    JSON_LINES = "jsonl"
    CSV = "csv"


_JSON_LINES = "application/jsonl"
_CSV = "text/csv; charset=utf-8"


@router.get(
    "",
    response_model=Answer[FindingPage],
    responses=MISSING
    | CONFLICT
    | {200: {"content": {_JSON_LINES: {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}}},
)
async def list_dataset_findings(
    service: CurrentService,
    user: CurrentUser,
    dataset_id: DatasetId,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    code: Annotated[
        str | None, Query(max_length=100, description="Only those of this code, as in docs/findings.md.")
    ] = None,
    lines: Annotated[
        bool,
        Query(description="Of a page of at most 100: with the piece of the line that each speaks of."),
    ] = False,
    form: Annotated[
        Form, Query(alias="format", description="A page, or every finding as JSON Lines or CSV.")
    ] = Form.PAGE,
) -> Response:
    """List what is wrong with a dataset, in the order of lines."""
    name = f'attachment; filename="findings.{form.value}"'
    if form is Form.JSON_LINES:
        listed = await to_thread.run_sync(findings_as_json_lines, service, user, dataset_id, code)
        return StreamingResponse(listed, media_type=_JSON_LINES, headers={"Content-Disposition": name})
    if form is Form.CSV:
        rows = await to_thread.run_sync(findings_as_csv, service, user, dataset_id, code)
        return StreamingResponse(rows, media_type=_CSV, headers={"Content-Disposition": name})
    if lines and limit > MAX_LINES:
        raise UsageError(f"lines: expected a page of at most {MAX_LINES} findings, found a limit of {limit}")

    def listed_page() -> Response:
        found = list_findings(service, user, dataset_id, code=code, page=page, limit=limit, with_lines=lines)
        return JSONResponse(Answer(data=found).model_dump(mode="json"))

    return await to_thread.run_sync(listed_page, limiter=service.line_readers if lines else None)
