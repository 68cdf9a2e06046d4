"""Trainings that run: what is asked for, how each attempt at one goes, and what a machine elsewhere tells of its own.

What trainings leave is in `model_values.py`, what they cost in `cost_values.py`.
"""

from datetime import datetime

from pydantic import Field

from pipeline.contract.http_answers import Request, Value
from pipeline.state.catalog.statuses import AttemptState, FailureClass, JobStatus, LauncherName

MAX_REASON_CHARACTERS = 1_000
MAX_JOURNAL_CHARACTERS = 1_000_000
_RESUME = "Go on from the checkpoints of the last attempt."
_BUDGET = "At which it is cancelled; null: as the settings say."
_PLACES = (
    "`local`: the service's machine; `own-machine`: one of yours; `hosted`: the trainer's provider; `sagemaker`: "
    "Amazon SageMaker; `kubernetes`: the service's cluster."
)
_REASON = "Why it may cost more than the budgets allow; null: it may not."


class WantedTraining(Request):
    """A training of a job that is to start."""

    launcher: LauncherName = Field("local", description=_PLACES)
    trainer: str | None = Field(None, max_length=100, description="One of the job's targets; null: the first.")
    budget_usd: float | None = Field(None, gt=0, le=1e9, description=_BUDGET)
    resume: bool = Field(False, description=_RESUME)
    over_budget_reason: str | None = Field(None, min_length=1, max_length=MAX_REASON_CHARACTERS, description=_REASON)


class WantedRetry(Request):
    """Another attempt, with the last one's launcher and trainer."""

    resume: bool = Field(False, description=_RESUME)
    changed: bool = Field(False, description="Make and start the job that the failure's remedy suggests.")
    budget_usd: float | None = Field(None, gt=0, le=1e9, description="At which it is cancelled; null: as before.")
    over_budget_reason: str | None = Field(None, min_length=1, max_length=MAX_REASON_CHARACTERS, description=_REASON)


class Cancellation(Request):
    """Why something ends."""

    reason: str | None = Field(None, min_length=1, max_length=MAX_REASON_CHARACTERS)


class AttemptTransition(Value):
    """What changed an attempt's state, and who."""

    from_state: AttemptState | None
    to_state: AttemptState
    actor: str
    reason: str | None
    created_at: datetime


class TrainingAttempt(Value):
    """One training of a job."""

    id: str
    job_id: str
    number: int
    launcher: LauncherName
    trainer: str
    state: AttemptState
    state_reason: str | None
    failure_class: FailureClass | None
    remedy: str | None = Field(description="What helps after such a failure, in words.")
    resumed_from: str | None = Field(description="The attempt whose checkpoints it goes on from.")
    gpu: str
    gpu_count: int
    price_per_gpu_hour: float | None = Field(description="US dollars.")
    provider: str | None
    budget_usd: float | None
    over_budget_reason: str | None
    step: int | None
    total_steps: int | None
    epoch: float | None
    progress: float | None = Field(description="Of its steps, from 0 to 1; null where it has not told how many.")
    eta_s: float | None = Field(description="Seconds that are left at the pace so far; null unless it trains.")
    cost_usd: float | None = Field(description="Metered so far; null where no price is known.")
    cost_nano_usd: int | None = Field(description="The same in billionths, exact.")
    created_at: datetime
    submitted_at: datetime | None
    started_at: datetime | None = Field(description="When it began to train.")
    heartbeat_at: datetime | None = Field(description="When it last told anything.")
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    line: str | None = Field(
        None,
        description="For the shell of one's own machine: starts the training there. It holds a token that opens this "
        "attempt alone; only its owner sees it, while the attempt lives.",
    )
    transitions: list[AttemptTransition] = Field(default_factory=list, description="Oldest first; empty in summaries.")


class AttemptList(Value):
    """Attempts at a job, oldest first."""

    items: list[TrainingAttempt]


class SettingChange(Value):
    """A setting that another job has otherwise."""

    setting: str
    before: str
    after: str


class JobRemedy(Value):
    """What helps after the failure of a job's newest attempt."""

    sentence: str
    changes: list[SettingChange] = Field(description="Empty where only a person can do it.")
    overrides: dict[str, str] = Field(description="Those that a retry with `changed` adds to the job's own.")


class Retry(Value):
    """The attempt that was asked for; `changes`: how its job differs from the one that was retried."""

    attempt: TrainingAttempt
    changes: list[SettingChange]


class TrainingProgress(Value):
    """How a job's training goes just now."""

    job_id: str
    status: JobStatus
    attempt: TrainingAttempt | None
    figures: dict[str, float] = Field(description="The last value of each.")


class MetricSeries(Value):
    """A figure over the steps of an attempt, in short: neighbouring steps share a bucket."""

    name: str
    points: int
    last_step: int
    last_value: float
    least_step: int
    least_value: float
    steps_a_bucket: int
    buckets: list[list[float]] = Field(description="First step, last step, least, greatest and last value of each.")


class TrainingMetrics(Value):
    """The figures of an attempt, by name; `attempt_id` is null where nothing was started yet."""

    attempt_id: str | None
    items: list[MetricSeries]


class TrainingArtifact(Value):
    """A file that a training left: reported by whoever trained, or kept here."""

    attempt_id: str | None = Field(description="Null where it was only reported.")
    kind: str
    name: str = Field(description="Of one that is kept its name, else the place that was reported.")
    size_bytes: int | None
    sha256: str | None
    is_kept: bool = Field(description="Whether its bytes are here.")


class TrainingArtifacts(Value):
    """All that the trainings of a job left."""

    items: list[TrainingArtifact]


class Report(Request):
    """What a training tells: bytes of its journal from an offset on, whole lines, at most 1 MB a request."""

    attempt: str = Field(min_length=1, max_length=300)
    offset: int = Field(ge=0, le=2**62, description="Where in the journal they begin, in bytes.")
    journal: str = Field(
        max_length=MAX_JOURNAL_CHARACTERS, description="The bytes as characters of ISO 8859-1, which JSON lines are."
    )


class ReportTaken(Value):
    """What is known now; whoever tells goes on from `offset`, and ends where `is_cancelled`."""

    offset: int
    is_cancelled: bool
    state: AttemptState


class RunnerSpec(Value):
    """What the program that a machine elsewhere gets does: paths below the attempt's folder."""

    attempt: str
    command: list[str]
    folder: str
    output: str
    has_own_files: bool
    environment: dict[str, str]


class KeptFile(Value):
    """A file of an attempt that arrived."""

    name: str
    size_bytes: int
    sha256: str


class KeptFiles(Value):
    """All files of an attempt that arrived, by name."""

    items: list[KeptFile]
