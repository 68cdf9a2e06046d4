"""What trainers tell of a job: its status, figures at steps, the files that it left behind."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, Table, select

from pipeline.errors import UsageError
from pipeline.state.catalog.engine import Database
from pipeline.state.catalog.job_records import Artifact, Job, MetricsPoint
from pipeline.state.catalog.job_tables import metrics_points, model_artifacts
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.statuses import ReportedStatus
from pipeline.state.catalog.training_jobs import read_job, set_status


class Reports(Database):
    """The methods that whoever watches a training uses."""

    def report_job(
        self,
        job_id: str,
        user_id: str,
        now: datetime,
        status: ReportedStatus | None = None,
        reason: str | None = None,
        metrics: Sequence[MetricsPoint] = (),
        artifacts: Sequence[Artifact] = (),
    ) -> Job:
        """Note what a trainer tells: its status, figures at steps, files it left. Telling it again changes nothing.

        Raises:
            JobNotFound: there is no such job of this user.
            UsageError: the job was cancelled.
        """
        with self._writing() as connection:
            job = read_job(connection, job_id, user_id, for_update=True)
            if job.status == "cancelled":
                raise UsageError(f"expected a job that is not cancelled, found {job_id}: create it again first")
            common: dict[str, object] = {"job_id": job_id, "user_id": job.user_id}
            points = [common | asdict(point) | {"recorded_at": now} for point in metrics]
            _insert_once(connection, metrics_points, points, ["job_id", "name", "step"])
            files = [common | asdict(artifact) | {"created_at": now} for artifact in artifacts]
            _insert_once(connection, model_artifacts, files, ["job_id", "storage_path"])
            set_status(connection, job_id, status or job.status, reason if status else job.status_reason, now)
            return read_job(connection, job_id)

    def metrics_of(self, job_id: str) -> list[MetricsPoint]:
        """What the trainer reported, by name and step."""
        columns = metrics_points.c
        chosen = (columns.name, columns.step, columns.value)
        query = select(*chosen).where(columns.job_id == job_id).order_by(columns.name, columns.step)
        with self._reading() as connection:
            return [MetricsPoint(*row) for row in connection.execute(query)]

    def artifacts_of(self, job_id: str) -> list[Artifact]:
        """What the training left behind, in the order in which it was reported."""
        columns = model_artifacts.c
        chosen = (columns.kind, columns.storage_path, columns.size_bytes, columns.content_sha256)
        query = select(*chosen).where(columns.job_id == job_id).order_by(columns.id)
        with self._reading() as connection:
            return [Artifact(*row) for row in connection.execute(query)]


def _insert_once(connection: Connection, table: Table, rows: Sequence[dict[str, object]], unique: list[str]) -> None:
    if rows:
        once = insert_or(connection, table).on_conflict_do_nothing(index_elements=unique)
        connection.execute(once, list(rows))
