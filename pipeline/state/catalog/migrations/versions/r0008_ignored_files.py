"""What lies in the store and gets no row; notifications that are about no dataset."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MOMENT = sa.DateTime(timezone=True)
_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KINDS = (
    "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed', 'training_jobs_ready', "
    "'training_jobs_stale', 'upload_ignored')"
)


def upgrade() -> None:
    op.create_table(
        "ignored_files",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("modified_at", _MOMENT),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("told_at", _MOMENT),
        sa.Column("gone_at", _MOMENT),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ignored_files")),
    )
    is_there = sa.text("gone_at IS NULL")
    op.create_index(
        "ix_ignored_files_there",
        "ignored_files",
        ["user_id", "key"],
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("notifications", "dataset_id", nullable=True)
        op.drop_constraint(op.f("ck_notifications_kind"), "notifications", type_="check")
        op.create_check_constraint(op.f("ck_notifications_kind"), "notifications", _KINDS)
        # As in revision 0003: each sees their own, the pipeline sees all.
        op.execute("ALTER TABLE ignored_files ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE ignored_files FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY owner_only ON ignored_files USING (current_setting('lora.sees_all', true) = 'on' "
            "OR user_id = current_setting('lora.user_id', true))"
        )
    else:
        _move_notifications()


def _move_notifications() -> None:
    """SQLite can change neither a CHECK nor NOT NULL: the rows move to a new table."""
    op.rename_table("notifications", "notifications_before")
    for name in ("ix_notifications_newest", "ix_notifications_unread", "ix_notifications_created_at"):
        op.drop_index(name, "notifications_before")
    op.create_table(
        "notifications",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT),
        sa.Column("webhook_attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("webhook_due_at", _MOMENT),
        sa.Column("webhook_sent_at", _MOMENT),
        sa.CheckConstraint(_KINDS, name=op.f("ck_notifications_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_notifications_dataset_id")),
        sa.UniqueConstraint("dataset_id", "kind", "dedupe_key", name=op.f("uq_notifications_dataset_id")),
    )
    op.execute("INSERT INTO notifications SELECT * FROM notifications_before")
    op.drop_table("notifications_before")
    is_unread = sa.text("read_at IS NULL")
    newest: Sequence[str | sa.TextClause | sa.ColumnElement[object]] = [
        "user_id",
        sa.text("created_at DESC"),
        sa.text("id DESC"),
    ]
    op.create_index("ix_notifications_newest", "notifications", newest)
    op.create_index("ix_notifications_unread", "notifications", newest, sqlite_where=is_unread)
    op.create_index("ix_notifications_created_at", "notifications", ["created_at"])
