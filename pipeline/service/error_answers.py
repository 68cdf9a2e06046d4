"""Where errors become answers: one table from kinds of errors to status codes, and one place that applies it."""

import logging
import re
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pipeline.contract.http_answers import Problem, ProblemDetails, WrongField
from pipeline.errors import (
    BatchNotFound,
    Conflicting,
    ConversationNotFound,
    DatasetNotFound,
    DatasetNotReady,
    JobNotFound,
    ModelNotFound,
    NotAllowed,
    NotificationNotFound,
    NotSignedIn,
    ObjectChanged,
    ObjectMissing,
    PipelineError,
    ScaffoldNotFound,
    ServiceError,
    TooLarge,
    TooManyRequests,
    TrainingFileNotFound,
    UsageError,
)
from pipeline.wording import slug

_LOG = logging.getLogger(__name__)
RETRY_AFTER_S = 5

# The first that fits.
STATUS_CODES: tuple[tuple[type[PipelineError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (DatasetNotFound, 404),
    (JobNotFound, 404),
    (ModelNotFound, 404),
    (NotificationNotFound, 404),
    (ScaffoldNotFound, 404),
    (BatchNotFound, 404),
    (ConversationNotFound, 404),
    (TrainingFileNotFound, 404),
    (DatasetNotReady, 409),
    (Conflicting, 409),
    (ObjectMissing, 409),
    (ObjectChanged, 409),
    (TooLarge, 413),
    (TooManyRequests, 429),
    (UsageError, 400),
    (ServiceError, 503),
)


def handle_errors(app: FastAPI, no_such_page: Callable[[], Response] | None = None) -> None:
    """Make answers of everything that a route raises. no_such_page: for a browser at an address that is none."""

    def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # Starlette's types do not say so
        is_lost = error.status_code == 404 and request.method in ("GET", "HEAD") and _is_for_a_person(request)
        return no_such_page() if is_lost and no_such_page else _of_http(request, error)

    app.add_exception_handler(PipelineError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, _of_a_mistake)


def problem(request: Request, status_code: int, code: str, sentence: str, fields: list[WrongField]) -> JSONResponse:
    """The answer for something that went wrong."""
    details = ProblemDetails(code=code, request_id=getattr(request.state, "request_id", ""), fields=fields)
    return JSONResponse(Problem(error=sentence, details=details).model_dump(), status_code)


def status_of(error: PipelineError) -> int:
    """The status code of an error."""
    return next(status for kind, status in STATUS_CODES if isinstance(error, kind))


def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PipelineError)  # noqa: S101  # Starlette's types do not say so
    status_code = status_of(error)
    sentence = str(error)
    if status_code >= 500:
        # The operator reads the place and the reason; users learn neither paths nor addresses.
        _LOG.error("request %s: %s", getattr(request.state, "request_id", ""), error)
        sentence = "a part of the service does not answer: try again in a few seconds"
    answer = problem(request, status_code, _code(type(error)), sentence, [])
    if status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status_code in (429, 503):
        answer.headers["Retry-After"] = str(
            error.retry_after_s if isinstance(error, TooManyRequests) else RETRY_AFTER_S
        )
    return answer


def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # as above
    # Without what was found: it is the user's own and may be long.
    fields = [WrongField(field=".".join(map(str, e["loc"])), message=str(e["msg"])) for e in error.errors()]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return problem(request, 400, "not-json", "the body: expected JSON, found something else", fields)
    sentence = "; ".join(f"{each.field}: {each.message}" for each in fields)
    return problem(request, 422, "wrong-field", sentence, fields)


def _is_for_a_person(request: Request) -> bool:
    """Whether a browser shows the answer: it asks for HTML by name, which programs and scripts of pages do not."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _of_http(request: Request, error: HTTPException) -> JSONResponse:
    sentence = str(error.detail)
    answer = problem(request, error.status_code, slug(sentence), f"{sentence.lower()}: see docs/api.md", [])
    answer.headers.update(error.headers or {})
    return answer


def _of_a_mistake(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("request %s: %s", getattr(request.state, "request_id", ""), type(error).__name__, exc_info=error)
    return problem(request, 500, "mistake", "this should not happen: tell the operator the request id", [])


def _code(kind: type[PipelineError]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
