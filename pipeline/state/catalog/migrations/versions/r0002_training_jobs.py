"""Training plans, jobs, costs, metrics and artifacts; notifications about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KINDS = (
    "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed', 'training_jobs_ready', "
    "'training_jobs_stale')"
)


def upgrade() -> None:
    _allow_new_kinds()
    op.create_table(
        "training_plans",
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("validation_run_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("requested_at", _MOMENT),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("split_fingerprint", sa.Text),
        sa.Column("job_count", sa.Integer),
        sa.Column("message", sa.Text),
        sa.Column("not_possible", _JSON),
        sa.Column("run_id", sa.Text),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("status IN ('requested', 'planned', 'failed')", name=op.f("ck_training_plans_status")),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_training_plans")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_training_plans_dataset_id")),
    )
    _create_jobs()
    _create_costs()
    _create_reports()


def _allow_new_kinds() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_notifications_kind"), "notifications", type_="check")
        op.create_check_constraint(op.f("ck_notifications_kind"), "notifications", _KINDS)
        return
    # SQLite cannot change a CHECK: the rows move to a new table.
    op.rename_table("notifications", "notifications_before")
    op.drop_index("ix_notifications_user_id", "notifications_before")
    op.create_table(
        "notifications",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT),
        sa.CheckConstraint(_KINDS, name=op.f("ck_notifications_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_notifications_dataset_id")),
        sa.UniqueConstraint("dataset_id", "kind", "dedupe_key", name=op.f("uq_notifications_dataset_id")),
    )
    op.execute("INSERT INTO notifications SELECT * FROM notifications_before")
    op.drop_table("notifications_before")
    op.create_index("ix_notifications_user_id", "notifications", ["user_id"])


def _create_jobs() -> None:
    op.create_table(
        "training_jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_reason", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("base_model", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("preset", sa.Text, nullable=False),
        sa.Column("targets", _JSON, nullable=False),
        sa.Column("gpu", sa.Text, nullable=False),
        sa.Column("gpu_count", sa.Integer, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("split_fingerprint", sa.Text, nullable=False),
        sa.Column("validation_run_id", sa.Text, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("files_uri", sa.Text, nullable=False),
        sa.Column("job", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "status IN ('configured', 'stale', 'cancelled', 'running', 'succeeded', 'failed')",
            name=op.f("ck_training_jobs_status"),
        ),
        sa.CheckConstraint("origin IN ('plan', 'person')", name=op.f("ck_training_jobs_origin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_jobs")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_training_jobs_dataset_id")),
    )
    op.create_index("ix_training_jobs_dataset_id", "training_jobs", ["dataset_id"])
    op.create_index("ix_training_jobs_user_id", "training_jobs", ["user_id", sa.text("created_at DESC")])
    is_configured = sa.text("status = 'configured'")
    op.create_index(
        "ix_training_jobs_configured",
        "training_jobs",
        ["dataset_id"],
        sqlite_where=is_configured,
        postgresql_where=is_configured,
    )


def _create_costs() -> None:
    op.create_table(
        "cost_records",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("cost_usd_low", sa.Float),
        sa.Column("cost_usd_high", sa.Float),
        sa.Column("hours", sa.Float),
        sa.Column("hours_low", sa.Float),
        sa.Column("hours_high", sa.Float),
        sa.Column("peak_memory_gb", sa.Float),
        sa.Column("peak_memory_gb_low", sa.Float),
        sa.Column("peak_memory_gb_high", sa.Float),
        sa.Column("fits", sa.Text),
        sa.Column("price_per_gpu_hour", sa.Float),
        sa.Column("price_currency", sa.Text),
        sa.Column("price_kind", sa.Text),
        sa.Column("provider", sa.Text),
        sa.Column("price_as_of", sa.Date),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("basis", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('estimate', 'actual')", name=op.f("ck_cost_records_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_records")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_cost_records_job_id")),
    )
    op.create_index("ix_cost_records_job_id", "cost_records", ["job_id"])


def _create_reports() -> None:
    op.create_table(
        "metrics_points",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics_points")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_metrics_points_job_id")),
        sa.UniqueConstraint("job_id", "name", "step", name=op.f("uq_metrics_points_job_id")),
    )
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_artifacts")),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name=op.f("fk_model_artifacts_job_id")),
        sa.UniqueConstraint("job_id", "storage_path", name=op.f("uq_model_artifacts_job_id")),
    )
