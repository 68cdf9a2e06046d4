"""The catalog as one user may see it: the place where the service scopes what it asks to a user.

Whoever reads or changes a user's rows does it through an `Access`; those of conversations that are made, through a
`MadeAccess` (`made_access.py`). On PostgreSQL the transactions are narrowed to the user as well, so a condition
forgotten here would still show nothing (`catalog/row_security.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from pipeline.errors import JobNotFound
from pipeline.service.user import User
from pipeline.state.catalog.attempt_records import Attempt, Evaluation, Model, ModelPage, Series, Transition
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import Spending
from pipeline.state.catalog.dataset_records import AnnouncedUpload, Dataset, IgnoredPage, Notification, Page
from pipeline.state.catalog.job_records import Artifact, CostRecord, Job, JobPage, JobSort, MetricsPoint
from pipeline.state.catalog.statuses import JobStatus, Status


class Access:
    """What a user may do: read what is theirs (an admin: everybody's), and change what is theirs."""

    def __init__(self, catalog: Catalog, user: User) -> None:
        self.user = user
        self._own = catalog.as_user(user.id)
        self._readable = catalog if user.is_admin else self._own
        self._reader_id = None if user.is_admin else user.id

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset that the user may read.

        Raises:
            DatasetNotFound: there is none; another user's is as good as none.
        """
        return self._readable.get(dataset_id, self._reader_id)

    def own_dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset that the user may change.

        Raises:
            DatasetNotFound: there is none of this user.
        """
        return self._own.get(dataset_id, self.user.id)

    def versions_beside(self, dataset: Dataset) -> tuple[list[Dataset], list[Dataset]]:
        """Return the versions right before and right after a dataset that the user may read."""
        return self._readable.versions_beside(dataset)

    def datasets(
        self,
        *,
        status: Status | None = None,
        search: str | None = None,
        page: int = 1,
        limit: int = 20,
        include_deleted: bool = False,
    ) -> Page:
        """Return one page, newest first."""
        return self._readable.list_datasets(
            self._reader_id, status, search, page, limit, include_deleted=include_deleted, with_samples=False
        )

    def ignored(self, *, page: int = 1, limit: int = 20) -> IgnoredPage:
        """Return what lies in the user's folder and becomes no dataset."""
        return self._readable.list_ignored(self._reader_id, page, limit)

    def counts_by_status(self) -> dict[Status, int]:
        """Count the datasets of each status."""
        return self._readable.counts_by_status(self._reader_id)

    def create_upload(self, upload: AnnouncedUpload, now: datetime, quota_bytes: int) -> Dataset:
        """Make the row of an upload of the user.

        Raises:
            OverQuota: they have no room for it.
        """
        return self._own.create_upload(upload, self.user.id, now, quota_bytes)

    def set_mapping(self, dataset_id: str, mapping: str | None, now: datetime) -> Dataset:
        """Say how the fields of the user's dataset are read.

        Raises:
            DatasetNotFound: there is none of this user.
            Conflicting: it is deleted, or other bytes took its place.
        """
        return self._own.set_mapping(dataset_id, self.user.id, mapping, now)

    def retry(self, dataset_id: str, now: datetime) -> Dataset:
        """Have the user's dataset validated again.

        Raises:
            DatasetNotFound: there is none of this user.
            Conflicting: nothing would validate it, or a run was asked for already.
        """
        return self._own.retry(dataset_id, self.user.id, now)

    def used_bytes(self) -> int:
        """Count the bytes of the user's own datasets."""
        return self._own.used_bytes(self.user.id)

    def confirm_upload(
        self, dataset_id: str, content_version: str, observed_version: str, now: datetime, file_size: int
    ) -> Dataset:
        """Note that the bytes are there."""
        return self._own.confirm_upload(
            dataset_id, self.user.id, content_version, observed_version, now, file_size=file_size
        )

    def delete(self, dataset_id: str, now: datetime) -> Dataset:
        """Take a dataset out of the lists.

        Raises:
            DatasetNotFound: there is none of this user.
        """
        return self._own.soft_delete(dataset_id, self.user.id, now)

    def restore(self, dataset_id: str, now: datetime, quota_bytes: int) -> Dataset:
        """Bring a dataset back.

        Raises:
            DatasetNotFound: there is none of this user.
            OverQuota: they have no room for it any more.
        """
        return self._own.restore(dataset_id, self.user.id, now, quota_bytes)

    def notifications(self, *, unread_only: bool, limit: int) -> list[Notification]:
        """Return what the user was told, newest first."""
        return self._own.notifications(self.user.id, unread_only, limit)

    def unread_count(self) -> int:
        """Count what the user was told and has not read."""
        return self._own.unread_count(self.user.id)

    def mark_all_read(self, now: datetime) -> int:
        """Note that the user read everything; return how much of it was unread."""
        return self._own.mark_all_read(self.user.id, now)

    def mark_read(self, notification_id: int, now: datetime) -> Notification:
        """Note that the user read a notification.

        Raises:
            NotificationNotFound: there is none of this user.
        """
        return self._own.mark_read(notification_id, self.user.id, now)

    @property
    def own_catalog(self) -> Catalog:
        """The catalog for what writes more than one row: with the user's rows only."""
        return self._own

    def jobs(
        self,
        *,
        dataset_id: str | None = None,
        status: JobStatus | None = None,
        search: str | None = None,
        sort: JobSort = "created",
        page: int = 1,
        limit: int = 20,
    ) -> JobPage:
        """Return one page of training jobs."""
        return self._readable.list_jobs(self._reader_id, dataset_id, status, page, limit, search, sort)

    def why_no_jobs(self, dataset: Dataset) -> str:
        """Why planning by itself gave none for the newest verdict on a dataset that the user may read."""
        return self._readable.why_no_jobs(dataset)

    def job_counts(self, dataset_id: str | None = None) -> dict[JobStatus, int]:
        """Count the training jobs of each status."""
        return self._readable.job_counts(self._reader_id, dataset_id)

    def job(self, job_id: str) -> Job:
        """Return a training job that the user may read.

        Raises:
            JobNotFound: there is none; another user's is as good as none.
        """
        return self._readable.get_job(job_id, self._reader_id)

    def cancel_job(self, job_id: str, now: datetime, reason: str | None = None) -> Job:
        """Give a job of the user up, or ask for the end of its training.

        Raises:
            JobNotFound: there is none of this user.
            Conflicting: its training has ended.
        """
        return self._own.cancel_job(job_id, self.user.id, now, reason)

    def costs_of(self, job_ids: Sequence[str]) -> dict[str, list[CostRecord]]:
        """Return the cost records of jobs that the user may read."""
        return self._readable.costs_of(job_ids)

    def attempts(self, job_id: str) -> list[Attempt]:
        """Return the attempts at a job, oldest first.

        Raises:
            JobNotFound: there is no such job that the user may read.
        """
        return self._readable.attempts_of([self.job(job_id).id])[job_id]

    def newest_attempts(self, job_ids: Sequence[str]) -> dict[str, Attempt]:
        """Return the newest attempt at each of the jobs, which the user may read, that has one."""
        found = self._readable.attempts_of(job_ids)
        return {job_id: attempts[-1] for job_id, attempts in found.items() if attempts}

    def attempt(self, job_id: str, attempt_id: str | None) -> Attempt | None:
        """Return an attempt at a job; of no id the newest, None where there is none.

        Raises:
            JobNotFound: there is no such job that the user may read, or it has no such attempt.
        """
        attempts = self.attempts(job_id)
        if attempt_id is None:
            return attempts[-1] if attempts else None
        found = next((each for each in attempts if each.id == attempt_id), None)
        if found is None:
            raise JobNotFound(f"expected the id of an attempt at {job_id}, found {attempt_id!r}: list them first")
        return found

    def attempts_of(self, job_ids: Sequence[str]) -> dict[str, list[Attempt]]:
        """Return the attempts at jobs that the user may read, oldest first."""
        return self._readable.attempts_of(job_ids)

    def transitions_of(self, attempt_id: str) -> list[Transition]:
        """Return what changed the state of an attempt that the user may read, oldest first."""
        return self._readable.transitions_of(attempt_id)

    def series_of(self, attempt_ids: Sequence[str], names: Sequence[str] | None = None) -> dict[str, list[Series]]:
        """Return the figures of attempts that the user may read, in short."""
        return self._readable.series_of(attempt_ids, names)

    def points_of(self, attempt: Attempt, name: str | None, after: int) -> list[tuple[int, MetricsPoint]]:
        """Return some figures of an attempt that the user may read, with the place of each, behind a place."""
        return self._readable.points_of(attempt.id, name, after)

    def artifacts_of(self, job_id: str) -> list[Artifact]:
        """Return what the trainings of a job, which the user may read, are reported to have left."""
        return self._readable.artifacts_of(job_id)

    def models(self, *, job_id: str | None = None, page: int = 1, limit: int = 20) -> ModelPage:
        """Return one page of models, newest first."""
        return self._readable.list_models(self._reader_id, job_id, page, limit)

    def model(self, model_id: str) -> Model:
        """Return a model that the user may read.

        Raises:
            ModelNotFound: there is none; another user's is as good as none.
        """
        return self._readable.get_model(model_id, self._reader_id)

    def describe_model(self, model_id: str, name: str | None, description: str | None) -> Model:
        """Give a model of the user another name or description; what is None stays.

        Raises:
            ModelNotFound: there is none of this user.
        """
        return self._own.describe_model(model_id, self.user.id, name, description)

    def delete_model(self, model_id: str, now: datetime) -> None:
        """Take a model of the user out of the lists.

        Raises:
            ModelNotFound: there is none of this user.
        """
        self._own.delete_model(model_id, self.user.id, now)

    def evaluations_of(self, attempt_ids: Sequence[str]) -> dict[str, list[Evaluation]]:
        """Return how good the models of attempts are, which the user may read."""
        return self._readable.evaluations_of(attempt_ids)

    def spending(self, since: datetime | None = None, until: datetime | None = None) -> list[Spending]:
        """Return what trainings did cost that the user may read, newest first."""
        return self._readable.spending(self._reader_id, since, until)

    def committed_nano_usd(self, since: datetime) -> int:
        """Return what the user's own trainings did cost since then, and those under way may cost."""
        return self._own.committed_nano_usd(self.user.id, since)
