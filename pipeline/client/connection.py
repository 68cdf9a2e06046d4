"""One conversation with the service: requests out, `data` of the envelope in, refusals as errors."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel

from pipeline.errors import (
    BatchNotFound,
    ConversationNotFound,
    DatasetNotFound,
    JobNotFound,
    ModelNotFound,
    RequestRefused,
    ScaffoldNotFound,
    ServiceError,
    TrainingFileNotFound,
    UsageError,
)
from pipeline.tls import trusted

_TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
_ATTEMPTS = 5
_FIRST_PAUSE_S = 0.5
_BUSY = frozenset({429, 502, 503, 504})
_MISSING: dict[str, type[UsageError]] = {
    "job-not-found": JobNotFound,
    "model-not-found": ModelNotFound,
    "scaffold-not-found": ScaffoldNotFound,
    "batch-not-found": BatchNotFound,
    "conversation-not-found": ConversationNotFound,
    "training-file-not-found": TrainingFileNotFound,
}
_T = TypeVar("_T", bound=BaseModel)


class Connection:
    """Sends requests with the token. Those that may be repeated are, while the service is busy or away."""

    def __init__(self, server: str, token: str) -> None:
        self.http = httpx2.Client(timeout=_TIMEOUT, verify=trusted())  # without the token: it is not for the store
        self._server = server.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def url(self, path: str) -> str:
        """The whole address of something that may be relative to the service."""
        return path if "://" in path else f"{self._server}{path}"

    def ask(self, kind: type[_T], method: str, path: str, *, is_repeatable: bool = True, **options: Any) -> _T:
        """Send a request and return what the answer holds; fields of a newer service are left out.

        Raises:
            DatasetNotFound, JobNotFound, …: there is none of this id.
            RequestRefused: the service says why.
            ServiceError: it cannot be reached, or is broken.
        """
        answer = self._answer(method, path, is_repeatable=is_repeatable, **options)
        return kind.model_validate(answer.json()["data"], extra="ignore")

    def text(self, path: str, **options: Any) -> str:
        """What lies at an address, as text; raises what `ask` does."""
        return self._answer("GET", path, is_repeatable=True, **options).text

    def download(self, path: str, place: Path) -> None:
        """Write what lies at an address into a file, whole or not at all.

        Raises:
            JobNotFound, …: there is none of this id.
            RequestRefused: the service says why.
            ServiceError: it cannot be reached, or breaks off.
        """
        part = place.with_name(f".{place.name}.part")
        try:
            with self.http.stream("GET", self.url(path), headers=self._headers) as answer, part.open("wb") as file:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                for block in answer.iter_bytes():
                    file.write(block)
            part.replace(place)
        except httpx2.HTTPError as error:
            raise ServiceError(f"cannot read {path} of {self._server}: {error}; try again") from error
        finally:
            part.unlink(missing_ok=True)

    def events(self, kind: type[_T], path: str) -> Iterator[_T]:
        """What the service sends from an address as server-sent events, until it or the connection ends.

        Raises:
            JobNotFound: there is none of this id.
            RequestRefused: the service says why.
            ServiceError: it cannot be reached.
        """
        try:
            with self.http.stream("GET", self.url(path), headers=self._headers) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield kind.model_validate_json(line.removeprefix("data: "), extra="ignore")
        except httpx2.HTTPError as error:
            raise ServiceError(f"cannot read {path} of {self._server}: {error}; try again") from error

    def _answer(self, method: str, path: str, *, is_repeatable: bool, **options: Any) -> httpx2.Response:
        for attempt in range(_ATTEMPTS):
            answer = self._try(method, path, is_last=attempt == _ATTEMPTS - 1 or not is_repeatable, **options)
            if answer is not None:
                return answer
            pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    def _try(self, method: str, path: str, *, is_last: bool, **options: Any) -> httpx2.Response | None:
        try:
            answer = self.http.request(method, self.url(path), headers=self._headers, **options)
        except httpx2.HTTPError as error:
            if is_last:
                raise ServiceError(f"cannot reach {self._server}: {error}; check that the service is up") from error
            return None
        if answer.is_success:
            return answer
        if answer.status_code in _BUSY and not is_last:
            return None
        raise refusal(answer)


def refusal(answer: httpx2.Response) -> Exception:
    """The error that an answer other than 2xx stands for."""
    try:
        sentence, code = str(answer.json()["error"]), answer.json()["details"]["code"]
    except (ValueError, KeyError, TypeError):
        sentence, code = f"{answer.url.host} answered {answer.status_code}", ""
    if answer.status_code >= 500:
        return ServiceError(sentence)
    if answer.status_code == 404:
        return _MISSING.get(code, DatasetNotFound)(sentence)
    return RequestRefused(sentence)


def given(values: Mapping[str, str | int | float | None]) -> dict[str, str | int | float]:
    """Those parameters that are not left out."""
    return {name: value for name, value in values.items() if value is not None}


def pause(attempt: int) -> None:
    """Wait longer before each further attempt."""
    time.sleep(min(10.0, _FIRST_PAUSE_S * 2**attempt))
