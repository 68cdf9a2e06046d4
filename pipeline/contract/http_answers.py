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


# FastAPI makes a validator of each response that has a model, for each route: most only say where the model stands.
_PROBLEM = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not a request that can be understood"},
    401: {**_PROBLEM, "description": "No token, or one that is not valid (any more)"},
    403: {**_PROBLEM, "description": "Signed in, but not for this"},
    413: {**_PROBLEM, "description": "Too large"},
    422: {**_PROBLEM, "description": "A field is not as it should be; `details.fields` says which"},
    429: {**_PROBLEM, "description": "Too many requests; `Retry-After` says when to try again"},
    503: {
        **_PROBLEM,
        "description": "Store, catalog or lake do not answer; `Retry-After` says when to try again",
    },
}
"""What any route may answer instead, for the OpenAPI document."""
MISSING: dict[int | str, dict[str, Any]] = {404: {**_PROBLEM, "description": "None of this id, or not yours"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {**_PROBLEM, "description": "Not in the state that it needs"}}
