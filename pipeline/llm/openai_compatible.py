"""OpenAI's wire: chat completions, which vLLM, llama.cpp and Ollama speak as well, and OpenAI's files and batches.

A batch is a file and an order about it, which keeps our id, so `find` is exact. Read from developers.openai.com/api/
reference; what answers look like is in `openai_replies.py`.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from pipeline.errors import ServiceError
from pipeline.llm.asking import Answer, BatchLook, BatchState, Request
from pipeline.llm.batch_files import checked, lines_of, most_input_tokens, not_too_large, read_lines
from pipeline.llm.llm_errors import AskingRefused, NotThere, ResultsGone, Unanswered
from pipeline.llm.openai_replies import (
    BatchPage,
    BatchReply,
    Completion,
    Counts,
    FileList,
    FileReply,
    ResultLine,
    answer_in,
    answer_of,
)
from pipeline.llm.refusals import Said, fault_of, without_answer
from pipeline.llm.wire import LOOK_S, Wire
from pipeline.state.durable import whole_file, written

MaxTokensField = Literal["max_tokens", "max_completion_tokens"]
_A_PAGE = 100
_CLOCKS_APART = timedelta(minutes=2)
_OUR_ID: Final = "submission_id"
_STATES: Final[dict[str, BatchState]] = {
    "completed": "ended",
    "expired": "ended",
    "cancelled": "ended",
    "failed": "failed",
}
# Of these the documents say: what was completed is in the files, and is all that is billed.
_CUT: Final[dict[str, Literal["expired", "canceled"]]] = {"expired": "expired", "cancelled": "canceled"}
# Codes of a whole batch that the account's queue had no room for.
_QUEUE_FULL: Final = frozenset({"token_limit_exceeded", "request_limit_exceeded", "rate_limit_exceeded"})


class OpenAICompatible:
    """A `Backend`. max_tokens_field: OpenAI takes but the newer name for models that think; servers know the older."""

    most_batch_requests = 50_000
    most_batch_bytes = 200_000_000

    def __init__(self, wire: Wire, *, has_batches: bool, max_tokens_field: MaxTokensField = "max_tokens") -> None:
        self.name = wire.name
        self.has_batches = has_batches
        self._wire = wire
        self._max_tokens_field = max_tokens_field

    def encode(self, requests: Sequence[Request]) -> bytes:
        """The body of a batch, a line a request; see `Backend`."""
        lines = [
            msgspec.json.encode(
                {
                    "custom_id": each.custom_id,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": self._parameters(each),
                }
            )
            for each in checked(requests, self.most_batch_requests)
        ]
        return not_too_large(b"\n".join([*lines, b""]), self.most_batch_bytes)

    def submit(self, body: bytes, submission_id: str) -> str:
        """Send the file, unless it is there, and order the batch, which is what is paid."""
        began_at = self._wire.now()
        file_id = self._file_id(body)
        if self._wire.now() - began_at > self._wire.longest_submit_s / 2:
            raise ServiceError(f"{self.name} took the file too slowly; no batch was begun")
        order = {
            "input_file_id": file_id,
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {_OUR_ID: submission_id},
        }
        return self._wire.post(BatchReply, "/batches", msgspec.json.encode(order), self._wire.longest_submit_s / 8).id

    def find(self, submission_id: str, since: datetime, count: int, known: Collection[str]) -> list[str]:
        """Ids of batches that have our id."""
        begun = self._begun_since(since - _CLOCKS_APART)
        ours = [each.id for each in begun if (each.metadata or {}).get(_OUR_ID) == submission_id]
        return [each for each in ours if each not in known]

    def look(self, external_id: str) -> BatchLook:
        """How a batch is."""
        try:
            batch = self._batch(external_id)
        except NotThere as error:
            return BatchLook("absent", reason=str(error))
        except ServiceError as error:
            return BatchLook("unknown", reason=str(error))
        state = _STATES.get(batch.status, "in_progress")
        if state == "failed":
            return self._failed(batch)
        counts = batch.request_counts or Counts()
        return BatchLook(state, counts.completed + counts.failed, cut=_CUT.get(batch.status))

    def cancel(self, external_id: str) -> None:
        """Ask for a batch's end; one that has ended stays as it is."""
        try:
            self._wire.post(BatchReply, f"/batches/{quote(external_id, safe='')}/cancel", b"", LOOK_S)
        except AskingRefused:
            if self.look(external_id).state not in ("ended", "failed"):
                raise

    def fetch(self, external_id: str, path: Path) -> None:
        """Write the answers, and behind them the errors, which the provider has in a file of their own."""
        try:
            batch = self._batch(external_id)
            if _STATES.get(batch.status) != "ended":
                raise ServiceError(f"{external_id} of {self.name} has not ended")
            with whole_file(path) as aside, written(path):
                aside.write_bytes(b"")
                for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                    with aside.open("ab") as file:
                        self._wire.download(f"/files/{quote(file_id, safe='')}/content", file)
                        file.write(b"\n")  # a last line may have no end
                    lines_of(aside)
        except NotThere as error:
            raise ResultsGone(str(error)) from None

    def read(self, path: Path) -> Iterator[Answer]:
        """The answers in such a file."""
        return read_results(path, self._wire.redacted)

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Ask at once and wait."""
        content = msgspec.json.encode(self._parameters(request))
        try:
            completion = self._wire.post(Completion, "/chat/completions", content, timeout_s)
        except Unanswered as error:
            return without_answer(request.custom_id, error)
        return answer_of(request.custom_id, completion)

    def most_input_tokens(self, request: Request) -> int:
        """Upper bound of the tokens of a request's input."""
        return most_input_tokens(msgspec.json.encode(self._parameters(request)))

    def close(self) -> None:
        """Close connections."""
        self._wire.close()

    def _file_id(self, body: bytes) -> str:
        """The file, named after its content: of an attempt that broke off it is there, and is not sent again."""
        name = f"{hashlib.sha256(body).hexdigest()}.jsonl"
        try:
            listed = self._wire.get(FileList, "/files", {"purpose": "batch", "limit": _A_PAGE, "order": "desc"})
            for each in listed.data:
                if each.filename == name and each.bytes == len(body) and each.status != "error":
                    return each.id
            return self._wire.upload(FileReply, "/files", name, body, {"purpose": "batch"}).id
        except Unanswered as error:
            raise ServiceError(f"{error}; no batch was begun") from None

    def _batch(self, external_id: str) -> BatchReply:
        return self._wire.get(BatchReply, f"/batches/{quote(external_id, safe='')}")

    def _begun_since(self, moment: datetime) -> Iterator[BatchReply]:
        """The newest first, page by page."""
        parameters: dict[str, str | int] = {"limit": _A_PAGE}
        while True:
            page = self._wire.get(BatchPage, "/batches", parameters)
            yield from (each for each in page.data if each.created_at >= moment.timestamp())
            if not page.has_more or not page.data or page.data[-1].created_at < moment.timestamp():
                return
            parameters["after"] = page.data[-1].id

    def _failed(self, batch: BatchReply) -> BatchLook:
        errors = (batch.errors.data if batch.errors else None) or []
        told = [Said(0, code=each.code or "", message=each.message or "") for each in errors]
        words = "; ".join(each.message or each.code for each in told[:5])
        if any(each.code in _QUEUE_FULL for each in told):
            return BatchLook("failed", 0, words, "provider")
        return BatchLook("failed", 0, words, fault_of(told[0]) if told else "request")

    def _parameters(self, request: Request) -> dict[str, Any]:
        """A request as chat completions take it; in this order, so that its bytes are always the same."""
        system = [{"role": "system", "content": request.system}] if request.system else []
        parameters: dict[str, Any] = {
            "model": request.model,
            "messages": [*system, *({"role": each.role, "content": each.content} for each in request.messages)],
            self._max_tokens_field: request.max_tokens,
        }
        if request.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": request.schema}
            parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
        if request.temperature is not None:
            parameters["temperature"] = request.temperature
        if request.seed is not None:
            parameters["seed"] = request.seed
        return parameters


def read_results(path: Path, redacted: Callable[[str], str] = str) -> Iterator[Answer]:
    """The answers in a file of results. redacted: for words that the provider says."""
    for line in read_lines(path, ResultLine):
        yield line if isinstance(line, Answer) else answer_in(line, redacted)
