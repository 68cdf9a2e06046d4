"""What a look of a sensor and an upload that replaces another ask for is found by indexes, however much there is."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.drop_index("ix_training_jobs_configured", "training_jobs")
    op.create_index("ix_training_jobs_updated_at", "training_jobs", ["updated_at"])
    op.create_index("ix_training_plans_updated_at", "training_plans", ["updated_at"])
    is_replaced = sa.text("superseded_by IS NOT NULL")
    op.create_index(
        "ix_datasets_superseded_by",
        "datasets",
        ["superseded_by"],
        sqlite_where=is_replaced,
        postgresql_where=is_replaced,
    )
