"""Datasets as users see them: lists, details, deletion. Values in, values out; no HTTP."""

import json
from typing import Any

from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.values import (
    MAX_MAPPING_CHARACTERS,
    Acceptance,
    DatasetDetails,
    DatasetPage,
    DatasetSummary,
    Sample,
)
from pipeline.dataset.findings.row_places import place_of
from pipeline.dataset.formats.mapping import checked_mapping
from pipeline.flow.kept_deletions import keep_deletions
from pipeline.flow.kept_mappings import keep_mappings
from pipeline.service.job_values import job_summaries
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.statuses import Status

MAX_LIMIT = 100
MAX_SEARCH_CHARACTERS = 200


def list_datasets(
    service: Service, user: User, *, status: Status | None, search: str | None, page: int, limit: int
) -> DatasetPage:
    """One page of the datasets that a user may see."""
    found = service.access(user).datasets(status=status, search=search, page=page, limit=limit)
    return DatasetPage(items=[summary(each) for each in found.items], total=found.total, page=page, limit=limit)


def show_dataset(service: Service, user: User, dataset_id: str) -> DatasetDetails:
    """Everything about a dataset.

    Raises:
        DatasetNotFound: there is none that the user may see.
    """
    return details(service, user, service.access(user).dataset(dataset_id))


def delete_dataset(service: Service, user: User, dataset_id: str) -> DatasetSummary:
    """Take a dataset out of the lists; its files stay.

    Raises:
        DatasetNotFound: there is none of this user.
    """
    deleted = service.access(user).delete(dataset_id, service.now())
    keep_deletions(service.store, service.catalog, deleted)
    return summary(deleted)


def restore_dataset(service: Service, user: User, dataset_id: str) -> DatasetSummary:
    """Bring a dataset back into the lists.

    Raises:
        DatasetNotFound: there is none of this user.
        OverQuota: they have no room for it any more.
    """
    restored = service.access(user).restore(dataset_id, service.now(), service.settings.quota_bytes)
    keep_deletions(service.store, service.catalog, restored)
    return summary(restored)


def retry_dataset(service: Service, user: User, dataset_id: str) -> DatasetSummary:
    """Have a dataset validated again at once.

    Raises:
        DatasetNotFound: there is none of this user.
        Conflicting: nothing would validate it, or a run was asked for already.
    """
    return summary(service.access(user).retry(dataset_id, service.now()))


def set_mapping(service: Service, user: User, dataset_id: str, said: str | None) -> DatasetDetails:
    """Say how a dataset's fields are read; it is validated again where that is another way than before.

    Raises:
        DatasetNotFound: there is none of this user.
        Conflicting: it is deleted, or other bytes took its place.
        UsageError: it describes no format.
    """
    mapping = checked_mapping(said, MAX_MAPPING_CHARACTERS)
    dataset = service.access(user).set_mapping(dataset_id, mapping, service.now())
    keep_mappings(service.store, service.catalog, dataset.storage_path)
    return details(service, user, dataset)


def summary(dataset: Dataset) -> DatasetSummary:
    """A dataset as lists show it."""
    return DatasetSummary.model_construct(**_fields(dataset))


def details(service: Service, user: User, dataset: Dataset) -> DatasetDetails:
    """A dataset with all that is known of it."""
    access = service.access(user)
    jobs = access.jobs(dataset_id=dataset.id, limit=MAX_LIMIT).items
    job_ids = [job.id for job in jobs]
    return DatasetDetails(
        **_fields(dataset),
        mapping=dataset.mapping,
        content_version=dataset.content_version,
        content_sha256=dataset.content_sha256,
        superseded_by=dataset.superseded_by,
        replaces=dataset.replaces,
        validation_errors=[FindingRecord.of(each) for each in dataset.validation_errors or []],
        sample_data=[Sample.model_validate(each) for each in dataset.sample_data or []],
        acceptance=_acceptance(service, dataset),
        no_jobs=access.why_no_jobs(dataset) or None,
        jobs=job_summaries(jobs, access.costs_of(job_ids), access.newest_attempts(job_ids)),
    )


def has_verdict(dataset: Dataset) -> bool:
    """Whether there are findings and a card to show."""
    return dataset.status in ("ready", "error") and dataset.validated_at is not None


def _fields(dataset: Dataset) -> dict[str, Any]:
    first = FindingRecord.first_of(dataset.validation_errors)
    shown = {name: getattr(dataset, name) for name in DatasetSummary.model_fields if name != "first_error"}
    return {**shown, "first_error": _in_words(first)}


def _in_words(finding: FindingRecord | None) -> str | None:
    return None if finding is None else f"{place_of(finding)}: {finding.code}: {finding.message}"


def _acceptance(service: Service, dataset: Dataset) -> list[Acceptance]:
    if not has_verdict(dataset):
        return []
    from pipeline.state.lake.parquet_files import ANEW, parquet_file  # 40 MB that a service without verdicts needs not

    with service.lake.fetch("target_acceptance", dataset.id) as path, parquet_file(path, ANEW) as file:
        rows = file.read().to_pylist()
    return [Acceptance.model_validate({**row, "reasons": json.loads(row["reasons"])}) for row in rows]
