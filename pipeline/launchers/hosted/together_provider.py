"""Together's fine-tuning jobs.

https://docs.together.ai/reference/post-fine-tunes and the pages beside it have the requests; together 3.1 (Python) has
the same. Together tells what it bills in billionths of a US dollar.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pipeline.launchers.hosted.provider import Entry, JobState, ProviderJob
from pipeline.launchers.hosted.provider_requests import FromProvider, NotTaken, ProviderRequests, Refused
from pipeline.launchers.runner import figures

if TYPE_CHECKING:
    import httpx2

_ADDRESS = "https://api.together.ai/v1"
_JOBS = "/fine-tunes"
_MOST_SUFFIX = 40  # together.lib.types.fine_tuning.FinetuneRequest, together 3.1.1
_DIGEST_HEX_DIGITS = 16
_STATES: dict[str, JobState] = {
    "pending": "waiting",
    "queued": "waiting",
    "running": "running",
    "compressing": "running",
    "uploading": "running",
    "cancel_requested": "running",
    "completed": "completed",
    "error": "failed",
    "cancelled": "cancelled",
}
_STAGES = {"pending": "Together makes it ready", "queued": "it waits in Together's queue"}
_STEP = "global_step"
_NO_FIGURES = (_STEP, f"eval_{_STEP}", "epoch", "eval_epoch", "timestamp")
_FILE_PAUSE_S = 30.0


class _Event(FromProvider):
    created_at: str = ""
    type: str = ""
    message: str = ""
    step: int | None = None
    total_steps: int | None = None
    checkpoint_path: str | None = None


class _Job(FromProvider):
    id: str
    status: str
    created_at: str | None = None
    updated_at: str | None = None
    suffix: str | None = None
    output_name: str | None = Field(None, alias="model_output_name")
    object_name: str | None = Field(None, alias="model_object_name")
    token_count: int | None = None
    total_price: int | None = None
    events: list[_Event] | None = None


class _Jobs(FromProvider):
    data: list[_Job]


class _Events(FromProvider):
    data: list[_Event]


class _Metrics(FromProvider):
    metrics: list[dict[str, float | None]] | None = None


class _Report(FromProvider):
    error: str | None = None


class _File(FromProvider):
    id: str
    filename: str = ""
    processing_status: str | None = None
    validation_report: _Report | None = None


class _Files(FromProvider):
    data: list[_File]


class TogetherProvider:
    """Together, with the key of an account."""

    name = "together"
    title = "Together"
    key_name = "TOGETHER_API_KEY"

    def __init__(self, key: str, transport: "httpx2.BaseTransport | None" = None) -> None:
        self._requests = ProviderRequests(self.title, _ADDRESS, key, self.key_name, transport)

    def jobs_of(self, attempt_id: str) -> list[ProviderJob]:
        """See `Provider.jobs_of`: the model's suffix ends with what only this attempt has."""
        own = _digest(attempt_id)
        listed = self._requests.get(_Jobs, _JOBS).data
        mine = [each for each in listed if own in (each.suffix or "") or own in (each.output_name or "")]
        return sorted(map(_job, mine), key=lambda job: job.created_at or 0)

    def file_of(self, name: str) -> str | None:
        """See `Provider.file_of`.

        Raises:
            Refused: Together read it, and does not take it.
            NotTaken: it is still being read.
        """
        listed = self._requests.get(_Files, "/files").data
        found = next((each for each in listed if each.filename == name), None)
        if found is None:
            return None
        if found.processing_status in ("FAILED", "INVALID_FORMAT"):
            said = found.validation_report.error if found.validation_report else None
            why = self._requests.without_key(said or "it does not say why")
            raise Refused(f"{self.title} does not take the file {name}: {why}", 422)
        if found.processing_status in ("PENDING", "QUEUED", "RUNNING"):
            raise NotTaken(f"{self.title} still reads the file {name}: it is looked at again", _FILE_PAUSE_S)
        return found.id

    def upload(self, path: Path, name: str) -> str:
        """See `Provider.upload`."""
        fields = {"purpose": "fine-tune", "file_name": name, "file_type": "jsonl"}
        with path.open("rb") as file:
            return self._requests.send_file(_File, "/files/upload", name, file, fields).id

    def create(self, attempt_id: str, body: Mapping[str, Any]) -> ProviderJob:
        """See `Provider.create`."""
        named = {**body, "suffix": suffix(str(body.get("suffix", "")), attempt_id)}
        return _job(self._requests.post(_Job, _JOBS, named))

    def job(self, job_id: str) -> ProviderJob | None:
        """See `Provider.job`."""
        found = self._requests.find(_Job, f"{_JOBS}/{job_id}")
        return _job(found) if found else None

    def entries(self, job_id: str, is_known: Callable[[str], bool]) -> list[Entry]:
        """See `Provider.entries`."""
        told = self._requests.get(_Events, f"{_JOBS}/{job_id}/events").data
        total = next((each.total_steps for each in told if each.total_steps), None)
        rows = self._requests.get(_Metrics, f"{_JOBS}/{job_id}/metrics").metrics or ()
        entries = (*map(_event, told), *(entry for row in rows for entry in _metrics(row, total)))
        return [each for each in entries if not is_known(each.id)]

    def cancel(self, job_id: str) -> None:
        """See `Provider.cancel`."""
        with suppress(Refused):  # it has ended: the next look says how
            self._requests.post(_Job, f"{_JOBS}/{job_id}/cancel")


def suffix(name: str, attempt_id: str) -> str:
    """What a model's name ends with: for people, and at its end for us, who find the attempt by it.

    >>> suffix("support-chat", "support-chat-qwen3-8b-1.2")
    'support-chat-7ae17c0ab1e6dc7b'
    """
    return f"{name[: _MOST_SUFFIX - _DIGEST_HEX_DIGITS - 1].strip('-')}-{_digest(attempt_id)}".strip("-")


def _digest(attempt_id: str) -> str:
    return hashlib.sha256(attempt_id.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]


def _job(found: _Job) -> ProviderJob:
    state = _STATES.get(found.status, "waiting")
    errors = [each.message for each in found.events or () if each.type == "job_error"]
    return ProviderJob(
        id=found.id,
        state=state,
        reason=errors[-1] if errors and state == "failed" else _STAGES.get(found.status),
        model=found.output_name or found.object_name,
        tokens=found.token_count,
        nano_usd=found.total_price,
        created_at=_moment(found.created_at),
        ended_at=_moment(found.updated_at),
    )


def _event(found: _Event) -> Entry:
    said = f"{found.created_at} {found.type} {found.step} {found.message}"
    known, at = f"event-{_digest(said)}", _moment(found.created_at)
    if found.checkpoint_path and found.type == "checkpoint_save":
        return Entry(known, "checkpoint", at, {"step": found.step, "place": found.checkpoint_path})
    return Entry(known, "event", at, {"message": found.message})


def _metrics(row: Mapping[str, float | None], total_steps: int | None) -> Iterator[Entry]:
    """Rows of training and of evaluation come apart, also those of one step."""
    kind = "eval" if any(name.startswith("eval/") for name in row) else "train"
    named = {name.removeprefix("train/").replace("/", "_"): value for name, value in row.items()}
    step, at = named.get(_STEP, named.get(f"eval_{_STEP}")), named.get("timestamp")
    if step is None:
        return
    values, broken = figures({name: value for name, value in named.items() if name not in _NO_FIGURES})
    told: dict[str, Any] = {"step": int(step), "total_steps": total_steps, "epoch": named.get("epoch")}
    yield Entry(
        f"{kind}-{int(step)}", "metrics", at / 1e9 if at else None, {**told, "values": values, "broken": broken}
    )


def _moment(value: str | None) -> float | None:
    try:
        return datetime.fromisoformat(value or "").timestamp()
    except ValueError:
        return None
