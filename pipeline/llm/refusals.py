"""What a provider says instead of an answer, read into who has to act: over HTTP, and in the results of a batch.

Read in November 2026 from the providers' pages (platform.claude.com/docs/en/api/errors, developers.openai.com/api/docs/
guides/error-codes) and from the types of their SDKs. One 429 is not another: most are over after a while, some are only
when somebody pays.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pipeline.errors import PipelineError
from pipeline.llm.asking import Answer, Fault
from pipeline.llm.llm_errors import (
    AskingRefused,
    KeyRefused,
    LowCredit,
    NotThere,
    Overloaded,
    RateLimited,
    SpendingCap,
    Unanswered,
)
from pipeline.safe_text import one_line

# Of Anthropic in `error.details.error_code`, of OpenAI in `error.code`.
_CAPS: Final = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
    }
)
# There as well, and Anthropic's `error.type` with 402. `insufficient_quota` is OpenAI's older word, and still its type.
_NO_CREDIT: Final = frozenset({"credit_balance_exhausted", "insufficient_quota", "billing_error", "billing_not_active"})
# Anthropic's 400 for these two has no code; its documentation quotes how they begin.
_CAP_WORDS: Final = (
    "You have reached your specified API usage limits",
    "You have reached your specified workspace API usage limits",
)
_CREDIT_WORDS: Final = ("Your credit balance is too low",)
_OVERLOADED: Final = frozenset({503, 529})
_PASSING: Final = frozenset(
    {"rate_limit_error", "rate_limit_exceeded", "overloaded_error", "api_error", "timeout_error", "server_error"}
)
_MOST_WORDS = 500
_LONGEST_WAIT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Said:
    """What came instead of an answer."""

    status: int
    """Of HTTP, 0 where there is none; the texts are empty where not told."""
    kind: str = ""
    code: str = ""
    message: str = ""
    retry_after_s: float | None = None


def said(status: int, headers: Mapping[str, str], body: bytes) -> Said:
    """Read an answer of HTTP that is none; a body of any form."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = {}
    told = said_in(content, status)
    return Said(status, told.kind, told.code, told.message, _retry_after_s(headers))


def said_in(content: object, status: int = 0) -> Said:
    """Read an error's JSON: `{"error": {…}}` as providers have it, flat as of some servers, or within another."""
    fields: Mapping[str, Any] = content if isinstance(content, dict) else {}
    while isinstance(inner := fields.get("error"), dict):
        fields = inner
    details = fields.get("details")
    code = (details.get("error_code") if isinstance(details, dict) else None) or fields.get("code")
    return Said(status, _text(fields.get("type")), _text(code), _text(fields.get("message")))


def fault_of(told: Said) -> Fault:
    """Who has to act."""
    if _is_cap(told) or _is_no_credit(told):
        return "money"
    if told.status in (408, 429) or told.status >= 500 or _PASSING & {told.kind, told.code}:
        return "provider"
    return "request"


def error_of(told: Said, name: str, key_variable: str) -> PipelineError:
    """The error that an answer of HTTP stands for. name: of the provider; key_variable: where its key was found."""
    where = f"{name} answered {told.status}" + (f" ({told.code or told.kind})" if told.code or told.kind else "")
    sentence = f"{where}: {told.message}" if told.message else where
    if _is_cap(told):
        return SpendingCap(sentence)
    if _is_no_credit(told):
        return LowCredit(sentence)
    if told.status in (401, 403):  # without the provider's words, which may have a part of the key in them
        return KeyRefused(f"{where}: it does not take the key in {key_variable}, or the key is not allowed this")
    if told.status == 429:
        return RateLimited(sentence, told.retry_after_s)
    if told.status in _OVERLOADED or told.kind == "overloaded_error":
        return Overloaded(sentence, told.retry_after_s)
    if told.status >= 500 or told.status == 408:
        return Unanswered(sentence, told.status)
    if 300 <= told.status < 400:
        return AskingRefused(f"{where}, which leads elsewhere and is not followed; check the address")
    return NotThere(sentence) if told.status == 404 else AskingRefused(sentence)


def without_answer(custom_id: str, error: Unanswered) -> Answer:
    """What is known of a request whose answer never came; with 500 the provider itself says that it failed."""
    return Answer(custom_id, "errored" if error.status == 500 else "unknown", error=str(error), fault="provider")


def _is_cap(told: Said) -> bool:
    return told.code in _CAPS or told.message.startswith(_CAP_WORDS)


def _is_no_credit(told: Said) -> bool:
    return bool(_NO_CREDIT & {told.kind, told.code}) or told.status == 402 or told.message.startswith(_CREDIT_WORDS)


def _text(value: object) -> str:
    return one_line(value)[:_MOST_WORDS] if isinstance(value, str) else ""  # a code that is a number is the status


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a moment, which is seen from the one at which it was said."""
    for header, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return _bounded(float(headers[header]) * unit_s)
        except (KeyError, ValueError):
            continue
    try:
        then, now = (parsedate_to_datetime(headers[header]) for header in ("retry-after", "date"))
        return _bounded((then - now).total_seconds())
    except (KeyError, ValueError, TypeError):  # not told, or no date, or one without its zone
        return None


def _bounded(wait_s: float) -> float:
    return min(_LONGEST_WAIT_S, max(0.0, wait_s))  # in this order, what is no number is 0
