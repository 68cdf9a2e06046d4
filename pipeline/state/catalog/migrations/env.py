"""What Alembic runs for a migration, on the connection and inside the transaction that `migrate.py` hands over."""

from alembic import context

from pipeline.state.catalog.tables import metadata


def run() -> None:
    """Migrate; the caller commits, so a failed migration leaves nothing behind (both databases undo DDL)."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite changes a column only by copying the table.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


# The name that Alembic loads this file under; a plain import does nothing.
if __name__ == "env_py":
    run()
