"""How a dataset's fields are read, where its owner says so."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("mapping", sa.Text))
