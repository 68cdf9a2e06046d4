"""For the upload service: an index for its lists, what was sent to a webhook, and row-level security on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)
_OWNED_TABLES = ("datasets", "notifications", "training_jobs", "cost_records", "metrics_points", "model_artifacts")
_SEES_ALL = "current_setting('lora.sees_all', true) = 'on'"
_OWNS = "user_id = current_setting('lora.user_id', true)"


def upgrade() -> None:
    is_listed = sa.text("superseded_by IS NULL AND deleted_at IS NULL")
    op.create_index(
        "ix_datasets_listed",
        "datasets",
        ["user_id", sa.text("created_at DESC"), sa.text("id DESC"), "status", "name", "superseded_by", "deleted_at"],
        sqlite_where=is_listed,
        postgresql_where=is_listed,
    )
    op.drop_index("ix_datasets_user_id", "datasets")
    op.add_column("notifications", sa.Column("webhook_attempt", sa.Integer, nullable=False, server_default="0"))
    op.add_column("notifications", sa.Column("webhook_due_at", _MOMENT))
    op.add_column("notifications", sa.Column("webhook_sent_at", _MOMENT))
    op.create_index("ix_notifications_created_at", "notifications", ["created_at"])
    if op.get_bind().dialect.name == "postgresql":
        _secure_rows()


def _secure_rows() -> None:
    """FORCE: the owner of the tables, whom the service usually connects as, is bound as well."""
    policies = dict.fromkeys(_OWNED_TABLES, _OWNS)
    # A plan belongs to whom its dataset belongs; the inner question is bound by the policy of its own table.
    policies["training_plans"] = "EXISTS (SELECT 1 FROM datasets WHERE datasets.id = training_plans.dataset_id)"
    for table, owns in policies.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner_only ON {table} USING ({_SEES_ALL} OR {owns})")
