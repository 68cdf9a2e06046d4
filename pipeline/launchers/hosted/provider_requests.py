"""Requests to one provider with its key, and what its refusals mean for whoever asks.

The key goes to the provider's own address and nowhere else: no redirect is followed, and no message has it.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ServiceError, UsageError
from pipeline.launchers.runner import SECRET
from pipeline.tls import trusted

if TYPE_CHECKING:
    import httpx2

_CONNECT_S, _ANSWER_S = 5.0, 15.0  # a sensor's tick has 60 s for all trainings
_UPLOAD_S = 600.0
_LEAST_KEY = 8  # characters: a shorter text is no key, and may be part of any message
_MOST_MESSAGE = 600
_PAUSE_S = 60.0  # where a provider that has too much to do does not say for how long
_MOST_PAUSE_S = 3_600.0
_AGAIN = (408, 409, 425, 429)
"""Statuses that say nothing about the request: it may be taken later."""


_T = TypeVar("_T", bound=BaseModel)


class FromProvider(BaseModel):
    """What every answer is read as: fields that a newer provider has are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Refused(UsageError):
    """The provider does not do what a request asks; sent again as it is, it would be refused again."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotTaken(ServiceError):
    """A request that was not carried out, for certain. again_after_s: when it is worth another try."""

    def __init__(self, message: str, again_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.again_after_s = again_after_s


class ProviderRequests:
    """Asks a provider. title: its name for people; key_name: the variable that the key is from."""

    def __init__(
        self, title: str, address: str, key: str, key_name: str, transport: "httpx2.BaseTransport | None" = None
    ) -> None:
        self._title = title
        self._address = address
        self._key = key
        self._key_name = key_name
        self._transport = transport

    def get(self, kind: type[_T], path: str, **parameters: str | int) -> _T:
        """What lies at a path.

        Raises:
            Refused: the provider says why.
            NotTaken: it refuses the key, or has too much to do.
            ServiceError: it does not answer, or otherwise than it should.
        """
        return self._asked(kind, "GET", path, params=parameters)

    def find(self, kind: type[_T], path: str) -> _T | None:
        """The same of what may not be there."""
        try:
            return self.get(kind, path)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def post(self, kind: type[_T], path: str, body: Mapping[str, Any] | None = None) -> _T:
        """What comes of a request; raises what `get` does. Where no answer came, it may have been carried out."""
        return self._asked(kind, "POST", path, json=body)

    def send_file(self, kind: type[_T], path: str, name: str, file: IO[bytes], fields: Mapping[str, str]) -> _T:
        """What comes of a form with a file; raises what `get` does."""
        parts = {"file": (name, file, "application/jsonl")}
        return self._asked(kind, "POST", path, data=dict(fields), files=parts, timeout=_UPLOAD_S)

    def _asked(self, kind: type[_T], method: str, path: str, **options: Any) -> _T:
        import httpx2

        timeout = httpx2.Timeout(options.pop("timeout", _ANSWER_S), connect=_CONNECT_S)
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            with httpx2.Client(
                follow_redirects=False, timeout=timeout, transport=self._transport, verify=trusted()
            ) as client:
                answer = client.request(method, f"{self._address}{path}", headers=headers, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NotTaken(f"{self._title} cannot be reached ({type(error).__name__}): it is tried again") from error
        except httpx2.HTTPError as error:
            raise ServiceError(f"{self._title} did not answer ({type(error).__name__}): it is asked again") from error
        self._check(answer)
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"])) or "a body"
            raise ServiceError(f"{self._title} answered otherwise than expected ({place}): it is asked again") from None

    def _check(self, answer: "httpx2.Response") -> None:
        status = answer.status_code
        if status == 401:
            raise NotTaken(f"{self._title} refuses the key (401): see that {self._key_name} is right", _PAUSE_S)
        if status in _AGAIN:
            after_s = _retry_after(answer.headers.get("retry-after"))
            raise NotTaken(f"{self._title} has no room for it now ({status}): {self._said(answer)}", after_s)
        if 400 <= status < 500:
            raise Refused(f"{self._title} refuses it ({status}): {self._said(answer)}", status)
        if not answer.is_success:
            raise ServiceError(f"{self._title} answered {status}: it is asked again")

    def _said(self, answer: "httpx2.Response") -> str:
        """What the provider says is wrong, without a secret."""
        said: object = answer.text
        with suppress(ValueError, AttributeError):
            found = answer.json()
            error = found.get("error", found)
            said = error.get("message") if isinstance(error, dict) else error
        return self.without_key(" ".join(str(said or "it does not say why").split()))[:_MOST_MESSAGE]

    def without_key(self, said: str) -> str:
        """A text of the provider without the key, or what looks like one."""
        if len(self._key) >= _LEAST_KEY:
            said = said.replace(self._key, "***")
        return SECRET.sub("***", said)


def _retry_after(header: str | None) -> float:
    """Seconds that a provider asks for: a number of them, or a date."""
    seconds = _PAUSE_S
    with suppress(ValueError, TypeError):
        try:
            seconds = float(header or "")
        except ValueError:
            seconds = parsedate_to_datetime(header or "").timestamp() - time.time()
    return min(max(seconds, 1.0), _MOST_PAUSE_S) if seconds == seconds else _PAUSE_S
