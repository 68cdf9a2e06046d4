"""What Anthropic answers, field by field as far as it is needed, and read into our words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from pipeline.llm.asking import Answer, Usage
from pipeline.llm.refusals import fault_of, said_in
from pipeline.state.catalog.statuses import Outcome

_OUTCOMES: Final[dict[str, Outcome]] = {
    "end_turn": "succeeded",
    "stop_sequence": "succeeded",
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
}


class UsageReply(msgspec.Struct):
    """Tokens; `input_tokens` has none of the two of the cache."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class Block(msgspec.Struct):
    """A piece of an answer; one of another type than `text` has none."""

    type: str
    text: str | None = None


class MessageReply(msgspec.Struct):
    """The answer to a request."""

    id: str
    model: str
    content: list[Block]
    stop_reason: str | None
    usage: UsageReply


class Counts(msgspec.Struct):
    """How far a batch is: all are `processing` until it has ended, and the sum is always the same."""

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int

    def total(self) -> int:
        """Requests of the batch."""
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


class BatchReply(msgspec.Struct):
    """A batch."""

    id: str
    processing_status: str
    request_counts: Counts
    created_at: datetime
    results_url: str | None = None


class BatchPage(msgspec.Struct):
    """Some of the batches, the newest first."""

    data: list[BatchReply]
    has_more: bool = False
    last_id: str | None = None


class ItemResult(msgspec.Struct):
    """What became of a request of a batch."""

    type: Literal["succeeded", "errored", "canceled", "expired"]
    message: MessageReply | None = None
    error: Any = None


class ResultLine(msgspec.Struct):
    """A line of a batch's results."""

    custom_id: str
    result: ItemResult


def answer_in(line: ResultLine, redacted: Callable[[str], str]) -> Answer:
    """An answer of a batch. redacted: for words that the provider says."""
    result = line.result
    if result.type == "succeeded" and result.message is not None:
        return answer_of(line.custom_id, result.message)
    if result.type in ("canceled", "expired"):
        return Answer(line.custom_id, result.type)
    told = said_in(result.error)
    return Answer(line.custom_id, "errored", error=redacted(told.message or told.kind), fault=fault_of(told))


def answer_of(custom_id: str, message: MessageReply) -> Answer:
    """An answer, and how it ended."""
    outcome = _OUTCOMES.get(message.stop_reason or "", "errored")
    usage = message.usage
    return Answer(
        custom_id=custom_id,
        outcome=outcome,
        text="".join(each.text or "" for each in message.content if each.type == "text"),
        stop_reason=message.stop_reason,
        usage=Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_write_tokens=usage.cache_creation_input_tokens or 0,
            cache_read_tokens=usage.cache_read_input_tokens or 0,
        ),
        error=f"it ended with {message.stop_reason}" if outcome == "errored" else None,
        fault="provider" if outcome == "errored" else None,
        model=message.model,
        answer_id=message.id,
    )
