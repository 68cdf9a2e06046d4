"""Datasets as users see them: lists, details, deletion. Values in, values out; no HTTP."""

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from pipeline.catalog.records import Dataset, Status
from pipeline.service.answers import Value
from pipeline.service.service import Service
from pipeline.service.user import User

MAX_LIMIT = 100
MAX_SEARCH_CHARACTERS = 200


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


def list_datasets(
    service: Service, user: User, *, status: Status | None, search: str | None, page: int, limit: int
) -> DatasetPage:
    """One page of the datasets that a user may see."""
    found = service.access(user).datasets(status=status, search=search, page=page, limit=limit)
    return DatasetPage(items=[summary(each) for each in found.items], total=found.total, page=page, limit=limit)


def count_datasets(service: Service, user: User) -> dict[Status, int]:
    """How many datasets have each status."""
    return service.access(user).counts_by_status()


def show_dataset(service: Service, user: User, dataset_id: str) -> DatasetDetails:
    """Everything about a dataset.

    Raises:
        DatasetNotFound: there is none that the user may see.
    """
    return details(service, service.access(user).dataset(dataset_id))


def delete_dataset(service: Service, user: User, dataset_id: str) -> DatasetSummary:
    """Take a dataset out of the lists; its files stay.

    Raises:
        DatasetNotFound: there is none of this user.
    """
    return summary(service.access(user).delete(dataset_id, service.now()))


def restore_dataset(service: Service, user: User, dataset_id: str) -> DatasetSummary:
    """Bring a dataset back into the lists.

    Raises:
        DatasetNotFound: there is none of this user.
    """
    return summary(service.access(user).restore(dataset_id, service.now()))


def summary(dataset: Dataset) -> DatasetSummary:
    """A dataset as lists show it."""
    return DatasetSummary.model_construct(**_fields(dataset))


def details(service: Service, dataset: Dataset) -> DatasetDetails:
    """A dataset with all that is known of it."""
    return DatasetDetails(
        **_fields(dataset),
        content_version=dataset.content_version,
        content_sha256=dataset.content_sha256,
        superseded_by=dataset.superseded_by,
        validation_errors=[Finding.model_validate(each) for each in dataset.validation_errors or []],
        sample_data=[Sample.model_validate(each) for each in dataset.sample_data or []],
        acceptance=_acceptance(service, dataset),
    )


def has_verdict(dataset: Dataset) -> bool:
    """Whether there are findings and a card to show."""
    return dataset.status in ("ready", "error") and dataset.validated_at is not None


def _fields(dataset: Dataset) -> dict[str, Any]:
    first = next(iter(dataset.validation_errors or []), None)
    shown = {name: getattr(dataset, name) for name in DatasetSummary.model_fields if name != "first_error"}
    return {**shown, "first_error": _in_words(first)}


def _in_words(finding: dict[str, object] | None) -> str | None:
    return None if finding is None else f"line {finding['line']}: {finding['code']}: {finding['message']}"


def _acceptance(service: Service, dataset: Dataset) -> list[Acceptance]:
    if not has_verdict(dataset):
        return []
    import pyarrow.parquet as pq  # 40 MB that a service without verdicts does not need

    with service.lake.fetch("target_acceptance", dataset.id) as path:
        rows = pq.read_table(path).to_pylist()
    return [Acceptance.model_validate({**row, "reasons": json.loads(row["reasons"])}) for row in rows]
