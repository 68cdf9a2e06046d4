"""What somebody tells of a training by hand: its status, figures at steps, the files that it left behind.

It goes the way of every training: through an attempt, which is opened for it where a job has none.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from pipeline.errors import Conflicting, UsageError
from pipeline.state.catalog.attempt_records import Attempt, NewAttempt
from pipeline.state.catalog.attempts import live_attempt, move_attempt, newest_attempt, open_attempt
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.job_records import Artifact, Job, MetricsPoint
from pipeline.state.catalog.job_tables import metrics_points, model_artifacts
from pipeline.state.catalog.journals import add_artifacts, add_points
from pipeline.state.catalog.statuses import ENDED_STATES, LIVE_STATES, AttemptState, ReportedStatus
from pipeline.state.catalog.training_jobs import read_job, touch

_STATE_OF: dict[ReportedStatus, AttemptState] = {"running": "running", "succeeded": "completed", "failed": "failed"}


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
            Conflicting: its training has ended, and otherwise than is told now.
        """
        with self._writing() as connection:
            job = read_job(connection, job_id, user_id, for_update=True)
            if job.status == "cancelled":
                raise UsageError(f"expected a job that is not cancelled, found {job_id}: create it again first")
            attempt = _reported_attempt(connection, job, user_id, now)
            add_points(connection, attempt, metrics, now)
            add_artifacts(connection, attempt, artifacts, now)
            if status is not None and _STATE_OF[status] != attempt.state:
                _move(connection, attempt, status, user_id, reason, now)
            touch(connection, job_id, now)
            return read_job(connection, job_id)

    def metrics_of(self, job_id: str) -> list[MetricsPoint]:
        """What the trainer reported in the newest attempt, by name and step."""
        columns = metrics_points.c
        chosen = (columns.name, columns.step, columns.value, columns.epoch, columns.measured_at)
        with self._reading() as connection:
            newest = newest_attempt(connection, job_id)
            query = select(*chosen).where(columns.attempt_id == (newest.id if newest else ""))
            return [MetricsPoint(*row) for row in connection.execute(query.order_by(columns.name, columns.step))]

    def artifacts_of(self, job_id: str) -> list[Artifact]:
        """What the trainings of a job left behind, in the order in which it was reported."""
        columns = model_artifacts.c
        chosen = (columns.kind, columns.storage_path, columns.size_bytes, columns.content_sha256)
        query = select(*chosen).where(columns.job_id == job_id).order_by(columns.id)
        with self._reading() as connection:
            return [Artifact(*row) for row in connection.execute(query)]


def _reported_attempt(connection: Connection, job: Job, user_id: str, now: datetime) -> Attempt:
    found = live_attempt(connection, job.id) or newest_attempt(connection, job.id)
    if found is not None and not (found.state in ENDED_STATES and job.status == "configured"):
        return found  # a job that was created again is trained anew
    new = NewAttempt(job_id=job.id, launcher="reported", trainer=job.targets[0], actor=user_id)
    return open_attempt(connection, new, user_id, now)


def _move(
    connection: Connection, attempt: Attempt, status: ReportedStatus, actor: str, reason: str | None, now: datetime
) -> None:
    if attempt.launcher != "reported" and attempt.state in (*LIVE_STATES, "lost"):
        raise Conflicting(
            f"expected a training that nobody else watches, found {attempt.id}, which tells of itself: cancel it "
            "first (lora-pipeline jobs cancel)"
        )
    if not move_attempt(connection, attempt.id, _STATE_OF[status], actor, now, reason):
        raise Conflicting(
            f"expected a training that has not ended, found attempt {attempt.id} {attempt.state}: start another "
            "first (lora-pipeline jobs start)"
        )
