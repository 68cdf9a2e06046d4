"""The values that go in and out of the service: the contract that API, pages and client share.

The envelope around them is in `http_answers.py`, what a training would take in `estimate_values.py`, trainings that
run in `training_values.py`, what they leave in `model_values.py`, what they cost in `cost_values.py`. A job that is
wanted is in `service/new_job.py`: it names what only the service knows; clients send a `Setup`.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.http_answers import Request, Value
from pipeline.contract.marked_line import MarkedLine
from pipeline.contract.training_values import JobRemedy, TrainingAttempt
from pipeline.state.catalog.statuses import CostKind, JobOrigin, JobStatus, NotificationKind, Severity, Status

MAX_NAME_CHARACTERS = 200
MAX_FILE_NAME_CHARACTERS = 255  # as many as a file system takes; what is stored is shortened (`store/keys.py`)
MAX_DESCRIPTION_CHARACTERS = 4_000
MAX_MAPPING_CHARACTERS = 4_000
_MAPPING = "How the fields are read, as JSON (docs/formats.md), or `auto` for what fits; "


class DatasetSummary(Value):
    """One dataset in a list. Sizes in bytes; statistics are null until there is a verdict."""

    id: str
    user_id: str
    name: str
    description: str | None
    format: str | None
    status: Status
    file_name: str
    file_size: int = Field(description="Bytes.")
    answers_to_learn: int | None = Field(description="Answers that training learns from.")
    total_training_pairs: int | None = Field(description="Turns, as the replaced system counted.")
    total_validation_pairs: int | None
    total_tokens: int | None
    token_method: str | None
    training_ready: bool
    avg_turns_per_conversation: float | None
    avg_tokens_per_turn: float | None
    line_count: int | None
    rejected_line_count: int | None
    conversation_count: int | None
    first_error: str | None = Field(description="The first thing that is wrong, in words.")
    failure: str | None = Field(description="Why the service has not reached a verdict yet.")
    retry_at: datetime | None = Field(description="When it tries again.")
    created_at: datetime
    updated_at: datetime
    validated_at: datetime | None
    deleted_at: datetime | None


class DatasetPage(Value):
    """One page of datasets, newest first; `total` counts those of all pages."""

    items: list[DatasetSummary]
    total: int
    page: int
    limit: int


class Sample(Value):
    """One of the first conversations; long text is cut."""

    conversation_id: str
    turns: list[dict[str, str]]


class Reason(Value):
    """Why a trainer's verdict is not plain."""

    rule: str
    effect: str
    count: int
    first_lines: list[int]
    sentence: str


class Acceptance(Value):
    """What a trainer does with the dataset."""

    target: str
    verdict: Literal["accepted", "accepted-with-loss", "refused"]
    rows_dropped: int
    rows_truncated: int
    needs_conversion: str | None
    reasons: list[Reason]


class JobSummary(Value):
    """A training job in a list."""

    id: str
    user_id: str
    dataset_id: str
    dataset_name: str = Field(description="When it was made.")
    name: str
    status: JobStatus
    status_reason: str | None
    origin: JobOrigin
    base_model: str
    method: str
    preset: str
    targets: list[str]
    gpu: str
    gpu_count: int
    cost_usd: EstimatedRange | None = Field(description="As its newest estimate expects.")
    hours: EstimatedRange | None = Field(description="As its newest estimate expects.")
    progress: float | None = Field(description="Of the newest attempt's steps, from 0 to 1; null where not known.")
    created_at: datetime
    updated_at: datetime


class JobCost(Value):
    """What a job is expected to cost, or did cost. Estimates have ranges."""

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
    provider: str | None
    price_kind: str | None
    price_per_gpu_hour: float | None
    price_currency: str | None
    price_as_of: date | None
    source: str
    basis: list[str]
    attempt_id: str | None = Field(description="Whose an actual cost is.")
    billed_nano_usd: int | None = Field(description="`cost_usd` of an actual cost in billionths, exact.")
    created_at: datetime


class JobDetails(JobSummary):
    """Everything about a training job."""

    content_sha256: str = Field(description="Of the dataset's bytes that it was made from.")
    split_fingerprint: str
    code_version: str
    costs: list[JobCost]
    attempt: TrainingAttempt | None = Field(description="The newest; null where no training was asked for.")
    remedy: JobRemedy | None = Field(description="What helps, where the newest attempt failed.")
    settings: dict[str, object] = Field(description="The job itself, as all configs are rendered from it.")


class JobList(Value):
    """One page of jobs; `total` counts those of all pages."""

    items: list[JobSummary]
    total: int
    page: int
    limit: int
    counts: dict[JobStatus, int] = Field(description="By status, whatever was searched for.")


class JobFile(Value):
    """A file of a job; `GET /api/jobs/{id}/files/{name}` gives it."""

    name: str
    size_bytes: int


class JobFiles(Value):
    """All files of a job, by name."""

    items: list[JobFile]


class DatasetDetails(DatasetSummary):
    """Everything about one dataset."""

    mapping: str | None = Field(description="How its fields are read, where its owner says so: JSON, or `auto`.")
    content_version: str | None = Field(description="`sha256:<hex>` or `etag:<etag>` of the uploaded bytes.")
    content_sha256: str | None
    superseded_by: str | None
    replaces: str | None = Field(description="The dataset whose next version this is.")
    validation_errors: list[FindingRecord] = Field(description="The first errors.")
    sample_data: list[Sample] = Field(description="The first conversations.")
    acceptance: list[Acceptance]
    jobs: list[JobSummary] = Field(description="The newest training jobs made of it.")
    no_jobs: str | None = Field(description="Why planning by itself gave none for this verdict, in words.")


class ConfirmedUpload(DatasetDetails):
    """The dataset whose bytes are there, and what the store knows of them."""

    checksum: str | None = Field(
        None,
        description="`sha256:`, `crc32:` or `md5:` and hexadecimal digits, or `md5-of-parts:<digits>-<parts>`; null "
        "where the store knows none, as with keys of KMS. `content_sha256` comes with the verdict.",
    )


class NewUpload(Request):
    """An upload that is announced."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS, pattern=r"\S", examples=["Support chat, spring"])
    description: str | None = Field(
        None, max_length=MAX_DESCRIPTION_CHARACTERS, examples=["Answered by the night shift"]
    )
    file_name: str = Field(min_length=1, max_length=MAX_FILE_NAME_CHARACTERS, examples=["support_chat.jsonl"])
    file_size: int = Field(ge=1, le=2**62, description="Bytes, exactly.", examples=[20_480])
    format: str | None = Field(
        None, description="The format you expect, shown until there is a verdict: that says which it is."
    )
    mapping: str | None = Field(
        None,
        max_length=MAX_MAPPING_CHARACTERS,
        description=f"{_MAPPING}`none`: by what is recognised; null: as your newest upload of this file name is.",
        examples=["auto"],
    )
    replaces: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The dataset of yours whose next version this is: once this one is ready, that one is taken out of "
        "the lists, and can be restored.",
    )


class FieldMapping(Request):
    """How the fields of a dataset are read."""

    mapping: str | None = Field(
        max_length=MAX_MAPPING_CHARACTERS,
        description=f"{_MAPPING}null, or `none`: by what is recognised.",
        examples=['{"prompt": "request", "answer": "reply"}'],
    )


class UploadPart(Value):
    """Bytes `start` to `start + size_bytes` of the file, sent by one PUT to `url` with `headers`.

    `url` is relative to the service where it leads there. Only where `is_resumable` may the rest after
    `received_bytes` be sent alone, with the header `Upload-Offset: <received_bytes>`.
    """

    number: int
    start: int
    size_bytes: int
    url: str
    received_bytes: int
    is_resumable: bool
    headers: dict[str, str]


class UploadPlan(Value):
    """Where the bytes go, until when. Once all parts are there the upload is confirmed."""

    expires_at: datetime
    parts: list[UploadPart]


class Quota(Value):
    """The room that one has: bytes of all datasets that are not deleted, those uploading included."""

    used_bytes: int
    limit_bytes: int | None = Field(description="Null: there is no limit.")
    left_bytes: int | None


class StartedUpload(Value):
    """The dataset that begins, and where its bytes go."""

    dataset: DatasetSummary
    upload: UploadPlan
    quota: Quota | None = Field(None, description="The room that is left, with this upload taken off.")


class FindingPage(Value):
    """One page of findings, in the order of lines; `total` counts those of all pages, at most 10,000 of a code."""

    items: list[FindingRecord]
    total: int
    page: int
    limit: int
    lines: list[MarkedLine | None] | None = Field(
        None,
        description="Where `lines` was asked for: the piece of the line that each item speaks of, in their order; null "
        "where it cannot be shown.",
    )


class IgnoredItem(Value):
    """A file in your folder of the store that becomes no dataset."""

    key: str = Field(description="Where it lies; what cannot be printed is escaped.")
    reason: str = Field(description="A code.", examples=["subfolder"])
    why: str = Field(examples=["it lies in a folder of its owner's"])
    what_to_do: str = Field(examples=["put it right under uploads/ana/"])
    size_bytes: int | None
    modified_at: datetime | None
    first_seen_at: datetime


class IgnoredList(Value):
    """One page of ignored files, by place; `total` counts those of all pages."""

    items: list[IgnoredItem]
    total: int
    page: int
    limit: int


class NotificationItem(Value):
    """Something a user is told once."""

    id: int
    dataset_id: str | None = Field(description="Null where it is about a file that became no dataset.")
    job_id: str | None = Field(None, description="The training job that it is about, if any.")
    batch_id: str | None = Field(None, description="The batch of conversations that it is about, if any.")
    kind: NotificationKind
    severity: Severity
    url: str = Field(description="The page that has more, on this service.")
    title: str
    message: str
    created_at: datetime
    read_at: datetime | None


class NotificationList(Value):
    """Notifications, newest first."""

    items: list[NotificationItem]
    unread_count: int = Field(description="Of all that you were told.")


class ReadNotifications(Value):
    """What was unread until now."""

    read_count: int
