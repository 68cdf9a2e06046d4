"""An index that finds the datasets that changed since a moment."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_datasets_updated_at", "datasets", ["updated_at"])
