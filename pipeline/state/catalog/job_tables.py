"""The tables of training jobs: plans, jobs, costs, and what trainers report. Those of datasets are in `tables.py`.

A job's row and its costs stay for ever: a job that is out of date is `stale`, an estimate is never overwritten.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    literal_column,
)

from pipeline.state.catalog.tables import StorableJson, StorableText, UtcDateTime, metadata

# Which ready datasets the default plan was asked and made for; `validation_run_id` is that of the verdict it is for.
training_plans = Table(
    "training_plans",
    metadata,
    Column("dataset_id", StorableText, ForeignKey("datasets.id"), primary_key=True),
    Column("validation_run_id", StorableText, nullable=False),
    Column("status", StorableText, nullable=False),
    Column("requested_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, default=0),
    Column("split_fingerprint", StorableText),
    Column("job_count", Integer),
    Column("message", StorableText),
    Column("not_possible", StorableJson),
    Column("run_id", StorableText),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("request_key", StorableText),
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("begun_by", StorableText),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),
    CheckConstraint("status IN ('requested', 'planned', 'failed')", name="status"),
)
IS_OPEN_PLAN = training_plans.c.status.in_([literal_column("'requested'"), literal_column("'failed'")])
Index(
    "ix_training_plans_open",
    training_plans.c.requested_at,
    sqlite_where=IS_OPEN_PLAN,
    postgresql_where=IS_OPEN_PLAN,
)

training_jobs = Table(
    "training_jobs",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("dataset_id", StorableText, ForeignKey("datasets.id"), nullable=False),
    Column("name", StorableText, nullable=False),
    Column("status", StorableText, nullable=False),
    Column("status_reason", StorableText),
    Column("origin", StorableText, nullable=False),
    Column("base_model", StorableText, nullable=False),
    Column("method", StorableText, nullable=False),
    Column("preset", StorableText, nullable=False),
    Column("targets", StorableJson, nullable=False),
    Column("gpu", StorableText, nullable=False),
    Column("gpu_count", Integer, nullable=False),
    Column("content_sha256", StorableText, nullable=False),
    Column("split_fingerprint", StorableText, nullable=False),
    Column("validation_run_id", StorableText, nullable=False),
    Column("code_version", StorableText, nullable=False),
    Column("run_id", StorableText),
    Column("files_uri", StorableText, nullable=False),
    Column("job", StorableJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "status IN ('configured', 'stale', 'cancelled', 'queued', 'running', 'succeeded', 'failed', 'lost')",
        name="status",
    ),
    CheckConstraint("origin IN ('plan', 'person')", name="origin"),
)
Index("ix_training_jobs_dataset_id", training_jobs.c.dataset_id)
Index("ix_training_jobs_user_id", training_jobs.c.user_id, training_jobs.c.created_at.desc())
# Sensors ask every few seconds what changed last, and which configured jobs are new.
Index("ix_training_jobs_updated_at", training_jobs.c.updated_at)
Index("ix_training_plans_updated_at", training_plans.c.updated_at)
IS_CONFIGURED = training_jobs.c.status == literal_column("'configured'")

cost_records = Table(
    "cost_records",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("job_id", StorableText, ForeignKey("training_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("kind", StorableText, nullable=False),
    Column("cost_usd", Float),
    Column("cost_usd_low", Float),
    Column("cost_usd_high", Float),
    Column("hours", Float),
    Column("hours_low", Float),
    Column("hours_high", Float),
    Column("peak_memory_gb", Float),
    Column("peak_memory_gb_low", Float),
    Column("peak_memory_gb_high", Float),
    Column("fits", StorableText),
    Column("price_per_gpu_hour", Float),
    Column("price_currency", StorableText),
    Column("price_kind", StorableText),
    Column("provider", StorableText),
    Column("price_as_of", Date),
    Column("source", StorableText, nullable=False),
    Column("basis", StorableJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id")),
    Column("billed_nano_usd", BigInteger),
    CheckConstraint("kind IN ('estimate', 'actual')", name="kind"),
)
Index("ix_cost_records_job_id", cost_records.c.job_id)

metrics_points = Table(
    "metrics_points",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job_id", StorableText, ForeignKey("training_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), nullable=False),
    Column("epoch", Float),
    Column("measured_at", UtcDateTime),
    UniqueConstraint("attempt_id", "name", "step", name="uq_metrics_points_attempt_id"),
)

model_artifacts = Table(
    "model_artifacts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job_id", StorableText, ForeignKey("training_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("kind", StorableText, nullable=False),
    Column("storage_path", StorableText, nullable=False),
    Column("size_bytes", BigInteger),
    Column("content_sha256", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), nullable=False),
    UniqueConstraint("attempt_id", "storage_path", name="uq_model_artifacts_attempt_id"),
)
Index("ix_model_artifacts_job_id", model_artifacts.c.job_id)
