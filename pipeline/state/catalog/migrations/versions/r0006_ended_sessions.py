"""Sessions of the pages that were ended before their time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SEES_ALL = "current_setting('lora.sees_all', true) = 'on'"
_OWNS = "user_id = current_setting('lora.user_id', true)"


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ended_sessions"),
    )
    op.create_index("ix_ended_sessions_expires_at", "ended_sessions", ["expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE ended_sessions ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE ended_sessions FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner_only ON ended_sessions USING ({_SEES_ALL} OR {_OWNS})")
