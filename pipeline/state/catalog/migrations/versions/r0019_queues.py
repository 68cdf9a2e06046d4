"""What waits for a verdict, a plan, a publication or a fold is found and counted without what waits for nothing; and
a dataset knows its partition in Dagster.

What changed is forgotten with the notes that are made anew: the publication after an upgrade copies everything anyway.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("planned_run_id", sa.Text))
    op.execute(
        "UPDATE datasets SET planned_run_id = (SELECT validation_run_id FROM training_plans "
        "WHERE training_plans.dataset_id = datasets.id AND training_plans.status = 'planned')"
    )
    op.add_column("datasets", sa.Column("partition_key", sa.Text))
    op.execute("UPDATE datasets SET partition_key = id")  # until now each had its own
    is_listed = sa.text("superseded_by IS NULL AND deleted_at IS NULL")
    is_undecided = sa.text("status IN ('validating', 'failed')")
    is_unplanned = sa.text(
        "status = 'ready' AND superseded_by IS NULL AND deleted_at IS NULL "
        "AND (planned_run_id IS NULL OR planned_run_id != run_id)"
    )
    is_open = sa.text("status IN ('requested', 'failed')")
    op.drop_index("ix_datasets_status", "datasets")
    _index("ix_datasets_status", "datasets", ["status"], is_listed)
    _index("ix_datasets_undecided", "datasets", ["requested_at"], is_undecided)
    _index("ix_datasets_unplanned", "datasets", ["status", "created_at", "id"], is_unplanned)
    _index("ix_training_plans_open", "training_plans", ["requested_at"], is_open)
    _index("ix_datasets_partition_key", "datasets", ["partition_key"], sa.text("partition_key != id"))
    op.add_column("publications", sa.Column("unfolded_count", sa.Integer))
    op.add_column("publications", sa.Column("unfolded_since", sa.DateTime(timezone=True)))
    op.drop_table("catalog_changes")
    op.create_table(
        "catalog_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("row_key", sa.Text, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()),
        sqlite_autoincrement=True,
    )


def _index(name: str, table: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
