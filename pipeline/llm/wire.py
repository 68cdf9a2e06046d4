"""The connection to a provider: a request goes out once, an answer comes in whole, or one of `llm_errors.py` is raised.

Nothing is repeated and no redirect is followed. The key goes to the place that it is for, and into no message: messages
have the kind of what broke, never its words, because a library may quote a header.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeVar

import httpx2
import msgspec
from pydantic import SecretStr

from pipeline.errors import PipelineError, ServiceError
from pipeline.llm.llm_errors import KeyRefused, Unanswered, Unreachable
from pipeline.llm.refusals import error_of, said
from pipeline.tls import trusted

T = TypeVar("T")
# Whoever looks for what became of a batch waits as long: by then its sender has an answer, or has given up.
LONGEST_SUBMIT_S: Final = 600.0
_CONNECT_S = 10.0
LOOK_S = 60.0
_BLOCK_BYTES = 256 * 1024
_KEEP_ALIVE_S = 2.0  # servers close idle connections after 5 s and more; a request into one that closes is lost
_JSON: Final = {"Content-Type": "application/json"}
_NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key and how it is shown: in this header, after these words."""

    variable: str
    """Of the environment that it came from."""
    value: SecretStr
    header: str
    words: str = ""

    def __post_init__(self) -> None:
        value = self.value.get_secret_value()
        if not value.isascii() or not value.isprintable() or " " in value:
            raise KeyRefused(f"{self.variable} has characters that no key has, as a blank or a line break")


class Wire:
    """Sends to one base address. name: of the provider, for messages. headers: of each request."""

    def __init__(
        self,
        name: str,
        base_url: str,
        key: Key,
        headers: Mapping[str, str] | None = None,
        longest_submit_s: float = LONGEST_SUBMIT_S,
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._key = key
        self.longest_submit_s = longest_submit_s
        self.now = time.monotonic
        self._http = httpx2.Client(
            headers=headers,
            auth=_KeyForOnePlace(key, httpx2.URL(base_url)) if key.value else None,
            timeout=httpx2.Timeout(LOOK_S, connect=_CONNECT_S),
            limits=httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_S),
            follow_redirects=False,
            verify=trusted(),
        )

    def is_here(self, url: str) -> bool:
        """Whether an address is of the place that this wire leads to."""
        return _place(httpx2.URL(url)) == _place(httpx2.URL(self._base))

    def get(self, kind: type[T], path: str, parameters: Mapping[str, str | int] | None = None) -> T:
        """Look something up; raises ServiceError where that cannot be asked just now."""
        answer = self._exchanged(self._http.build_request("GET", self._base + path, params=parameters))
        return self._decoded(kind, answer)

    def post(self, kind: type[T], path: str, content: bytes, timeout_s: float) -> T:
        """Have something done. Raises Unanswered where whether it was is not known."""
        timeout = httpx2.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
        request = self._http.build_request("POST", self._base + path, content=content, headers=_JSON, timeout=timeout)
        return self._decoded(kind, self._exchanged(request))

    def submit(self, kind: type[T], path: str, content: bytes) -> T:
        """The same for content of hundreds of megabytes, within the longest time that a submission may take."""
        began_at, rest_s = self.now(), self.longest_submit_s / 4
        timeout = httpx2.Timeout(rest_s, connect=min(_CONNECT_S, rest_s))
        headers = {**_JSON, "Content-Length": str(len(content))}
        blocks = self._blocks_until(began_at + 2 * rest_s, content)
        request = self._http.build_request("POST", self._base + path, content=blocks, headers=headers, timeout=timeout)
        return self._decoded(kind, self._exchanged(request))

    def upload(self, kind: type[T], path: str, file_name: str, content: bytes, fields: Mapping[str, str]) -> T:
        """Send a file as a form."""
        timeout = httpx2.Timeout(self.longest_submit_s / 4, connect=_CONNECT_S)
        files = {"file": (file_name, content, "application/jsonl")}
        request = self._http.build_request("POST", self._base + path, data=fields, files=files, timeout=timeout)
        return self._decoded(kind, self._exchanged(request))

    def download(self, url: str, file: BinaryIO) -> None:
        """Append what lies at an address, or at a path here, to a file; raises ServiceError where it breaks off."""
        whole = url if "://" in url else self._base + url
        try:
            with self._http.stream("GET", whole) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._error(answer)
                for block in answer.iter_bytes():
                    file.write(block)
        except httpx2.HTTPError as error:
            raise ServiceError(f"what {self.name} sends broke off: {type(error).__name__}") from None

    def redacted(self, text: str) -> str:
        """A text of others that may be kept: the key is not in it."""
        value = self._key.value.get_secret_value()
        return text.replace(value, "***") if value else text

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def _exchanged(self, request: httpx2.Request) -> httpx2.Response:
        try:
            answer = self._http.send(request)
        except _NOT_SENT as error:
            raise Unreachable(f"{self.name} cannot be reached: {type(error).__name__}") from None
        except (httpx2.HTTPError, _TooSlow) as error:
            raise Unanswered(f"{self.name} was asked, and did not answer: {type(error).__name__}") from None
        if not answer.is_success:
            raise self._error(answer)
        return answer

    def _blocks_until(self, ends_at: float, content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), _BLOCK_BYTES):
            if self.now() > ends_at:
                raise _TooSlow
            yield content[start : start + _BLOCK_BYTES]

    def _error(self, answer: httpx2.Response) -> PipelineError:
        told = said(answer.status_code, answer.headers, self.redacted(answer.text).encode())
        return error_of(told, self.name, self._key.variable)

    def _decoded(self, kind: type[T], answer: httpx2.Response) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unanswered(f"{self.name} answered {answer.status_code} with something that cannot be read") from None


class _TooSlow(Exception):
    """Content does not go out in time."""


class _KeyForOnePlace(httpx2.Auth):
    """Shows the key to requests to one scheme, host and port."""

    def __init__(self, key: Key, url: httpx2.URL) -> None:
        self._key = key
        self._place = _place(url)

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Called by the client."""
        if _place(request.url) == self._place:
            request.headers[self._key.header] = self._key.words + self._key.value.get_secret_value()
        yield request


def _place(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"https": 443}.get(url.scheme, 80)
