"""Whose rows a transaction on PostgreSQL sees: a second wall behind the conditions that every query has.

The policies themselves are in revision 0003. They bind every role but superusers and those with BYPASSRLS, the owner of
the tables included. SQLite has no such thing.
"""

from sqlalchemy import Connection, text

# Runs, sensors and commands work for everybody, so their sessions see all rows; the service narrows each transaction.
_SEES_ALL = "SET SESSION lora.sees_all = 'on'"
# `true`: until the end of the transaction, so that a pooled connection carries nobody's name into the next one.
_ONLY_OF = text("SELECT set_config('lora.sees_all', 'off', true), set_config('lora.user_id', :user_id, true)")


def show_all_rows(connection: object, _record: object) -> None:
    """Prepare a new connection of psycopg2: until a transaction is narrowed it sees everything."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # SQLAlchemy hands over the driver's own
        cursor.execute(_SEES_ALL)
    connection.commit()  # type: ignore[attr-defined]  # a setting made in a transaction that is undone goes with it


def limit_rows(connection: Connection, user_id: str | None) -> None:
    """Show only the rows of a user for the rest of the transaction; None leaves all."""
    if user_id is not None and connection.dialect.name == "postgresql":
        connection.execute(_ONLY_OF, {"user_id": user_id})
