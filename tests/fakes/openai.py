"""OpenAI's chat completions, files and batches, as developers.openai.com/api/reference describes them in November 2026.

Fates of a request of a batch: succeeded, refused, filtered, truncated, malformed (an answer that is no JSON),
errored, overloaded, low_credit, expired, wrong_id, double, uncounted (no usage),
garbled (a line of the results that is no JSON).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.fakes.provider import Asked, BillRow, Call, FakeProvider, Reply, reply

_PARAMETERS = {
    "model", "messages", "max_tokens", "max_completion_tokens", "response_format", "temperature", "seed", "top_p", "n",
    "stop", "metadata", "reasoning_effort", "service_tier", "store",
}  # fmt: skip
_ERRORS: Mapping[str, tuple[int, str, str | None, str]] = {
    "unsigned": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-fake**789"),
    "rate_limited": (429, "requests", "rate_limit_exceeded", "Rate limit reached"),
    "slow_down": (429, "rate_limit_error", "slow_down", "Slow down"),
    "spending_cap": (429, "insufficient_quota", "project_spend_limit_exceeded", "The project is at its limit"),
    "low_credit": (429, "insufficient_quota", "credit_balance_exhausted", "You exceeded your current quota"),
    "no_payment": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota"),
    "overloaded": (503, "service_unavailable_error", "server_is_overloaded", "The server is overloaded"),
    "broken": (500, "server_error", None, "The server had an error"),
    "gateway": (502, "server_error", None, "Bad gateway"),
    "forbidden": (403, "request_forbidden", "unsupported_country_region_territory", "Country not supported"),
    "missing": (404, "invalid_request_error", None, "Not found"),
    "invalid": (400, "invalid_request_error", None, "the request is not as it should be"),
    "expired": (0, "", "batch_expired", "This request could not be executed before the completion window expired."),
    "dropped": (500, "", None, ""),
}


@dataclass
class _Batch:
    id: str
    created_at: datetime
    order: dict[str, Any]
    lines: list[dict[str, Any]]
    lists_until_listed: int
    looks: int = 0
    is_cancelling: bool = False
    status: str = "validating"
    output: str | None = None
    errors: str | None = None
    failed: tuple[str, str] | None = None
    completed: int = 0
    erroneous: int = 0


class FakeOpenAI(FakeProvider):
    """Endpoints: ask, upload, files, content, create, retrieve, list, cancel. `url` has no `/v1`; `base_url` has."""

    def __init__(self, *, has_batches: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.base_url = f"{self.url}/v1"
        self.has_batches = has_batches
        self.batches: dict[str, _Batch] = {}
        self.files: dict[str, tuple[str, bytes, str]] = {}
        self.batch_failure: tuple[str, str] | None = None
        self.are_files_kept = True
        self.queue_holds: int | None = None  # requests of a batch that there is room for

    def endpoint_of(self, method: str, path: str) -> str:
        parts = path.removeprefix("/v1/").split("/")
        if parts == ["chat", "completions"]:
            return "ask"
        if parts[0] == "files":
            return "content" if len(parts) == 3 else "upload" if method == "POST" else "files"
        if parts == ["batches"]:
            return "create" if method == "POST" else "list"
        return "cancel" if parts[-1] == "cancel" else "retrieve"

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return not self.key or headers.get("authorization") == f"Bearer {self.key}"

    def refusal(self, name: str) -> Reply:
        if name == "redirected":
            return Reply(307, b"", {"location": "https://elsewhere.example/v1/chat/completions"})
        status, _, _, _ = _ERRORS[name]
        error = _error(name)
        return reply(status, {"error": {**error, "message": error["message"] + self.words}})

    def serve(self, endpoint: str, path: str, parameters: Mapping[str, str], call: Call) -> Reply:
        if endpoint == "ask":
            return self._ask(call.json())
        if not self.has_batches:
            return self.refusal("missing")
        if endpoint == "upload":
            return self._upload(call)
        if endpoint == "files":
            return reply(200, {"object": "list", "has_more": False, "data": [*map(self._file, reversed(self.files))]})
        if endpoint == "content":
            file = self.files.get(path.split("/")[-2]) if self.are_files_kept else None
            return Reply(200, file[1]) if file else self.refusal("missing")
        if endpoint == "create":
            return self._create(call.json())
        if endpoint == "list":
            return self._list(parameters)
        batch = self.batches.get(path.removeprefix("/v1/batches/").partition("/")[0])
        if batch is None:
            return self.refusal("missing")
        if endpoint == "cancel" and batch.output is not None:
            return self.refusal("invalid")
        batch.is_cancelling = batch.is_cancelling or endpoint == "cancel"
        if endpoint == "retrieve":
            self._look(batch)
        return reply(200, self._told(batch))

    def _ask(self, parameters: dict[str, Any]) -> Reply:
        if not _is_valid(parameters):
            return self.refusal("invalid")
        return reply(200, self._completion(_asked(None, parameters), "succeeded"))

    def _upload(self, call: Call) -> Reply:
        boundary = call.headers["content-type"].partition("boundary=")[2].encode()
        parts = {}
        for part in call.body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            parts[re.search(rb'; name="(\w+)"', head)[1]] = head, content.removesuffix(b"\r\n")
        head, content = parts[b"file"]
        if parts[b"purpose"][1] != b"batch":
            return self.refusal("invalid")
        name = re.search(rb'filename="([^"]+)"', head)[1].decode()
        return reply(200, self._file(self._kept(name, content, "batch")))

    def _kept(self, name: str, content: bytes, purpose: str) -> str:
        file_id = f"file-{len(self.files) + 1:04d}"
        self.files[file_id] = (name, content, purpose)
        return file_id

    def _file(self, file_id: str) -> dict[str, Any]:
        name, content, purpose = self.files[file_id]
        return {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": int(self.now().timestamp()),
            "filename": name,
            "purpose": purpose,
            "status": "processed",
        }

    def _create(self, order: dict[str, Any]) -> Reply:
        file = self.files.get(order.get("input_file_id", ""))
        fields = {"input_file_id", "endpoint", "completion_window", "metadata"}
        if file is None or not {"endpoint", "completion_window"} <= set(order) <= fields:
            return self.refusal("invalid")
        lines = [json.loads(line) for line in file[1].splitlines()]
        batch = _Batch(f"batch_{len(self.batches) + 1:04d}", self.now(), order, lines, self.list_lag)
        batch.failed = self.batch_failure or _fault_in(lines, order["endpoint"])
        if self.queue_holds is not None and len(lines) > self.queue_holds:
            batch.failed = "token_limit_exceeded", "Enqueued token limit reached for this model"
        self.batches[batch.id] = batch
        return reply(200, self._told(batch))

    def _list(self, parameters: Mapping[str, str]) -> Reply:
        newest_first = [batch for batch in reversed(self.batches.values()) if batch.lists_until_listed <= 0]
        for batch in self.batches.values():
            batch.lists_until_listed -= 1
        ids = [batch.id for batch in newest_first]
        start = ids.index(parameters["after"]) + 1 if "after" in parameters else 0
        limit = int(parameters.get("limit", 20))
        page = [self._told(batch) for batch in newest_first[start : start + limit]]
        return reply(200, {"object": "list", "data": page, "has_more": start + limit < len(newest_first)})

    def do_all(self) -> None:
        """Do, and bill, every batch that nobody looked at: a provider does not wait to be asked."""
        for batch in self.batches.values():
            while batch.output is None and not batch.failed:
                self._look(batch)

    def _look(self, batch: _Batch) -> None:
        batch.looks += 1
        if batch.failed:
            batch.status = "failed"
        elif batch.output is None and batch.looks <= self.looks_until_end and not batch.is_cancelling:
            batch.status = "in_progress"
        elif batch.output is None:
            self._end(batch)

    def _end(self, batch: _Batch) -> None:
        """Of a batch that is cancelled, requests that were not done are in neither file."""
        done = batch.lines[: self.done_before_cancel] if batch.is_cancelling else batch.lines
        fates = {each["custom_id"]: self.fates.get(each["custom_id"], "succeeded") for each in done}
        files: dict[bool, list[bytes]] = {True: [], False: []}
        for each in reversed(done):
            is_answer, lines = self._lines(_asked(each["custom_id"], each["body"]), fates[each["custom_id"]])
            files[is_answer] += lines
        batch.completed, batch.erroneous = len(files[True]), len(files[False])
        batch.output = self._kept("output.jsonl", b"\n".join(files[True]), "batch_output") if files[True] else ""
        batch.errors = self._kept("errors.jsonl", b"\n".join(files[False]), "batch_output") if files[False] else None
        is_expired = "expired" in fates.values()
        batch.status = "cancelled" if batch.is_cancelling else "expired" if is_expired else "completed"

    def _lines(self, asked: Asked, fate: str) -> tuple[bool, list[bytes]]:
        """Whether it is an answer, and its lines."""
        line = {"id": "batch_req_1", "custom_id": "somebody-else" if fate == "wrong_id" else asked.custom_id}
        if fate == "expired":
            error = {"code": _ERRORS[fate][2], "message": _ERRORS[fate][3]}
            return False, [json.dumps({**line, "response": None, "error": error}).encode()]
        if fate in ("errored", "low_credit", "overloaded"):
            name = "invalid" if fate == "errored" else fate
            response = {"status_code": _ERRORS[name][0], "request_id": "req_1", "body": {"error": _error(name)}}
            return False, [json.dumps({**line, "response": response, "error": None}).encode()]
        response = {"status_code": 200, "request_id": "req_1", "body": self._completion(asked, fate)}
        written = json.dumps({**line, "response": response, "error": None}).encode()
        return True, {"double": [written, written], "garbled": [b'{"custom_id": "it']}.get(fate, [written])

    def _completion(self, asked: Asked, fate: str) -> dict[str, Any]:
        text: str | None = '{"said": ' if fate == "malformed" else self.answer(asked)
        if fate == "truncated":
            text = text[: len(text) // 2]
        refusal = "I cannot do that." if fate == "refused" else None
        row = self.charge(asked, refusal or text)
        usage = {} if fate == "uncounted" else {"usage": _usage(row)}
        return {
            "id": f"chatcmpl-{len(self.bill):04d}",
            "object": "chat.completion",
            "created": int(self.now().timestamp()),
            "model": asked.model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": None if refusal else text, "refusal": refusal},
                    "logprobs": None,
                    "finish_reason": {"truncated": "length", "filtered": "content_filter"}.get(fate, "stop"),
                }
            ],
            **usage,
        }

    def _told(self, batch: _Batch) -> dict[str, Any]:
        code, message = batch.failed or ("", "")
        errors = {"object": "list", "data": [{"code": code, "message": message, "line": 1, "param": None}]}
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.order["endpoint"],
            "completion_window": batch.order["completion_window"],
            "input_file_id": batch.order["input_file_id"],
            "metadata": batch.order.get("metadata"),
            "created_at": int(batch.created_at.timestamp()),
            "status": "cancelling" if batch.is_cancelling and batch.output is None else batch.status,
            "errors": errors if batch.status == "failed" else None,
            "output_file_id": batch.output or None,
            "error_file_id": batch.errors,
            "request_counts": {"total": len(batch.lines), "completed": batch.completed, "failed": batch.erroneous},
        }


def _fault_in(lines: list[dict[str, Any]], endpoint: str) -> tuple[str, str] | None:
    ids = [each.get("custom_id") for each in lines]
    if len(set(ids)) != len(ids):
        return "duplicate_custom_id", "The custom_id for this request is a duplicate of another request."
    for each in lines:
        if (
            set(each) != {"custom_id", "method", "url", "body"}
            or each["url"] != endpoint
            or not _is_valid(each["body"])
        ):
            return "invalid_request", "a line is not as it should be"
    return None


def _is_valid(parameters: dict[str, Any]) -> bool:
    form = parameters.get("response_format")
    return (
        set(parameters) <= _PARAMETERS
        and {"model", "messages"} <= set(parameters)
        and bool(parameters["messages"])
        and (form is None or (form["type"] == "json_schema" and {"name", "schema"} <= set(form["json_schema"])))
    )


def _asked(custom_id: str | None, parameters: dict[str, Any]) -> Asked:
    messages = parameters["messages"]
    return Asked(
        custom_id,
        parameters["model"],
        "\n".join(each["content"] for each in messages if each["role"] == "system"),
        "\n".join(each["content"] for each in messages if each["role"] != "system"),
        parameters.get("max_completion_tokens") or parameters.get("max_tokens") or 0,
        parameters,
    )


def _usage(row: BillRow) -> dict[str, Any]:
    prompt = row.input_tokens + row.cache_read_tokens + row.cache_write_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": row.output_tokens,
        "total_tokens": prompt + row.output_tokens,
        "prompt_tokens_details": {"cached_tokens": row.cache_read_tokens, "cache_write_tokens": row.cache_write_tokens},
    }


def _error(name: str) -> dict[str, Any]:
    _, kind, code, message = _ERRORS[name]
    return {"message": message, "type": kind, "param": None, "code": code}
