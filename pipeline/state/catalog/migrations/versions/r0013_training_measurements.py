"""What trainings were measured at, by which the next estimates of their owner are corrected."""

import sqlalchemy as sa
from alembic import op

from pipeline.state.catalog.migrations.changes import secure_rows

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "training_measurements",
        sa.Column("attempt_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("base_model", sa.Text, nullable=False),
        sa.Column("gpu", sa.Text, nullable=False),
        sa.Column("gpu_count", sa.Integer, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("trainer", sa.Text, nullable=False),
        sa.Column("step_time_s", sa.Float, nullable=False),
        sa.Column("expected_step_time_s", sa.Float, nullable=False),
        sa.Column("peak_memory_gb", sa.Float),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_training_measurements")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["training_attempts.id"], name=op.f("fk_training_measurements_attempt_id")
        ),
    )
    op.create_index(
        "ix_training_measurements_user_id", "training_measurements", ["user_id", sa.text("created_at DESC")]
    )
    if op.get_bind().dialect.name == "postgresql":
        secure_rows("training_measurements")
