"""What is asked of a language model and what comes back, the same for every provider."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.state.catalog.statuses import Outcome

Fault = Literal["request", "provider", "money"]
"""Why an answer is an error. request: it would be refused again. provider: it may go well later.

money: the account has no credit, or is at its cap; nothing goes well until its owner acts.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a request."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One answer that is wanted."""

    custom_id: str
    """Unique in its submission, at most 64 of `[a-zA-Z0-9_-]`."""
    model: str
    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    schema: dict[str, Any] | None = None
    """JSON Schema of the answer, with `additionalProperties: false` and all properties required, as providers want it;
    None for free text."""
    temperature: float | None = None
    """None to leave them to the provider; one that has none leaves them out."""
    seed: int | None = None
    """None to leave them to the provider; one that has none leaves them out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call, each counted once: `input_tokens` has none of the two of the cache."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    custom_id: str
    outcome: Outcome
    text: str = ""
    """The answer as it came, whole or not."""
    stop_reason: str | None = None
    """In the provider's word."""
    usage: Usage | None = None
    """None where the provider says none."""
    error: str | None = None
    """What went wrong, in words, never with a key in it."""
    fault: Fault | None = None
    """Who has to do what about it; None where nothing went wrong."""
    model: str | None = None
    """As the provider names what answered, and the answer."""
    answer_id: str | None = None
    """As the provider names what answered, and the answer."""


BatchState = Literal["unknown", "absent", "in_progress", "ended", "failed"]
"""unknown: it cannot be asked just now. failed: the provider refused all of it, and nothing of it is paid."""


@dataclass(frozen=True, slots=True)
class BatchLook:
    """How a batch at a provider is."""

    state: BatchState
    done: int | None = None
    """Requests that have an answer of any kind, where the provider tells."""
    reason: str | None = None
    fault: Fault | None = None
    """Why it failed; `provider` where the same batch may go well later, as one that found the queue full."""
    cut: Literal["expired", "canceled"] | None = None
    """Why it ended before all of it was done; what then has no answer was not done, and is not paid."""


class Backend(Protocol):
    """A provider's wire, which threads may share. No method asks twice; each raises one of `llm/llm_errors.py`."""

    name: str
    """Who is asked, as prices name it."""
    has_batches: bool
    most_batch_requests: int
    most_batch_bytes: int

    def encode(self, requests: Sequence[Request]) -> bytes:
        """The body of a batch: the same requests give the same bytes.

        Raises:
            AskingRefused: an id is not fit or there twice, or the batch is larger than the provider takes.
        """

    def submit(self, body: bytes, submission_id: str) -> str:
        """Start a batch and return the provider's id of it, or fail, within `LONGEST_SUBMIT_S` (`llm/wire.py`).

        Raises:
            Unanswered: it may have begun, and need not be among what `find` returns yet.
            ServiceError, AskingRefused, KeyRefused: it has not begun.
        """

    def find(self, submission_id: str, since: datetime, count: int, known: Collection[str]) -> list[str]:
        """Ids of batches at the provider that this submission may be: begun since then, of so many requests.

        known: ids that belong to other submissions. Where the provider keeps our id with the batch, it is exact.
        A provider's list may lag behind what it does.
        """

    def look(self, external_id: str) -> BatchLook:
        """How a batch is."""

    def cancel(self, external_id: str) -> None:
        """Ask for a batch's end; what was answered before is paid, and comes with the results."""

    def fetch(self, external_id: str, path: Path) -> None:
        """Write the raw results of a batch that has ended into a file, byte for byte, whole or not at all.

        Raises:
            ResultsGone: the provider keeps them no longer.
        """

    def read(self, path: Path) -> Iterator[Answer]:
        """The answers in such a file, in any order; a line that cannot be read has no custom_id, and is `unknown`.

        It need not have one for each request: of a batch that was cancelled, what has none was not done.
        """

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Ask at once and wait. Where the connection breaks after sending, the outcome is `unknown`.

        Raises:
            KeyRefused, AskingRefused, RateLimited, Overloaded, SpendingCap, LowCredit, Unreachable: nothing was done.
        """

    def most_input_tokens(self, request: Request) -> int:
        """Upper bound of the tokens that a request's input counts: no provider counts more than its bytes."""

    def close(self) -> None:
        """Close connections."""
