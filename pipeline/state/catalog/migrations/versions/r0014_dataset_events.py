"""What happened to datasets, kept for ever; of those that are there, what their rows still tell."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.state.catalog.migrations.changes import secure_rows

revision = "0014"
down_revision = "0013"

_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_KINDS = (
    "kind IN ('announced', 'registered', 'expired', 'requested', 'run_failed', 'given_up', 'judged', 'sent_back', "
    "'plan_requested', 'plan_failed', 'plan_given_up', 'planned', 'superseded', 'returned', 'deleted', 'restored')"
)
# Newest verdicts only, and no tries: the rest was written over.
_TOLD = (
    "SELECT id, user_id, 'registered', created_at, 'validating', NULL, NULL, NULL, NULL, NULL, NULL FROM datasets "
    "WHERE content_version IS NOT NULL",
    "SELECT id, user_id, 'judged', validated_at, status, run_id, NULL, line_count, rejected_line_count, "
    "conversation_count, total_tokens FROM datasets WHERE validated_at IS NOT NULL AND status IN ('ready', 'error')",
    "SELECT d.id, d.user_id, 'superseded', n.created_at, d.status, NULL, n.id, NULL, NULL, NULL, NULL "
    "FROM datasets AS d JOIN datasets AS n ON n.id = d.superseded_by",
    "SELECT id, user_id, 'deleted', deleted_at, status, NULL, NULL, NULL, NULL, NULL, NULL FROM datasets "
    "WHERE deleted_at IS NOT NULL",
)
_INTO = (
    "INSERT INTO dataset_events (dataset_id, user_id, kind, created_at, status, run_id, related_id, line_count, "
    "rejected_line_count, conversation_count, total_tokens) "
)


def upgrade() -> None:
    op.create_table(
        "dataset_events",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("request_key", sa.Text),
        sa.Column("attempt", sa.Integer),
        sa.Column("related_id", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("line_count", sa.BigInteger),
        sa.Column("rejected_line_count", sa.BigInteger),
        sa.Column("conversation_count", sa.BigInteger),
        sa.Column("total_tokens", sa.BigInteger),
        sa.Column("finding_counts", _JSON),
        sa.CheckConstraint(_KINDS, name=op.f("ck_dataset_events_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_events")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_events_dataset_id")),
    )
    op.create_index("ix_dataset_events_dataset_id", "dataset_events", ["dataset_id", "id"])
    for told in _TOLD:
        op.execute(_INTO + told)
    if op.get_bind().dialect.name == "postgresql":
        secure_rows("dataset_events")
