"""The tables of trainings that run: attempts at a job, how each went, its figures in short, and the models kept.

A job is a plan; an attempt is one training of it. Rows stay for ever: another try is another attempt, and what changed
an attempt is a row of `attempt_transitions`.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from pipeline.state.catalog.statuses import ENDED_STATES, LIVE_STATES
from pipeline.state.catalog.tables import StorableJson, StorableText, UtcDateTime, metadata

training_attempts = Table(
    "training_attempts",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("job_id", StorableText, ForeignKey("training_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("dataset_id", StorableText, ForeignKey("datasets.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("launcher", StorableText, nullable=False),
    Column("trainer", StorableText, nullable=False),
    Column("state", StorableText, nullable=False),
    Column("state_reason", StorableText),
    Column("failure_class", StorableText),
    Column("external_id", StorableText),
    Column("resumed_from", StorableText, ForeignKey("training_attempts.id")),
    Column("gpu", StorableText, nullable=False),
    Column("gpu_count", Integer, nullable=False),
    Column("price_per_gpu_hour", Float),
    Column("provider", StorableText),
    Column("budget_usd", Float),
    Column("over_budget_reason", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("cancel_requested_at", UtcDateTime),
    Column("journal_offset", BigInteger, nullable=False, server_default="0"),
    Column("step", BigInteger),
    Column("total_steps", BigInteger),
    Column("epoch", Float),
    Column("log_tail", StorableText),
    Column("metered_nano_usd", BigInteger, nullable=False, server_default="0"),
    CheckConstraint(
        "state IN ('queued', 'preparing', 'running', 'completed', 'failed', 'cancelled', 'lost')", name="state"
    ),
    UniqueConstraint("job_id", "number", name="uq_training_attempts_job_id"),
)
IS_LIVE = training_attempts.c.state.in_(LIVE_STATES)
IS_UNCLOSED = training_attempts.c.state.in_(ENDED_STATES) & training_attempts.c.closed_at.is_(None)
# Whatever dies when, and however many ask: a job is never trained twice at a time.
Index(
    "uq_training_attempts_live",
    training_attempts.c.job_id,
    unique=True,
    sqlite_where=IS_LIVE,
    postgresql_where=IS_LIVE,
)
Index("ix_training_attempts_user_id", training_attempts.c.user_id, training_attempts.c.created_at.desc())
Index("ix_training_attempts_state", training_attempts.c.state, training_attempts.c.closed_at)

attempt_transitions = Table(
    "attempt_transitions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("from_state", StorableText),
    Column("to_state", StorableText, nullable=False),
    Column("actor", StorableText, nullable=False),
    Column("reason", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_attempt_transitions_attempt_id", attempt_transitions.c.attempt_id)

# A series as a page draws it, whatever it has of points: `buckets` is bounded.
metric_series = Table(
    "metric_series",
    metadata,
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), primary_key=True),
    Column("name", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("last_value", Float, nullable=False),
    Column("least_step", BigInteger, nullable=False),
    Column("least_value", Float, nullable=False),
    Column("steps_a_bucket", BigInteger, nullable=False),
    Column("buckets", StorableJson, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

model_evaluations = Table(
    "model_evaluations",
    metadata,
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), primary_key=True),
    Column("moment", StorableText, primary_key=True),
    Column("name", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("value", Float, nullable=False),
    Column("rows", BigInteger),
    Column("source", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("moment IN ('before', 'after')", name="moment"),
)

models = Table(
    "models",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), nullable=False, unique=True),
    Column("job_id", StorableText, ForeignKey("training_jobs.id"), nullable=False),
    Column("dataset_id", StorableText, ForeignKey("datasets.id"), nullable=False),
    Column("name", StorableText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("description", StorableText),
    Column("kind", StorableText, nullable=False),
    Column("base_model", StorableText, nullable=False),
    Column("files_uri", StorableText, nullable=False),
    Column("files", StorableJson, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("manifest_sha256", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    CheckConstraint("kind IN ('adapter', 'model')", name="kind"),
)
Index("ix_models_user_id", models.c.user_id, models.c.created_at.desc())
Index("ix_models_job_id", models.c.job_id)

training_measurements = Table(
    "training_measurements",
    metadata,
    Column("attempt_id", StorableText, ForeignKey("training_attempts.id"), primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("base_model", StorableText, nullable=False),
    Column("gpu", StorableText, nullable=False),
    Column("gpu_count", Integer, nullable=False),
    Column("method", StorableText, nullable=False),
    Column("trainer", StorableText, nullable=False),
    Column("step_time_s", Float, nullable=False),
    Column("expected_step_time_s", Float, nullable=False),
    Column("peak_memory_gb", Float),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_training_measurements_user_id", training_measurements.c.user_id, training_measurements.c.created_at.desc())
