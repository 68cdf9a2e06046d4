"""What OpenAI and servers of its kind answer, field by field as far as it is needed, and read into our words.

Its `prompt_tokens` have those of the cache in them: each token is counted once here.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from pipeline.llm.asking import Answer, Usage
from pipeline.llm.refusals import fault_of, said_in
from pipeline.state.catalog.statuses import Outcome

_NOT_DONE: Final[dict[str, Outcome]] = {"batch_expired": "expired", "batch_cancelled": "canceled"}
_OUTCOMES: Final[dict[str, Outcome]] = {"stop": "succeeded", "length": "truncated", "content_filter": "refused"}


class PromptDetails(msgspec.Struct):
    """Of the tokens before the answer, those of the cache."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class UsageReply(msgspec.Struct):
    """Tokens; `prompt_tokens` has those of the cache in it."""

    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: PromptDetails | None = None


class MessageReply(msgspec.Struct):
    """What was said, or why it was not."""

    content: str | None = None
    refusal: str | None = None


class Choice(msgspec.Struct):
    """One answer; there is one."""

    message: MessageReply
    finish_reason: str | None = None


class Completion(msgspec.Struct):
    """The answer to a request."""

    choices: list[Choice]
    id: str | None = None
    model: str | None = None
    usage: UsageReply | None = None


class Counts(msgspec.Struct):
    """How far a batch is."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchError(msgspec.Struct):
    """Why a batch failed."""

    code: str | None = None
    message: str | None = None


class BatchErrors(msgspec.Struct):
    """All of them."""

    data: list[BatchError] | None = None


class BatchReply(msgspec.Struct):
    """A batch."""

    id: str
    status: str
    created_at: int
    metadata: dict[str, str] | None = None
    request_counts: Counts | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: BatchErrors | None = None


class BatchPage(msgspec.Struct):
    """Some of the batches, the newest first."""

    data: list[BatchReply]
    has_more: bool = False


class FileReply(msgspec.Struct):
    """A file."""

    id: str
    filename: str = ""
    bytes: int | None = None
    status: str | None = None


class FileList(msgspec.Struct):
    """The newest files."""

    data: list[FileReply]


class ItemResponse(msgspec.Struct):
    """What a request of a batch was answered, with the status that HTTP would have had."""

    status_code: int
    body: Any = None


class ResultLine(msgspec.Struct):
    """A line of the answers or of the errors of a batch: either a response, or an error."""

    custom_id: str
    response: ItemResponse | None = None
    error: Any = None


def answer_in(line: ResultLine, redacted: Callable[[str], str]) -> Answer:
    """An answer of a batch. redacted: for words that the provider says."""
    response = line.response
    if response is not None and 200 <= response.status_code < 300:
        try:
            return answer_of(line.custom_id, msgspec.convert(response.body, Completion))
        except msgspec.ValidationError:
            return Answer(line.custom_id, "unknown", error="an answer of unknown form", fault="provider")
    told = said_in(response.body, response.status_code) if response else said_in({"error": line.error})
    words = redacted(told.message or told.code or told.kind)
    if told.code in _NOT_DONE:
        return Answer(line.custom_id, _NOT_DONE[told.code], error=words)
    return Answer(line.custom_id, "errored", error=words, fault=fault_of(told))


def answer_of(custom_id: str, completion: Completion) -> Answer:
    """An answer, and how it ended."""
    if not completion.choices:
        return Answer(custom_id, "errored", error="it has no choice", fault="provider")
    choice = completion.choices[0]
    outcome = "refused" if choice.message.refusal else _OUTCOMES.get(choice.finish_reason or "", "errored")
    return Answer(
        custom_id=custom_id,
        outcome=outcome,
        text=choice.message.content or choice.message.refusal or "",
        stop_reason=choice.finish_reason,
        usage=_counted(completion.usage) if completion.usage else None,
        error=f"it ended with {choice.finish_reason}" if outcome == "errored" else None,
        fault="provider" if outcome == "errored" else None,
        model=completion.model,
        answer_id=completion.id,
    )


def _counted(usage: UsageReply) -> Usage:
    details = usage.prompt_tokens_details or PromptDetails()
    read, written_tokens = details.cached_tokens or 0, details.cache_write_tokens or 0
    return Usage(
        input_tokens=max(0, usage.prompt_tokens - read - written_tokens),
        output_tokens=usage.completion_tokens,
        cache_write_tokens=written_tokens,
        cache_read_tokens=read,
    )
