"""The status `failed`, and what is known of tries: of a dataset's validation, and of its plan."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_OLD = "status IN ('uploading', 'validating', 'ready', 'error')"
_NEW = "status IN ('uploading', 'validating', 'ready', 'error', 'failed')"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("datasets", "training_plans"):
        op.add_column(table, sa.Column("request_key", sa.Text))
        op.add_column(table, sa.Column("asked", sa.Integer, nullable=False, server_default="0"))
        op.add_column(table, sa.Column("begun_by", sa.Text))
        op.add_column(table, sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
        op.add_column(table, sa.Column("retry_at", _MOMENT))
        # Before, it counted the runs that were asked for; now, the tries that came to nothing.
        op.execute(sa.update(sa.table(table, sa.column("attempt"))).values(attempt=0))
    op.execute("UPDATE datasets SET requested_at = NULL WHERE status = 'validating'")
    op.execute("UPDATE training_plans SET requested_at = NULL, status = 'requested' WHERE status <> 'planned'")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_datasets_status", "datasets")
        op.create_check_constraint(op.f("ck_datasets_status"), "datasets", _NEW)
    else:
        _replace_check()


def _replace_check() -> None:
    """SQLite changes a CHECK only by copying the table, which others refer to; its text can be changed in place.

    https://www.sqlite.org/lang_altertable.html#otheralter: for changes that do not affect what is on disk.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'datasets'", (_OLD, _NEW)
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
