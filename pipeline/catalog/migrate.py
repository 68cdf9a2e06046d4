"""Brings a catalog to the newest revision, once, whoever opens it first.

Opening an up-to-date catalog is on the path of every command, so Alembic is imported only when there is work.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from pipeline.catalog.engine import describe, translated_errors
from pipeline.errors import CatalogError

HEAD = "0008"
MIGRATIONS_DIR = Path(__file__).parent / "migrations"
# Any fixed number will do; PostgreSQL scopes advisory locks to the database.
_LOCK_KEY = 0x6C6F7261


def migrate(engine: Engine) -> None:
    """Upgrade to `HEAD` if the catalog is behind. Processes that come together take turns; the later find it done.

    Raises:
        CatalogError: the database cannot be reached, or a newer version of this program made the catalog.
    """
    with translated_errors(engine.url):
        with engine.connect() as connection:
            if _revision(connection) == HEAD:
                return
        with engine.execution_options(catalog_writes=True).begin() as connection:
            # On SQLite the transaction is IMMEDIATE already and keeps the others out.
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            if _revision(connection) != HEAD:
                _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    found = _revision(connection)
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise CatalogError(
            f"the catalog {describe(connection.engine.url)} has revision {found}, this program knows up to {HEAD}: "
            f"a newer version made it; upgrade this installation"
        ) from error
