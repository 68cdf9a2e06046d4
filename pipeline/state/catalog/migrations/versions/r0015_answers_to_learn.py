"""How many answers a dataset has to learn from."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("answers_to_learn", sa.BigInteger))
