"""The envelope of every answer: `{"success": true, "data": …}`, or `{"error": …, "details": …}`."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

_T = TypeVar("_T")


class Value(BaseModel):
    """What goes out: fixed fields, not changed on the way."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(BaseModel):
    """What comes in: fixed fields, and each as it has to be: no text for a number, no `true` for a 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Answer(Value, Generic[_T]):
    """What was asked for."""

    success: Literal[True] = True
    data: _T


class WrongField(Value):
    """A part of the request that is not as it should be."""

    field: str = Field(description="Where: `body.file_size`, `query.page`.")
    message: str


class ProblemDetails(Value):
    """What programs need of a problem."""

    code: str = Field(description="The kind of problem, the same for ever.")
    request_id: str = Field(description="Finds the request in the service's log.")
    fields: list[WrongField] = Field(default_factory=list)


class Problem(Value):
    """Why there is no answer."""

    error: str = Field(description="One sentence for people: what was expected, what was found, what to do.")
    details: ProblemDetails


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not a request that can be understood"},
    401: {"model": Problem, "description": "No token, or one that is not valid (any more)"},
    403: {"model": Problem, "description": "Signed in, but not for this"},
    413: {"model": Problem, "description": "Too large"},
    422: {"model": Problem, "description": "A field is not as it should be; `details.fields` says which"},
    429: {"model": Problem, "description": "Too many requests; `Retry-After` says when to try again"},
    503: {
        "model": Problem,
        "description": "Store, catalog or lake do not answer; `Retry-After` says when to try again",
    },
}
"""What any route may answer instead, for the OpenAPI document."""
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "None of this id, or not yours"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Not in the state that it needs"}}
