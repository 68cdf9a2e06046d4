"""The values that go in and out of the service: the contract that API, pages and client share.

The envelope around them is in `answers.py`; light to import, so that the client needs nothing of the service.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from pipeline.catalog.records import NotificationKind, Status
from pipeline.service.answers import Value

MAX_NAME_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 4_000


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
    total_training_pairs: int | None
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


class Finding(Value):
    """Something that is wrong with a line, or with the file as a whole."""

    line: int
    offset: int = Field(description="Of the line's first byte.")
    code: str
    severity: str
    path: str
    message: str


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


class DatasetDetails(DatasetSummary):
    """Everything about one dataset."""

    content_version: str | None = Field(description="`sha256:<hex>` or `etag:<etag>` of the uploaded bytes.")
    content_sha256: str | None
    superseded_by: str | None
    validation_errors: list[Finding] = Field(description="The first errors.")
    sample_data: list[Sample] = Field(description="The first conversations.")
    acceptance: list[Acceptance]


class NewUpload(Value):
    """An upload that is announced."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["Support chat, spring"])
    description: str | None = Field(
        None, max_length=MAX_DESCRIPTION_CHARACTERS, examples=["Answered by the night shift"]
    )
    file_name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["support_chat.jsonl"])
    file_size: int = Field(ge=1, description="Bytes, exactly.", examples=[20_480])
    format: str | None = Field(
        None, description="The format you expect, shown until there is a verdict: that says which it is."
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


class StartedUpload(Value):
    """The dataset that begins, and where its bytes go."""

    dataset: DatasetSummary
    upload: UploadPlan


class FindingPage(Value):
    """One page of findings, in the order of lines; `total` counts those of all pages."""

    items: list[Finding]
    total: int
    page: int
    limit: int


class NotificationItem(Value):
    """Something a user is told once."""

    id: int
    dataset_id: str
    kind: NotificationKind
    title: str
    message: str
    created_at: datetime
    read_at: datetime | None


class NotificationList(Value):
    """Notifications, newest first."""

    items: list[NotificationItem]
