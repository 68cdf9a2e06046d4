"""What goes into the catalog about trainings that run, and what comes out: plain values, no database in them.

`Attempt` and `Model` have the fields of their tables in the tables' order; a test keeps it so.
"""

from dataclasses import dataclass
from datetime import datetime

from pipeline.state.catalog.job_records import Artifact, MetricsPoint
from pipeline.state.catalog.statuses import AttemptState, FailureClass, LauncherName, ModelKind, Moment


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """A training that somebody asks for."""

    job_id: str
    launcher: LauncherName
    trainer: str
    """One of the job's targets."""
    actor: str
    """Who."""
    price_per_gpu_hour: float | None = None
    provider: str | None = None
    resumed_from: str | None = None
    """The attempt whose checkpoints it goes on from."""
    budget_usd: float | None = None
    """At which it is cancelled; None for none."""
    over_budget_reason: str | None = None
    """Why it may cost more than the budgets allow."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of `training_attempts`."""

    id: str
    job_id: str
    user_id: str
    dataset_id: str
    number: int
    launcher: LauncherName
    trainer: str
    state: AttemptState
    state_reason: str | None
    failure_class: FailureClass | None
    external_id: str | None
    resumed_from: str | None
    gpu: str
    gpu_count: int
    price_per_gpu_hour: float | None
    provider: str | None
    budget_usd: float | None
    over_budget_reason: str | None
    created_at: datetime
    submitted_at: datetime | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    """When it last told anything."""
    ended_at: datetime | None
    closed_at: datetime | None
    """When its model, cost and evaluation were kept."""
    cancel_requested_at: datetime | None
    journal_offset: int
    """Bytes of its journal that the catalog knows."""
    step: int | None
    total_steps: int | None
    epoch: float | None
    log_tail: str | None
    metered_nano_usd: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a training told in its journal since the catalog last listened."""

    offset: int
    """Bytes of the journal that are read now."""
    points: tuple[MetricsPoint, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    at: datetime | None = None
    """When it last told anything, began and ended, by its own clock."""
    step: int | None = None
    total_steps: int | None = None
    epoch: float | None = None
    log_tail: str | None = None
    has_begun: bool = False
    begun_at: datetime | None = None
    """When it last told anything, began and ended, by its own clock."""
    ended_at: datetime | None = None
    """When it last told anything, began and ended, by its own clock."""
    state: AttemptState | None = None
    """How it ended, where it did."""
    reason: str | None = None
    """Why so."""
    remedy: str | None = None
    """What helps."""
    failure_class: FailureClass | None = None
    """Why so."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What changed an attempt's state, and who."""

    from_state: AttemptState | None
    to_state: AttemptState
    actor: str
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over the steps of an attempt, in short."""

    name: str
    points: int
    last_step: int
    last_value: float
    least_step: int
    least_value: float
    steps_a_bucket: int
    buckets: tuple[tuple[int, int, float, float, float], ...]
    """Of `steps_a_bucket` steps each, in order: first step, last step, least, greatest and last value."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A figure of a model on the rows kept back."""

    moment: Moment
    """Of the base model, or of what was trained."""
    name: str
    value: float
    rows: int | None
    source: str


@dataclass(frozen=True, slots=True)
class NewModel:
    """What a training left, in its place."""

    attempt_id: str
    kind: ModelKind
    files_uri: str
    files: dict[str, dict[str, object]]
    """Name to size in bytes and SHA-256."""
    size_bytes: int
    manifest_sha256: str
    base_model: str | None = None
    """What was trained in place of the job's; None for that."""


@dataclass(frozen=True, slots=True)
class Model:
    """One row of `models`."""

    id: str
    user_id: str
    attempt_id: str
    job_id: str
    dataset_id: str
    name: str
    version: int
    """Of the models of one job, from 1."""
    description: str | None
    kind: ModelKind
    base_model: str
    files_uri: str
    """Where it lies: a folder, `s3://…`, or of one that its provider has `<provider>:<its name there>`."""
    files: dict[str, dict[str, object]]
    size_bytes: int
    manifest_sha256: str
    created_at: datetime
    deleted_at: datetime | None

    @property
    def hosted_as(self) -> str | None:
        """The name to call it by at the provider that has it; None of one whose files are here."""
        return None if self.files_uri.startswith(("/", "s3://")) else self.files_uri.partition(":")[2]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One page of a list; `total` counts the models of all pages."""

    items: list[Model]
    total: int


@dataclass(frozen=True, slots=True)
class NewMeasurement:
    """What an attempt was measured at."""

    attempt_id: str
    base_model: str
    gpu: str
    gpu_count: int
    method: str
    trainer: str
    step_time_s: float
    """The median of its steps."""
    expected_step_time_s: float
    """Without own runs."""
    peak_memory_gb: float | None
    """Of one GPU, in 2**30 bytes; None where it was not told."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of `training_measurements`."""

    attempt_id: str
    user_id: str
    base_model: str
    gpu: str
    gpu_count: int
    method: str
    trainer: str
    step_time_s: float
    expected_step_time_s: float
    peak_memory_gb: float | None
    created_at: datetime
