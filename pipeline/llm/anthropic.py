"""Anthropic's wire: the Messages API and Message Batches, as platform.claude.com/docs/en/api describes them.

Its batches have no place for an id of ours, and tell no custom_id before they end: `find` goes by time and size. It
takes neither temperature nor seed: a request's are left out. What answers look like is in `anthropic_replies.py`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from pipeline.errors import ServiceError
from pipeline.llm.anthropic_replies import BatchPage, BatchReply, MessageReply, ResultLine, answer_in, answer_of
from pipeline.llm.asking import Answer, BatchLook, Request
from pipeline.llm.batch_files import checked, lines_of, most_input_tokens, not_too_large, read_lines
from pipeline.llm.llm_errors import AskingRefused, NotThere, ResultsGone, Unanswered
from pipeline.llm.refusals import without_answer
from pipeline.llm.wire import LOOK_S, Wire
from pipeline.state.durable import whole_file, written

VERSION: Final = "2026-10-21"  # with it, and with its newer models, a temperature is an error
_BATCHES: Final = "/v1/messages/batches"
_A_PAGE = 100
_CLOCKS_APART = timedelta(minutes=2)  # what its clock may be behind ours


class Anthropic:
    """A `Backend`."""

    has_batches = True
    most_batch_requests = 100_000
    most_batch_bytes = 256_000_000

    def __init__(self, wire: Wire) -> None:
        self.name = wire.name
        self._wire = wire

    def encode(self, requests: Sequence[Request]) -> bytes:
        """The body of a batch; see `Backend`."""
        listed = [
            {"custom_id": each.custom_id, "params": _parameters(each)}
            for each in checked(requests, self.most_batch_requests)
        ]
        return not_too_large(msgspec.json.encode({"requests": listed}), self.most_batch_bytes)

    def submit(self, body: bytes, submission_id: str) -> str:
        """Start a batch; there is no place for our id."""
        return self._wire.submit(BatchReply, _BATCHES, body).id

    def find(self, submission_id: str, since: datetime, count: int, known: Collection[str]) -> list[str]:
        """Ids of batches begun since then, of so many requests, that are not known."""
        begun = self._begun_since(since - _CLOCKS_APART)
        return [each.id for each in begun if each.request_counts.total() == count and each.id not in known]

    def look(self, external_id: str) -> BatchLook:
        """How a batch is."""
        try:
            batch = self._batch(external_id)
        except NotThere as error:
            return BatchLook("absent", reason=str(error))
        except ServiceError as error:
            return BatchLook("unknown", reason=str(error))
        if batch.processing_status != "ended":
            return BatchLook("in_progress")  # its counts stay at 0 up to the end
        return BatchLook("ended", batch.request_counts.total())

    def cancel(self, external_id: str) -> None:
        """Ask for a batch's end; one that has ended stays as it is."""
        try:
            self._wire.post(BatchReply, f"{_BATCHES}/{quote(external_id, safe='')}/cancel", b"", LOOK_S)
        except AskingRefused:
            if self.look(external_id).state != "ended":
                raise

    def fetch(self, external_id: str, path: Path) -> None:
        """Write the raw results into a file."""
        try:
            batch = self._batch(external_id)
            url = self._results_url(batch)
            with whole_file(path) as aside, written(path):
                with aside.open("wb") as file:
                    self._wire.download(url, file)
                if (lines := lines_of(aside)) < batch.request_counts.total():
                    raise ServiceError(f"{lines} results of {external_id} came, not {batch.request_counts.total()}")
        except NotThere as error:
            raise ResultsGone(str(error)) from None

    def read(self, path: Path) -> Iterator[Answer]:
        """The answers in such a file."""
        return read_results(path, self._wire.redacted)

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Ask at once and wait."""
        try:
            message = self._wire.post(
                MessageReply, "/v1/messages", msgspec.json.encode(_parameters(request)), timeout_s
            )
        except Unanswered as error:
            return without_answer(request.custom_id, error)
        return answer_of(request.custom_id, message)

    def most_input_tokens(self, request: Request) -> int:
        """Upper bound of the tokens of a request's input."""
        return most_input_tokens(msgspec.json.encode(_parameters(request)))

    def close(self) -> None:
        """Close connections."""
        self._wire.close()

    def _batch(self, external_id: str) -> BatchReply:
        return self._wire.get(BatchReply, f"{_BATCHES}/{quote(external_id, safe='')}")

    def _results_url(self, batch: BatchReply) -> str:
        if batch.processing_status != "ended":
            raise ServiceError(f"{batch.id} of {self.name} has not ended")
        if batch.results_url is None:
            raise ResultsGone(f"{self.name} keeps the results of {batch.id} no longer")
        if not self._wire.is_here(batch.results_url):
            raise ServiceError(f"{self.name} says that the results of {batch.id} lie elsewhere; they were not fetched")
        return batch.results_url

    def _begun_since(self, moment: datetime) -> Iterator[BatchReply]:
        """The newest first, page by page."""
        parameters: dict[str, str | int] = {"limit": _A_PAGE}
        while True:
            page = self._wire.get(BatchPage, _BATCHES, parameters)
            yield from (each for each in page.data if each.created_at >= moment)
            if not page.has_more or not page.last_id or any(each.created_at < moment for each in page.data):
                return
            parameters["after_id"] = page.last_id


def read_results(path: Path, redacted: Callable[[str], str] = str) -> Iterator[Answer]:
    """The answers in a file of results. redacted: for words that the provider says."""
    for line in read_lines(path, ResultLine):
        yield line if isinstance(line, Answer) else answer_in(line, redacted)


def _parameters(request: Request) -> dict[str, Any]:
    """A request as the Messages API takes it; in this order, so that its bytes are always the same."""
    parameters: dict[str, Any] = {"model": request.model, "max_tokens": request.max_tokens}
    if request.system:
        parameters["system"] = request.system
    parameters["messages"] = [{"role": each.role, "content": each.content} for each in request.messages]
    if request.schema is not None:
        parameters["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
    return parameters
