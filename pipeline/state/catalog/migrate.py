"""Brings a catalog to the newest revision, once, whoever opens it first.

Opening an up-to-date catalog is on the path of every command, so Alembic is imported only when there is work.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from pkgutil import iter_modules

from sqlalchemy import URL, Connection, Engine, inspect, text

from pipeline.errors import CatalogError, SettingsError
from pipeline.state.catalog.catalog_engine import describe, translated_errors
from pipeline.state.catalog.changed_keys import changes, note_every_change
from pipeline.state.catalog.sqlite_catalog import check_content, database_path
from pipeline.state.catalog.tables import metadata

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
HEAD = max(name for _, name, _ in iter_modules([str(MIGRATIONS_DIR / "versions")]))[1:5]
"""The newest revision, by the names of the files: `r0010_mappings.py` is 0010."""
# Any fixed number will do; PostgreSQL scopes advisory locks to the database.
_LOCK_KEY = 0x6C6F7261
# Alembic keeps what it is at work on in variables of its modules: two threads would upgrade each other's catalog.
_UPGRADING = threading.Lock()


def check_sqlite(url: URL) -> None:
    """See that a SQLite file is a catalog, without opening it for writing: nothing is made, nothing is changed.

    Raises:
        SettingsError: it is not.
        CatalogError: it was one, and lost its content.
    """
    path = database_path(url)
    if path is None:
        return
    if not path.exists():
        raise SettingsError(_no_catalog(url))
    check_content(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    except sqlite3.DatabaseError:
        return  # locked, may not be read, damaged: opening it says so
    if not found:
        raise SettingsError(_no_catalog(url))


def _no_catalog(url: URL) -> str:
    return (
        f"expected a catalog at {describe(url)}, found none: check LORA_CATALOG_URL and LORA_DATA_DIR; "
        "`lora-pipeline dev`, `serve`, `demo` or `upload` makes a new one"
    )


def migrate(engine: Engine, *, make: bool = True) -> None:
    """Upgrade to `HEAD` if the catalog is behind. Processes that come together take turns; the later find it done.

    make: whether to make the tables in a database that has none.

    Raises:
        SettingsError: the database has no catalog, and none is to be made.
        CatalogError: the database cannot be reached, or a newer version of this program made the catalog.
    """
    with translated_errors(engine.url):
        with engine.connect() as connection:
            found = _revision(connection)
            if found == HEAD:
                return
            if found is None and not make:
                raise SettingsError(_no_catalog(engine.url))
        with engine.execution_options(catalog_writes=True).begin() as connection:
            # On SQLite the transaction is IMMEDIATE already and keeps the others out.
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            with _UPGRADING:
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
    from pipeline.state.catalog.export import TABLE_NAMES

    if inspect(connection).has_table(changes.name):  # a table that a revision made anew lost its triggers
        note_every_change(connection, [metadata.tables[name] for name in TABLE_NAMES])
