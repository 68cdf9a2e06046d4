"""Answers that are JSON of a known shape, or why they are none: what all stages that ask a model share."""

from typing import TypeVar

import msgspec

from pipeline.generation.model import Failed
from pipeline.llm.asking import Answer
from pipeline.state.catalog.statuses import FailureType
from pipeline.wording import count_of, cut

# In the providers' words, for one that tells no outcome of its own.
LENGTH_STOPS = frozenset({"max_tokens", "length", "model_context_window_exceeded"})
REFUSAL_STOPS = frozenset({"refusal", "content_filter"})
SHOWN_CHARACTERS = 200
_ENDS_EARLY = "Input data was truncated"  # in msgspec's words
_OPEN_NUMBER = ("-", "+", ".", "e", "E")
_ENDS = {"errored": "failed", "expired": "expired before it was answered", "canceled": "was cancelled"}

T = TypeVar("T")


def is_cut_off(answer: Answer) -> bool:
    """Whether the answer ended because there was no room for more."""
    return answer.outcome == "truncated" or answer.stop_reason in LENGTH_STOPS


def decoded(answer: Answer, kind: type[T]) -> T | Failed:
    """The value of an answer, strictly: a number is no text, and fields that were not asked for are a fault.

    An answer that was cut off is read if its JSON is whole all the same.
    """
    if failed := _unanswered(answer):
        return failed
    text = answer.text
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        return Failed("validation_error", f"the answer is not as it was asked for: {error}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if is_cut_off(answer) or _ends_early(text, error):
            return Failed("truncation", f"the answer ends within its JSON, after {count_of(len(text), 'character')}")
        return Failed("parse_error", f"expected one JSON value, found: {error}{quoted(text)}")


def _ends_early(text: str, error: Exception) -> bool:
    """Whether JSON ends before it is whole. Within a number it is malformed, up to its next digit."""
    if not text.endswith(_OPEN_NUMBER):
        return str(error) == _ENDS_EARLY
    try:
        msgspec.json.decode(f"{text}0")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as further:
        return str(further) == _ENDS_EARLY
    return True


def quoted(text: str) -> str:
    """The beginning of a text, as it follows a sentence; empty where there is none."""
    return f": {cut(' '.join(text.split()), SHOWN_CHARACTERS)!r}" if text.strip() else ""


def _unanswered(answer: Answer) -> Failed | None:
    """Why there is nothing to read."""
    if answer.outcome == "refused" or answer.stop_reason in REFUSAL_STOPS:
        return Failed("refusal", f"expected an answer, found a refusal{quoted(answer.text)}")
    if answer.outcome in _ENDS:
        reason = f": {cut(answer.error, SHOWN_CHARACTERS)}" if answer.error else ""
        return Failed("api_error", f"expected an answer, found that the request {_ENDS[answer.outcome]}{reason}")
    if answer.outcome == "unknown":
        return Failed("unknown", "the request was sent, and no answer came; it may be paid")
    if answer.text.strip():
        return None
    kind: FailureType = "truncation" if is_cut_off(answer) else "parse_error"
    return Failed(kind, f"expected an answer, found {'one cut off before it began' if is_cut_off(answer) else 'none'}")
