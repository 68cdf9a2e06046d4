"""Trainings that run: attempts at jobs, how each went, models; figures and files belong to an attempt.

What was reported before becomes the first attempt of its job, so that nothing of it is lost.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.state.catalog.migrations.changes import add_reference, allow, secure_rows

revision = "0011"
down_revision = "0010"

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OLD_STATUSES = "status IN ('configured', 'stale', 'cancelled', 'running', 'succeeded', 'failed')"
_STATUSES = "status IN ('configured', 'stale', 'cancelled', 'queued', 'running', 'succeeded', 'failed', 'lost')"
_OLD_KINDS = (
    "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed', 'training_jobs_ready', "
    "'training_jobs_stale', 'upload_ignored')"
)
_KINDS = (
    f"{_OLD_KINDS[:-1]}, 'training_queued', 'training_started', 'training_completed', 'training_failed', "
    "'training_cancelled', 'training_lost', 'model_ready', 'budget_reached')"
)
_STATES = "state IN ('queued', 'preparing', 'running', 'completed', 'failed', 'cancelled', 'lost')"
_NEW_TABLES = ("training_attempts", "attempt_transitions", "metric_series", "model_evaluations", "models")
_MOVED_TABLES = ("metrics_points", "model_artifacts")


def upgrade() -> None:
    allow("training_jobs", "status", _OLD_STATUSES, _STATUSES)
    allow("notifications", "kind", _OLD_KINDS, _KINDS)
    _create_attempts()
    _create_what_belongs_to_attempts()
    _create_models()
    add_reference("notifications", "job_id", "training_jobs")
    add_reference("cost_records", "attempt_id", "training_attempts")
    op.add_column("cost_records", sa.Column("billed_nano_usd", sa.BigInteger))
    _make_attempts_of_reports()
    _count_old_costs()
    _move("metrics_points", _create_points, "job_id, user_id, name, step, value, recorded_at")
    _move(
        "model_artifacts",
        _create_artifacts,
        "job_id, user_id, kind, storage_path, size_bytes, content_sha256, created_at",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in (*_NEW_TABLES, *_MOVED_TABLES):
            secure_rows(table)


def _create_attempts() -> None:
    op.create_table(
        "training_attempts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("launcher", sa.Text, nullable=False),
        sa.Column("trainer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("failure_class", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("resumed_from", sa.Text),
        sa.Column("gpu", sa.Text, nullable=False),
        sa.Column("gpu_count", sa.Integer, nullable=False),
        sa.Column("price_per_gpu_hour", sa.Float),
        sa.Column("provider", sa.Text),
        sa.Column("budget_usd", sa.Float),
        sa.Column("over_budget_reason", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("submitted_at", _MOMENT),
        sa.Column("started_at", _MOMENT),
        sa.Column("heartbeat_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("closed_at", _MOMENT),
        sa.Column("cancel_requested_at", _MOMENT),
        sa.Column("journal_offset", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("step", sa.BigInteger),
        sa.Column("total_steps", sa.BigInteger),
        sa.Column("epoch", sa.Float),
        sa.Column("log_tail", sa.Text),
        sa.Column("metered_nano_usd", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint(_STATES, name=op.f("ck_training_attempts_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_attempts")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_training_attempts_job_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_training_attempts_dataset_id")),
        sa.ForeignKeyConstraint(
            ["resumed_from"], ["training_attempts.id"], name=op.f("fk_training_attempts_resumed_from")
        ),
        sa.UniqueConstraint("job_id", "number", name=op.f("uq_training_attempts_job_id")),
    )
    is_live = sa.text("state IN ('queued', 'preparing', 'running')")
    op.create_index(
        "uq_training_attempts_live",
        "training_attempts",
        ["job_id"],
        unique=True,
        sqlite_where=is_live,
        postgresql_where=is_live,
    )
    op.create_index("ix_training_attempts_user_id", "training_attempts", ["user_id", sa.text("created_at DESC")])
    op.create_index("ix_training_attempts_state", "training_attempts", ["state", "closed_at"])


def _of_attempt(table: str) -> list[sa.Column[str] | sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_attempt_id")
    return [
        sa.Column("attempt_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["training_attempts.id"], name=name),
    ]


def _create_what_belongs_to_attempts() -> None:
    op.create_table(
        "attempt_transitions",
        sa.Column("id", _COUNTER, nullable=False),
        *_of_attempt("attempt_transitions"),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_transitions")),
    )
    op.create_index("ix_attempt_transitions_attempt_id", "attempt_transitions", ["attempt_id"])
    op.create_table(
        "metric_series",
        *_of_attempt("metric_series"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("last_value", sa.Float, nullable=False),
        sa.Column("least_step", sa.BigInteger, nullable=False),
        sa.Column("least_value", sa.Float, nullable=False),
        sa.Column("steps_a_bucket", sa.BigInteger, nullable=False),
        sa.Column("buckets", _JSON, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "name", name=op.f("pk_metric_series")),
    )
    op.create_table(
        "model_evaluations",
        *_of_attempt("model_evaluations"),
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("moment IN ('before', 'after')", name=op.f("ck_model_evaluations_moment")),
        sa.PrimaryKeyConstraint("attempt_id", "moment", "name", name=op.f("pk_model_evaluations")),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        *_of_attempt("models"),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("base_model", sa.Text, nullable=False),
        sa.Column("files_uri", sa.Text, nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("manifest_sha256", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("deleted_at", _MOMENT),
        sa.CheckConstraint("kind IN ('adapter', 'model')", name=op.f("ck_models_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_models_job_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_models_dataset_id")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_models_attempt_id")),
    )
    op.create_index("ix_models_user_id", "models", ["user_id", sa.text("created_at DESC")])
    op.create_index("ix_models_job_id", "models", ["job_id"])


def _make_attempts_of_reports() -> None:
    """One for each job that somebody reported of, closed: there is nothing more to be done about it."""
    op.execute(
        """
        INSERT INTO training_attempts (id, job_id, user_id, dataset_id, number, launcher, trainer, state, state_reason,
            gpu, gpu_count, created_at, started_at, ended_at, closed_at)
        SELECT id || '.1', id, user_id, dataset_id, 1, 'reported', '',
            CASE status WHEN 'succeeded' THEN 'completed' WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'cancelled'
                ELSE 'running' END,
            status_reason, gpu, gpu_count, created_at, updated_at,
            CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN updated_at END,
            CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN updated_at END
        FROM training_jobs
        WHERE status IN ('running', 'succeeded', 'failed')
            OR EXISTS (SELECT 1 FROM metrics_points WHERE metrics_points.job_id = training_jobs.id)
            OR EXISTS (SELECT 1 FROM model_artifacts WHERE model_artifacts.job_id = training_jobs.id)
        """
    )


def _count_old_costs() -> None:
    """What was paid before counts, for the attempt that its job has now."""
    op.execute(
        "UPDATE cost_records SET billed_nano_usd = CAST(ROUND(cost_usd * 1000000000) AS BIGINT), attempt_id = "
        "(SELECT id FROM training_attempts WHERE training_attempts.job_id = cost_records.job_id) "
        "WHERE kind = 'actual' AND cost_usd IS NOT NULL"
    )


def _create_points() -> None:
    op.create_table(
        "metrics_points",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        *_of_attempt("metrics_points"),
        sa.Column("epoch", sa.Float),
        sa.Column("measured_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics_points")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_metrics_points_job_id")),
        sa.UniqueConstraint("attempt_id", "name", "step", name=op.f("uq_metrics_points_attempt_id")),
    )


def _create_artifacts() -> None:
    op.create_table(
        "model_artifacts",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("storage_path", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("content_sha256", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        *_of_attempt("model_artifacts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_artifacts")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_model_artifacts_job_id")),
        sa.UniqueConstraint("attempt_id", "storage_path", name=op.f("uq_model_artifacts_attempt_id")),
    )
    op.create_index("ix_model_artifacts_job_id", "model_artifacts", ["job_id"])


def _move(table: str, create: Callable[[], None], columns: str) -> None:
    """The rows into a new table, each with its job's first attempt."""
    before = f"{table}_before"
    op.execute(f"CREATE TABLE {before} AS SELECT * FROM {table}")  # noqa: S608  # our words, here and below
    op.drop_table(table)
    create()
    moved = f"SELECT {columns}, job_id || '.1' FROM {before} ORDER BY id"  # noqa: S608
    op.execute(f"INSERT INTO {table} ({columns}, attempt_id) {moved}")
    op.drop_table(before)
