"""What goes into the catalog about training jobs and what comes out: plain values, no database in them.

`Job`, `CostRecord` and `Plan` have the fields of their tables in the tables' order; a test keeps it so.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from pipeline.state.catalog.dataset_records import Dataset, JsonObject
from pipeline.state.catalog.statuses import CostKind, JobOrigin, JobStatus
from pipeline.wording import time_of_day

JobSort = Literal["created", "cost"]
"""The newest first; or what costs most first, what has no price last."""
JOB_SORTS: tuple[JobSort, ...] = get_args(JobSort)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job whose files are in place."""

    job_id: str
    dataset_id: str
    name: str
    origin: JobOrigin
    """Whether the default plan or a person asked for it."""
    base_model: str
    method: str
    preset: str
    targets: tuple[str, ...]
    gpu: str
    gpu_count: int
    content_sha256: str
    split_fingerprint: str
    """Of the rows and the split that it was made from."""
    validation_run_id: str
    """Of the verdict on them."""
    code_version: str
    run_id: str | None
    """None where no run of Dagster made it."""
    files_uri: str
    job: JsonObject
    """The canonical job, whole."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of `training_jobs`."""

    id: str
    user_id: str
    dataset_id: str
    name: str
    status: JobStatus
    status_reason: str | None
    """Why it is stale or failed."""
    origin: JobOrigin
    base_model: str
    method: str
    preset: str
    targets: list[str]
    gpu: str
    gpu_count: int
    content_sha256: str
    split_fingerprint: str
    validation_run_id: str
    code_version: str
    run_id: str | None
    files_uri: str
    job: JsonObject
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewCost:
    """What a job is expected to cost, or did cost; an actual has no ranges, and may be of one attempt."""

    kind: CostKind
    cost_usd: float | None
    hours: float | None
    source: str
    """Where the price, or the bill, was read."""
    cost_usd_low: float | None = None
    cost_usd_high: float | None = None
    hours_low: float | None = None
    hours_high: float | None = None
    peak_memory_gb: float | None = None
    peak_memory_gb_low: float | None = None
    peak_memory_gb_high: float | None = None
    fits: str | None = None
    price_per_gpu_hour: float | None = None
    price_currency: str | None = None
    price_kind: str | None = None
    provider: str | None = None
    price_as_of: date | None = None
    basis: tuple[str, ...] = ()
    """What an estimate rests on, a sentence each."""
    attempt_id: str | None = None
    billed_nano_usd: int | None = None


@dataclass(frozen=True, slots=True)
class CostRecord:
    """One row of `cost_records`."""

    id: str
    job_id: str
    user_id: str
    kind: CostKind
    cost_usd: float | None
    cost_usd_low: float | None
    cost_usd_high: float | None
    hours: float | None
    hours_low: float | None
    hours_high: float | None
    peak_memory_gb: float | None
    peak_memory_gb_low: float | None
    peak_memory_gb_high: float | None
    fits: str | None
    price_per_gpu_hour: float | None
    price_currency: str | None
    price_kind: str | None
    provider: str | None
    price_as_of: date | None
    source: str
    basis: list[str]
    created_at: datetime
    attempt_id: str | None
    """Whose an actual is."""
    billed_nano_usd: int | None
    """Its `cost_usd`, exact."""


@dataclass(frozen=True, slots=True)
class MetricsPoint:
    """A figure that a trainer reports at an optimiser step, as `loss`."""

    name: str
    step: int
    value: float
    epoch: float | None = None
    """Passes over the rows by then."""
    measured_at: datetime | None = None
    """By the trainer's clock."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder that a training left behind."""

    kind: str
    """As `adapter`."""
    storage_path: str
    """Where it lies, never a URL."""
    size_bytes: int | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a list; `total` counts the jobs of all pages."""

    items: list[Job]
    total: int


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What a run made for a dataset."""

    job_count: int
    message: str
    not_possible: tuple[JsonObject, ...]
    run_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One row of `training_plans`: what came of the default plan for one verdict on a dataset."""

    dataset_id: str
    validation_run_id: str
    status: Literal["requested", "planned", "failed"]
    requested_at: datetime | None
    attempt: int
    split_fingerprint: str | None
    job_count: int | None
    message: str | None
    """What was made, or why no job could be."""
    not_possible: list[JsonObject] | None
    """Kind, setup and reason of each job that could not be."""
    run_id: str | None
    updated_at: datetime
    request_key: str | None = None
    asked: int = 0
    begun_by: str | None = None
    crashes: int = 0
    retry_at: datetime | None = None

    def why_no_jobs(self, dataset: Dataset) -> str:
        """Why it gave no jobs for the dataset's newest verdict, and when it is tried again; empty where it may yet."""
        is_empty = self.status == "planned" and not self.job_count
        has_come_to_nothing = is_empty or self.status == "failed" or self.attempt
        if self.validation_run_id != dataset.run_id or not has_come_to_nothing or not self.message:
            return ""
        again = f"; it is tried again at {time_of_day(self.retry_at)}" if self.retry_at else ""
        return f"{self.message.rstrip('.')}{again}"
