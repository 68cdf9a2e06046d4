"""What goes into the catalog and what comes out: plain values, no database in them.

`Dataset` and `Notification` have the fields of their tables in the tables' order; a test keeps it so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.state.catalog.statuses import NotificationKind, Status
from pipeline.wording import time_of_day

Refusal = Literal["taken-id", "other-size"]
JsonObject = dict[str, object]
NO_MAPPING = "none"
"""What an owner says of an upload that is not to be read by the mapping of the one before."""


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file seen in the store.

    `content_version` says which bytes they are; `observed_version` is the cheap hint (ETag, or `size-mtime_ns`) that
    tells whether the object needs another look.
    """

    dataset_id: str
    user_id: str
    name: str
    storage_bucket: str
    storage_path: str
    file_name: str
    file_size: int
    content_version: str
    observed_version: str
    # Only of an upload through the service, whose path names its id: the id for other bytes than those confirmed.
    replacement_id: str = ""
    # How its fields are read, where that is written down in the store; what the catalog says of its path goes before.
    mapping: str | None = None
    # When it was deleted, where that is written down in the store; what the catalog says of it goes before.
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnnouncedUpload:
    """An upload through the service that is about to start; its fields are columns of `datasets`."""

    id: str
    name: str
    storage_bucket: str
    storage_path: str
    file_name: str
    file_size: int
    """In bytes, as announced."""
    description: str | None = None
    format: str | None = None
    """The one that its owner expects; the verdict says which it is."""
    mapping: str | None = None
    """How its fields are read: one line of JSON, auto, or none; None: by the mapping of the one before of its name."""
    replaces: str | None = None
    """The dataset of the same user that is taken out of the lists once this one is ready."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What registering files led to: ids of new datasets, and of uploads now confirmed; why others have no row."""

    inserted: tuple[str, ...]
    confirmed: tuple[str, ...] = ()
    refused: tuple[tuple[NewUpload, Refusal], ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """One row of `datasets`; times are aware and in UTC, sizes in bytes, averages None until validated.

    `failed`: all attempts came to nothing, and it is tried again at `retry_at`. Five are those of `tries.py`.
    """

    id: str
    user_id: str
    name: str
    description: str | None
    format: str | None
    status: Status
    storage_bucket: str
    storage_path: str
    file_name: str
    file_size: int
    total_training_pairs: int | None
    total_validation_pairs: int | None
    total_tokens: int | None
    training_ready: bool
    validated_at: datetime | None
    validation_errors: list[JsonObject] | None
    sample_data: list[JsonObject] | None
    avg_turns_per_conversation: float | None
    avg_tokens_per_turn: float | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    content_version: str | None
    content_sha256: str | None
    line_count: int | None
    rejected_line_count: int | None
    conversation_count: int | None
    token_method: str | None
    run_id: str | None
    observed_version: str | None
    superseded_by: str | None
    requested_at: datetime | None
    attempt: int
    failure: str | None
    request_key: str | None = None
    asked: int = 0
    begun_by: str | None = None
    crashes: int = 0
    retry_at: datetime | None = None
    mapping: str | None = None
    """How its fields are read, where its owner says so."""
    replaces: str | None = None
    """The dataset whose next version this is."""
    answers_to_learn: int | None = None
    planned_run_id: str | None = None
    """The verdict for which its default training jobs are planned."""
    partition_key: str | None = None
    """Its partition in Dagster, for ever: its own id, or a batch that it shares; None until a run is asked for."""

    @property
    def partition(self) -> str:
        """Its partition in Dagster; its own where it has none yet."""
        return self.partition_key or self.id


def no_verdict(dataset: Dataset) -> str:
    """Why there is nothing to show of a dataset yet, and when to ask again."""
    if not dataset.failure:
        return f"{dataset.id} has no verdict yet: it is {dataset.status}; try again in a few seconds"
    when = f"at {time_of_day(dataset.retry_at)}" if dataset.retry_at else "now"
    return f"{dataset.id} has no verdict yet: {dataset.failure}; it is tried again {when}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation found out about one content version of a dataset.

    None means unknown: a file that was refused unread has no hash, a rejected one may have no format.
    `title` and `message` (one sentence) are what its owner is told.
    """

    dataset_id: str
    content_version: str
    status: Literal["ready", "error"]
    format: str | None
    total_training_pairs: int | None
    total_validation_pairs: int | None
    total_tokens: int | None
    token_method: str | None
    avg_turns_per_conversation: float | None
    avg_tokens_per_turn: float | None
    line_count: int | None
    rejected_line_count: int | None
    conversation_count: int | None
    content_sha256: str | None
    validation_errors: list[JsonObject]
    sample_data: list[JsonObject]
    run_id: str
    title: str
    message: str
    mapping: str | None = None
    """With which it was reached."""
    finding_counts: Mapping[str, int] | None = None
    """Findings by code, listed or not."""
    answers_to_learn: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Something a user is told once; `dedupe_key` tells occasions of the same kind apart."""

    id: int
    user_id: str
    dataset_id: str | None
    """None where it is about no dataset."""
    kind: NotificationKind
    dedupe_key: str
    title: str
    message: str
    created_at: datetime
    read_at: datetime | None
    webhook_attempt: int
    webhook_due_at: datetime | None
    webhook_sent_at: datetime | None
    job_id: str | None = None
    """The training job, or the batch of conversations that are made, it is about, if any."""
    batch_id: str | None = None
    """The training job, or the batch of conversations that are made, it is about, if any."""


@dataclass(frozen=True, slots=True)
class IgnoredRow:
    """Something in the store that gets no row of `datasets`; `key` as it can be printed, `reason` a code."""

    key: str
    user_id: str | None
    reason: str
    size_bytes: int | None
    modified_at: datetime | None
    first_seen_at: datetime
    told_at: datetime | None
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class IgnoredPage:
    """One page of what is ignored; `total` counts that of all pages."""

    items: list[IgnoredRow]
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `total` counts the items of all pages."""

    items: list[Dataset]
    total: int
