"""The marks by which store and lake are known again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("place", name="pk_marks"),
    )
