"""How many answers a dataset has to learn from."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("answers_to_learn", sa.BigInteger))
