"""Configured jobs are found by when they changed: whether they are stale is not asked of all that ever were."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    is_configured = sa.text("status = 'configured'")
    op.drop_index("ix_training_jobs_configured", "training_jobs")
    op.create_index(
        "ix_training_jobs_configured",
        "training_jobs",
        ["updated_at"],
        sqlite_where=is_configured,
        postgresql_where=is_configured,
    )
