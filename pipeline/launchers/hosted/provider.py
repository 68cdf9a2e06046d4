"""What a provider of trainings is asked for, the same of each, and what it tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

JobState = Literal["waiting", "running", "completed", "failed", "cancelled"]
LIVE: tuple[JobState, ...] = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class ProviderJob:
    """A training as its provider tells of it."""

    id: str
    state: JobState
    reason: str | None = None
    """Why it failed, or what it waits for."""
    model: str | None = None
    """The name to call what was trained by, once there is one."""
    tokens: int | None = None
    """That are billed."""
    nano_usd: int | None = None
    """The bill in billionths of a US dollar, where the provider tells money."""
    created_at: float | None = None
    """Seconds since 1970."""
    ended_at: float | None = None
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a provider tells of a job, as a line of a journal has it."""

    id: str
    """The same whenever it is told."""
    kind: Literal["metrics", "event", "checkpoint"]
    at: float | None = None
    values: Mapping[str, object] = field(default_factory=dict)


class Provider(Protocol):
    """A provider's requests. No method asks twice by itself; each raises what `ProviderRequests` does."""

    name: str
    title: str
    key_name: str
    """The variable with the key of the account."""

    def jobs_of(self, attempt_id: str) -> list[ProviderJob]:
        """The jobs that were created for an attempt, oldest first, as the provider lists them now."""

    def file_of(self, name: str) -> str | None:
        """The id of a file of that name that was uploaded whole; None where there is none."""

    def upload(self, path: Path, name: str) -> str:
        """Send a file, and return its id."""

    def create(self, attempt_id: str, body: Mapping[str, Any]) -> ProviderJob:
        """Start a job. body: its `request.json`, with the ids of its files.

        Where the answer is lost, it may have begun.
        """

    def job(self, job_id: str) -> ProviderJob | None:
        """How a job is; None where there is no such job."""

    def entries(self, job_id: str, is_known: Callable[[str], bool]) -> list[Entry]:
        """What a job told that is not known yet, oldest first."""

    def cancel(self, job_id: str) -> None:
        """Ask for a job's end; nothing where it has ended."""
