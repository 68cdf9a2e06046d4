"""What revisions do to tables that exist: another CHECK, a column that refers to a table, rows for their owner only."""

import sqlalchemy as sa
from alembic import op

SEES_ALL = "current_setting('lora.sees_all', true) = 'on'"
_OWNS = "user_id = current_setting('lora.user_id', true)"


def allow(table: str, column: str, old: str, new: str) -> None:
    """Replace the text of the CHECK of a column."""
    name = f"ck_{table}_{column}"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
    else:
        _rewrite(table, "replace(sql, ?, ?)", (old, new))


def add_reference(table: str, column: str, to: str) -> None:
    """Add a column that refers to another table's id."""
    name = f"fk_{table}_{column}"
    op.add_column(table, sa.Column(column, sa.Text))
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(op.f(name), table, to, [column], ["id"])
    else:
        constraint = f", CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES {to} (id))"
        _rewrite(table, "substr(sql, 1, length(sql) - 1) || ?", (constraint,))


def secure_rows(table: str) -> None:
    """As in revision 0003: each sees their own, the pipeline sees all."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_only ON {table} USING ({SEES_ALL} OR {_OWNS})")


def _rewrite(table: str, changed: str, values: tuple[str, ...]) -> None:
    """SQLite changes a constraint only by copying the table; its text can be changed in place, as in revision 0009."""
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    statement = f"UPDATE sqlite_master SET sql = {changed} WHERE type = 'table' AND name = ?"  # noqa: S608  # our words
    connection.exec_driver_sql(statement, (*values, table))
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
