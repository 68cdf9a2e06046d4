"""How the catalog talks to its database: the URL, the connection settings, transactions, and errors in plain words.

Nothing here knows a table. The queries are methods of classes that derive from `Database`.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteOperationalError
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from pipeline.errors import CatalogError, SettingsError
from pipeline.state.catalog import hurry
from pipeline.state.catalog.row_security import limit_rows, show_all_rows
from pipeline.state.catalog.sqlite_catalog import RESTORE

LOCK_TIMEOUT_S = 30
_EXPECTED_URL = "LORA_CATALOG_URL: expected sqlite:////folder/catalog.db or postgresql://user@host/database"


def catalog_url(url: str) -> URL:
    """Parse the URL and choose the driver this project installs.

    Raises:
        SettingsError: it is no URL, or of a database the catalog cannot live in.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text itself may hold a password, so it is not repeated.
        raise SettingsError(f"{_EXPECTED_URL}, found something that is not a URL") from None
    if parsed.drivername.partition("+")[0] in {"postgresql", "postgres"}:
        # SQLAlchemy 2.1 takes `postgresql://` for psycopg 3, which is not installed.
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        # A database in memory belongs to one process; runs, sensors and the service are several.
        raise SettingsError(f"{_EXPECTED_URL}, found {describe(parsed)}")
    return parsed.set(drivername="sqlite")


def describe(url: URL) -> str:
    """Name the database for a message: no password, no query."""
    where = f"{url.username}@{url.host or ''}" if url.username else url.host or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.drivername.partition('+')[0]}://{where}{port}/{url.database or ''}"


def make_engine(url: URL, *, in_a_hurry: bool = False) -> Engine:
    """Build the engine; connects to nothing yet.

    Parameters are kept out of error texts: they hold users' conversations. in_a_hurry: for whoever holds a request
    open meanwhile: an answer or an error within `hurry.LONGEST_S`.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    lock_timeout_s = hurry.STATEMENT_S if in_a_hurry else LOCK_TIMEOUT_S
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=_dump_json,
        pool_pre_ping=not is_sqlite,
        pool_timeout=hurry.POOL_S if in_a_hurry else 30,
        connect_args={"timeout": lock_timeout_s} if is_sqlite else _postgres_arguments(url, in_a_hurry),
    )
    if is_sqlite:
        event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, lock_timeout_s))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", show_all_rows)
    return engine


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _postgres_arguments(url: URL, in_a_hurry: bool) -> dict[str, object]:
    limit_ms = round(hurry.STATEMENT_S * 1000)
    limits = f"-c lock_timeout={limit_ms} -c statement_timeout={limit_ms}"
    defaults: dict[str, object] = {
        "connect_timeout": hurry.CONNECT_S if in_a_hurry else 10,
        "application_name": "lora-pipeline",
        "options": limits if in_a_hurry else f"-c lock_timeout={LOCK_TIMEOUT_S}s",
    }
    given = {name: value for name, value in defaults.items() if name not in url.query}
    if not in_a_hurry:
        return given
    from pipeline.state.catalog.hurried_connection import HurriedConnection  # the driver is not needed for SQLite

    return given | {"connection_factory": HurriedConnection}


def _prepare_sqlite(connection: SqliteConnection, lock_timeout_s: float) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE; `_begin_sqlite` sends ours.
    connection.isolation_level = None
    # SQLite lowers ASCII only; a search must find "Über" by "über", as PostgreSQL does.
    connection.create_function("lower", 1, lambda text: None if text is None else str(text).lower(), deterministic=True)
    connection.execute(f"PRAGMA busy_timeout = {round(lock_timeout_s * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    _switch_to_wal(connection, lock_timeout_s)
    # What is answered stays, also after a power cut: with NORMAL it takes back the last commits, and with them a
    # confirmation, a deletion or a notification that somebody saw. It is an fsync for each commit.
    connection.execute("PRAGMA synchronous = FULL")


def _switch_to_wal(connection: SqliteConnection, lock_timeout_s: float) -> None:
    # WAL lets readers go on while one process writes. SQLite does not wait for the busy timeout when the journal mode
    # changes, so processes that open a new file together have to be patient themselves.
    deadline_s = time.monotonic() + lock_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            return
        except SqliteOperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another process wrote in between; one that
    # starts IMMEDIATE waits its turn.
    mode = "IMMEDIATE" if connection.get_execution_options().get("catalog_writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


class Database:
    """Transactions on one catalog; every database error leaves as a `CatalogError`.

    `only_user` is whose rows PostgreSQL shows (see `row_security.py`); None means everybody's.
    """

    def __init__(self, engine: Engine, only_user: str | None = None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(catalog_writes=True)
        self._only_user = only_user
        self.prepare: Callable[[], None] | None = None
        """What has to be done before the first question: to make the catalog, or to bring it up to date."""

    def _ready(self) -> None:
        if self.prepare:
            self.prepare()
            self.prepare = None

    @property
    def place(self) -> str:
        """Which database it is, for messages."""
        return describe(self._engine.url)

    def as_user(self, user_id: str) -> Self:
        """The same catalog, over the same connections, with the rows of one user only.

        PostgreSQL enforces it; on SQLite the condition on `user_id` that each query has is all there is.
        """
        return type(self)(self._engine, user_id)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._ready()
        with translated_errors(self._engine.url), self._engine.connect() as connection:
            limit_rows(connection, self._only_user)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction: all of it is there afterwards, or nothing."""
        self._ready()
        with translated_errors(self._engine.url), self._writer.begin() as connection:
            limit_rows(connection, self._only_user)
            yield connection

    def close(self) -> None:
        """Give the connections back; the catalog opens new ones when it is used again."""
        self._engine.dispose()


@contextmanager
def translated_errors(url: URL) -> Iterator[None]:
    """Turn the library's errors into one sentence with the place and the next step, and without the password."""
    try:
        yield
    except SQLAlchemyError as error:
        # PostgreSQL adds the failing row, and with it a user's conversation, to its errors: they end here.
        raise CatalogError(_sentence(url, error)) from None


def _sentence(url: URL, error: SQLAlchemyError) -> str:
    detail = _first_line(url, error)
    place = describe(url)
    if re.search(r"database (table )?is locked|lock timeout|deadlock", detail):
        return (
            f"the catalog {place} is locked: another process wrote to it for {LOCK_TIMEOUT_S} s; try again, and with "
            f"many writers put the catalog on PostgreSQL (LORA_CATALOG_URL)"
        )
    if re.search(r"could not connect|connection (to server|refused|timed out)|closed the connection|unable to open"
                 r"|could not translate host|QueuePool limit", detail):  # fmt: skip
        return f"cannot reach the catalog {place}: {detail}; check that it is there and that LORA_CATALOG_URL is right"
    if re.search(r"not a database|malformed|disk I/O error", detail):
        return f"the catalog {place} is damaged ({detail}): {RESTORE}"
    return f"the catalog {place} refused: {detail}"


def _first_line(url: URL, error: SQLAlchemyError) -> str:
    text = str(getattr(error, "orig", None) or error).strip().splitlines()
    line = text[0] if text else type(error).__name__
    return line.replace(str(url.password), "***") if url.password else line


def check_file(url: URL) -> None:
    """See that a SQLite catalog's file is there; asks nothing of other databases.

    Raises:
        CatalogError: it is not.
    """
    is_file = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:")
    if is_file and not Path(str(url.database)).is_file():
        raise CatalogError(
            f"expected the catalog at {url.database}, found no file: put it back (docs/operations.md says how), or "
            "check LORA_CATALOG_URL"
        )


def make_folder(url: URL) -> None:
    """Make the folder of a SQLite file.

    Raises:
        CatalogError: the folder cannot be made.
    """
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(
            f"cannot make the catalog's folder {folder}: {error.strerror}; set LORA_CATALOG_URL"
        ) from error
