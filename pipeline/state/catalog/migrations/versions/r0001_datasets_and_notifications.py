"""Datasets and notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("format", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("storage_bucket", sa.Text, nullable=False),
        sa.Column("storage_path", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_size", sa.BigInteger, nullable=False),
        sa.Column("total_training_pairs", sa.BigInteger),
        sa.Column("total_validation_pairs", sa.BigInteger),
        sa.Column("total_tokens", sa.BigInteger),
        sa.Column("training_ready", sa.Boolean, nullable=False),
        sa.Column("validated_at", _MOMENT),
        sa.Column("validation_errors", _JSON),
        sa.Column("sample_data", _JSON),
        sa.Column("avg_turns_per_conversation", sa.Float),
        sa.Column("avg_tokens_per_turn", sa.Float),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("deleted_at", _MOMENT),
        sa.Column("content_version", sa.Text),
        sa.Column("content_sha256", sa.Text),
        sa.Column("line_count", sa.BigInteger),
        sa.Column("rejected_line_count", sa.BigInteger),
        sa.Column("conversation_count", sa.BigInteger),
        sa.Column("token_method", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("observed_version", sa.Text),
        sa.Column("superseded_by", sa.Text),
        sa.Column("requested_at", _MOMENT),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
        sa.CheckConstraint("status IN ('uploading', 'validating', 'ready', 'error')", name=op.f("ck_datasets_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.ForeignKeyConstraint(
            ["superseded_by"],
            ["datasets.id"],
            name=op.f("fk_datasets_superseded_by"),
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    is_live, is_current = sa.text("deleted_at IS NULL"), sa.text("superseded_by IS NULL")
    op.create_index("ix_datasets_status", "datasets", ["status"], sqlite_where=is_live, postgresql_where=is_live)
    op.create_index("ix_datasets_user_id", "datasets", ["user_id"])
    op.create_index("ix_datasets_created_at", "datasets", [sa.text("created_at DESC")])
    op.create_index(
        "uq_datasets_current_storage_path",
        "datasets",
        ["storage_path"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )
    op.create_index("ix_datasets_storage_path", "datasets", ["storage_path", "content_version"])

    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT),
        sa.CheckConstraint(
            "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed')",
            name=op.f("ck_notifications_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_notifications_dataset_id")),
        sa.UniqueConstraint("dataset_id", "kind", "dedupe_key", name=op.f("uq_notifications_dataset_id")),
    )
    op.create_index("ix_notifications_user_id", "notifications", ["user_id"])
