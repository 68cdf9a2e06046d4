"""OpenAI's fine-tuning jobs.

https://developers.openai.com/api/reference/resources/fine_tuning has the requests; openai 3.57 (Python) has the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pipeline.launchers.hosted.provider import Entry, JobState, ProviderJob
from pipeline.launchers.hosted.provider_requests import FromProvider, ProviderRequests, Refused
from pipeline.launchers.runner import figures

if TYPE_CHECKING:
    import httpx2

_ADDRESS = "https://api.openai.com/v1"
_JOBS = "/fine_tuning/jobs"
_PAGE, _FILES_PAGE = 100, 10_000
_STATES: dict[str, JobState] = {
    "validating_files": "waiting",
    "queued": "waiting",
    "running": "running",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
_STAGES = {
    "validating_files": "OpenAI reads its files",
    "queued": "it waits in OpenAI's queue",
    "paused": "it is paused at OpenAI",
}
_FIGURES = {"train_loss": "loss", "valid_loss": "eval_loss", "full_valid_loss": "full_eval_loss"}
"""Figures by our names; others keep theirs."""
_STEPS = re.compile(r"Step \d+/(\d+)")


class _Failure(FromProvider):
    code: str | None = None
    message: str | None = None


class _Job(FromProvider):
    id: str
    status: str
    created_at: float | None = None
    finished_at: float | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    error: _Failure | None = None
    metadata: dict[str, str] | None = None


class _File(FromProvider):
    id: str
    filename: str = ""
    status: str | None = None


class _Event(FromProvider):
    id: str
    created_at: float | None = None
    message: str = ""
    type: str | None = None
    data: dict[str, Any] | None = None


class _Checkpoint(FromProvider):
    id: str
    created_at: float | None = None
    step_number: int
    fine_tuned_model_checkpoint: str


_Item = TypeVar("_Item", _Job, _File, _Event, _Checkpoint)


class _Page(FromProvider, Generic[_Item]):
    data: list[_Item]
    has_more: bool = False


class OpenAiProvider:
    """OpenAI, with the key of an account."""

    name = "openai"
    title = "OpenAI"
    key_name = "OPENAI_API_KEY"

    def __init__(self, key: str, transport: "httpx2.BaseTransport | None" = None) -> None:
        self._requests = ProviderRequests(self.title, _ADDRESS, key, self.key_name, transport)

    def jobs_of(self, attempt_id: str) -> list[ProviderJob]:
        """See `Provider.jobs_of`: an attempt's id is in the metadata of its job."""
        pages = self._pages(_Page[_Job], _JOBS, _PAGE, **{"metadata[attempt_id]": attempt_id})
        mine = (each for page in pages for each in page if (each.metadata or {}).get("attempt_id") == attempt_id)
        return sorted(map(_job, mine), key=lambda job: job.created_at or 0)

    def file_of(self, name: str) -> str | None:
        """See `Provider.file_of`."""
        pages = self._pages(_Page[_File], "/files", _FILES_PAGE, purpose="fine-tune")
        listed = (each for page in pages for each in page)
        return next((each.id for each in listed if each.filename == name and each.status != "error"), None)

    def upload(self, path: Path, name: str) -> str:
        """See `Provider.upload`."""
        with path.open("rb") as file:
            return self._requests.send_file(_File, "/files", name, file, {"purpose": "fine-tune"}).id

    def create(self, attempt_id: str, body: Mapping[str, Any]) -> ProviderJob:
        """See `Provider.create`."""
        metadata = {**body.get("metadata", {}), "attempt_id": attempt_id}
        return _job(self._requests.post(_Job, _JOBS, {**body, "metadata": metadata}))

    def job(self, job_id: str) -> ProviderJob | None:
        """See `Provider.job`."""
        found = self._requests.find(_Job, f"{_JOBS}/{job_id}")
        return _job(found) if found else None

    def entries(self, job_id: str, is_known: Callable[[str], bool]) -> list[Entry]:
        """See `Provider.entries`: each list begins with the newest, and is read up to a page that is known whole."""
        checkpoints = self._new(_Page[_Checkpoint], f"{_JOBS}/{job_id}/checkpoints", is_known)
        events = self._new(_Page[_Event], f"{_JOBS}/{job_id}/events", is_known)
        return [*map(_event, reversed(list(events))), *map(_checkpoint, reversed(list(checkpoints)))]

    def cancel(self, job_id: str) -> None:
        """See `Provider.cancel`."""
        with suppress(Refused):  # it has ended: the next look says how
            self._requests.post(_Job, f"{_JOBS}/{job_id}/cancel")

    def _pages(self, kind: type[_Page[_Item]], path: str, limit: int, **parameters: str) -> Iterator[list[_Item]]:
        after: dict[str, str] = {}
        while True:
            page = self._requests.get(kind, path, limit=limit, **parameters, **after)
            yield page.data
            if not page.has_more or not page.data:
                return
            after = {"after": page.data[-1].id}

    def _new(self, kind: type[_Page[_Item]], path: str, is_known: Callable[[str], bool]) -> Iterator[_Item]:
        for page in self._pages(kind, path, _PAGE):
            unknown = [each for each in page if not is_known(each.id)]
            yield from unknown
            if not unknown:
                return


def _job(found: _Job) -> ProviderJob:
    error = found.error
    return ProviderJob(
        id=found.id,
        state=_STATES.get(found.status, "waiting"),
        reason=(error.message or error.code) if error and found.status == "failed" else _STAGES.get(found.status),
        model=found.fine_tuned_model,
        tokens=found.trained_tokens,
        created_at=found.created_at,
        ended_at=found.finished_at,
    )


def _event(found: _Event) -> Entry:
    data = found.data or {}
    step = data.get("step")
    if found.type != "metrics" or not isinstance(step, int | float):
        return Entry(found.id, "event", found.created_at, {"message": found.message})
    total = _STEPS.search(found.message)
    steps = data.get("total_steps") or (int(total[1]) if total else None)
    values, broken = figures({_FIGURES.get(name, name): value for name, value in data.items() if name != "total_steps"})
    told = {"step": int(step), "total_steps": steps, "values": values, "broken": broken}
    return Entry(found.id, "metrics", found.created_at, told)


def _checkpoint(found: _Checkpoint) -> Entry:
    told = {"step": found.step_number, "place": found.fine_tuned_model_checkpoint}
    return Entry(found.id, "checkpoint", found.created_at, told)
