"""Anthropic's Messages API and Message Batches, as platform.claude.com/docs/en/api describes them in November 2026.

Fates of a request of a batch: succeeded, refused, truncated, malformed (an answer that is no JSON), errored,
overloaded, low_credit, expired, canceled, wrong_id, double, garbled (a line of the results that is no JSON).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.fakes.provider import Asked, BillRow, Call, FakeProvider, Reply, reply

_PARAMETERS = {
    "model", "max_tokens", "messages", "system", "output_config", "metadata", "stop_sequences", "thinking",
    "service_tier", "cache_control",
}  # fmt: skip
_BATCHES = "/v1/messages/batches"
_ERRORS: Mapping[str, tuple[int, str, str, str | None]] = {
    "unsigned": (401, "authentication_error", "invalid x-api-key", None),
    "rate_limited": (429, "rate_limit_error", "This request would exceed your organization's rate limit", None),
    "spending_cap": (429, "rate_limit_error", "The tier's cap is reached", "enforced_spend_limit_reached"),
    "own_cap": (400, "invalid_request_error", "You have reached your specified API usage limits.", None),
    "low_credit": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", None),
    "no_payment": (402, "billing_error", "There is an issue with your billing", None),
    "overloaded": (529, "overloaded_error", "Overloaded", None),
    "broken": (500, "api_error", "Internal server error", None),
    "gateway": (502, "api_error", "Bad gateway", None),
    "forbidden": (403, "permission_error", "Your API key does not have permission", None),
    "missing": (404, "not_found_error", "Not found", None),
    "invalid": (400, "invalid_request_error", "the request is not as it should be", None),
    "dropped": (500, "", "", None),
}  # fmt: skip


@dataclass
class _Batch:
    id: str
    created_at: datetime
    requests: list[dict[str, Any]]
    lists_until_listed: int
    looks: int = 0
    is_canceling: bool = False
    results: list[bytes] | None = None
    counts: dict[str, int] | None = None


class FakeAnthropic(FakeProvider):
    """Endpoints: ask, create, retrieve, list, cancel, results."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.batches: dict[str, _Batch] = {}
        self.results_host: str | None = None
        self.are_results_kept = True

    def endpoint_of(self, method: str, path: str) -> str:
        if path == "/v1/messages":
            return "ask"
        if path == _BATCHES:
            return "create" if method == "POST" else "list"
        last = path.rpartition("/")[2]
        return last if last in ("cancel", "results") else "retrieve"

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        shown = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        return shown == self.key and headers.get("anthropic-version") == "2026-10-21"

    def refusal(self, name: str) -> Reply:
        if name == "redirected":
            return Reply(307, b"", {"location": "https://elsewhere.example/v1/messages"})
        status, kind, message, code = _ERRORS[name]
        return reply(status, _error(kind, message + self.words, code))

    def serve(self, endpoint: str, path: str, parameters: Mapping[str, str], call: Call) -> Reply:
        if endpoint == "ask":
            return self._ask(call.json())
        if endpoint == "create":
            return self._create(call.json())
        if endpoint == "list":
            return self._list(parameters)
        batch = self.batches.get(path.removeprefix(f"{_BATCHES}/").partition("/")[0])
        if batch is None:
            return self.refusal("missing")
        if endpoint == "cancel":
            batch.is_canceling = True
        elif endpoint == "results":
            return Reply(200, b"".join(batch.results or []), {"content-type": "application/x-jsonl"})
        else:
            self._look(batch)
        return reply(200, self._told(batch))

    def _ask(self, parameters: dict[str, Any]) -> Reply:
        if not _is_valid(parameters):
            return self.refusal("invalid")
        return reply(200, self._message(_asked(None, parameters), "succeeded"))

    def _create(self, body: dict[str, Any]) -> Reply:
        ids = [each.get("custom_id", "") for each in body["requests"]]
        is_fit = all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each) for each in ids) and len(set(ids)) == len(ids)
        if set(body) != {"requests"} or not is_fit or not all(_is_valid(each["params"]) for each in body["requests"]):
            return self.refusal("invalid")
        batch = _Batch(f"msgbatch_{len(self.batches) + 1:04d}", self.now(), body["requests"], self.list_lag)
        self.batches[batch.id] = batch
        return reply(200, self._told(batch))

    def _list(self, parameters: Mapping[str, str]) -> Reply:
        newest_first = [batch for batch in reversed(self.batches.values()) if batch.lists_until_listed <= 0]
        for batch in self.batches.values():
            batch.lists_until_listed -= 1
        ids = [batch.id for batch in newest_first]
        start = ids.index(parameters["after_id"]) + 1 if "after_id" in parameters else 0
        limit = int(parameters.get("limit", 20))
        page = newest_first[start : start + limit]
        return reply(
            200,
            {
                "data": [self._told(batch) for batch in page],
                "has_more": start + limit < len(newest_first),
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
            },
        )

    def do_all(self) -> None:
        """Do, and bill, every batch that nobody looked at: a provider does not wait to be asked."""
        for batch in self.batches.values():
            while batch.results is None:
                self._look(batch)

    def _look(self, batch: _Batch) -> None:
        batch.looks += 1
        if batch.results is not None or (batch.looks <= self.looks_until_end and not batch.is_canceling):
            return
        fates = {each["custom_id"]: self.fates.get(each["custom_id"], "succeeded") for each in batch.requests}
        if batch.is_canceling:
            fates.update(dict.fromkeys(list(fates)[self.done_before_cancel :], "canceled"))
        batch.counts = dict.fromkeys(("succeeded", "errored", "canceled", "expired"), 0)
        batch.results = []
        for each in reversed(batch.requests):  # never in the order of the requests
            self._process(batch, _asked(each["custom_id"], each["params"]), fates[each["custom_id"]])

    def _process(self, batch: _Batch, asked: Asked, fate: str) -> None:
        if fate in ("canceled", "expired"):
            result: dict[str, Any] = {"type": fate}
        elif fate in ("errored", "low_credit", "overloaded"):
            _, kind, message, code = _ERRORS["invalid" if fate == "errored" else fate]
            result = {"type": "errored", "error": _error(kind, message, code)}
        else:
            result = {"type": "succeeded", "message": self._message(asked, fate)}
        batch.counts[result["type"]] += 1
        name = "somebody-else" if fate == "wrong_id" else asked.custom_id
        line = json.dumps({"custom_id": name, "result": result}).encode() + b"\n"
        batch.results += {"double": [line, line], "garbled": [b'{"custom_id": "it\n']}.get(fate, [line])

    def _message(self, asked: Asked, fate: str) -> dict[str, Any]:
        text = {"refused": "", "malformed": '{"said": '}.get(fate)
        text = self.answer(asked) if text is None else text
        text = text[: len(text) // 2] if fate == "truncated" else text
        row = self.charge(asked, text)
        return {
            "id": f"msg_{len(self.bill):04d}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": {"refused": "refusal", "truncated": "max_tokens"}.get(fate, "end_turn"),
            "stop_sequence": None,
            "usage": _usage(row),
        }

    def _told(self, batch: _Batch) -> dict[str, Any]:
        has_ended = batch.results is not None
        processing = {"processing": 0 if has_ended else len(batch.requests)}
        counts = batch.counts or dict.fromkeys(("succeeded", "errored", "canceled", "expired"), 0)
        host = self.results_host or self.url
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if has_ended else "canceling" if batch.is_canceling else "in_progress",
            "request_counts": {**processing, **counts},
            "created_at": batch.created_at.isoformat(),
            "expires_at": batch.created_at.isoformat(),
            "ended_at": batch.created_at.isoformat() if has_ended else None,
            "archived_at": None if self.are_results_kept else batch.created_at.isoformat(),
            "cancel_initiated_at": batch.created_at.isoformat() if batch.is_canceling else None,
            "results_url": f"{host}{_BATCHES}/{batch.id}/results" if has_ended and self.are_results_kept else None,
        }


def _is_valid(parameters: dict[str, Any]) -> bool:
    output = parameters.get("output_config", {}).get("format")
    return (
        set(parameters) <= _PARAMETERS
        and {"model", "max_tokens", "messages"} <= set(parameters)
        and parameters["max_tokens"] >= 1
        and bool(parameters["messages"])
        and (output is None or (output["type"] == "json_schema" and set(output) == {"type", "schema"}))
    )


def _asked(custom_id: str | None, parameters: dict[str, Any]) -> Asked:
    return Asked(
        custom_id,
        parameters["model"],
        parameters.get("system", ""),
        "\n".join(each["content"] for each in parameters["messages"]),
        parameters["max_tokens"],
        parameters,
    )


def _usage(row: BillRow) -> dict[str, Any]:
    return {
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cache_creation_input_tokens": row.cache_write_tokens,
        "cache_read_input_tokens": row.cache_read_tokens,
        "service_tier": "batch" if row.asked.custom_id else "standard",
    }


def _error(kind: str, message: str, code: str | None) -> dict[str, Any]:
    details = {"details": {"error_code": code}} if code else {}
    return {"type": "error", "error": {"type": kind, "message": message, **details}, "request_id": "req_0001"}
