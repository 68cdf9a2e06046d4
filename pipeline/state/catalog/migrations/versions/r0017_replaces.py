"""Which dataset another one is the next version of."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("replaces", sa.Text))
