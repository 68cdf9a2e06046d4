"""The file of a catalog on SQLite: made whole or not at all, and never made anew over one that lost its content.

To SQLite an empty file is an empty database. To us it is a catalog that a power cut or a full disk took away; filled
with tables it would look like a new installation.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Engine

from pipeline.errors import CatalogError
from pipeline.state.durable import lent_aside

RESTORE = (
    "stop everything and restore it from a backup; without one move it away, with its -wal and -shm, and run "
    "reconcile, which registers the store's uploads in a new one (docs/operations.md)"
)


def prepare_file(url: URL, make_engine: Callable[[URL], Engine], migrate: Callable[[Engine], None]) -> None:
    """Make the file of a new catalog, with its tables; look at one that is there.

    Raises:
        CatalogError: there is something that is no catalog, and that nothing may be written over.
    """
    path = database_path(url)
    if path is None:
        return
    if path.exists():
        check_content(path)
        _check_tables(path)
    else:
        _make(path, url, make_engine, migrate)


def check_content(path: Path) -> None:
    """See that what is there is a file that was not emptied.

    Raises:
        CatalogError: it is a folder, or an empty file.
    """
    if path.is_dir():
        raise CatalogError(f"expected the catalog at {path}, found a folder; move it away, or set LORA_CATALOG_URL")
    if path.stat().st_size == 0:  # not opened: SQLite would remove its write-ahead log
        raise CatalogError(f"the catalog {path} is an empty file, so what it knew is lost: {RESTORE}")


def _check_tables(path: Path) -> None:
    """See that nothing is made in what is no catalog: in another program's database, or in the few bytes that are left
    of one, which SQLite takes for an empty one.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        return  # locked, may not be read, damaged: opening it says so
    if not tables:
        raise CatalogError(f"the catalog {path} has no tables, so what it knew is lost: {RESTORE}")
    if "alembic_version" not in tables:
        raise CatalogError(f"expected the catalog at {path}, found another program's database; set LORA_CATALOG_URL")


def database_path(url: URL) -> Path | None:
    """The file of a catalog on SQLite; None for others."""
    is_file = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:")
    return Path(str(url.database)) if is_file else None


def _make(path: Path, url: URL, make_engine: Callable[[URL], Engine], migrate: Callable[[Engine], None]) -> None:
    # Where somebody was quicker, theirs is a whole one and stays.
    with _os_errors(path), suppress(FileExistsError), lent_aside(path, replaces=False) as aside:
        engine = make_engine(url.set(database=str(aside)))
        try:
            migrate(engine)
        finally:
            engine.dispose()  # the last connection empties the write-ahead log into the file
            for left in (Path(f"{aside}-wal"), Path(f"{aside}-shm")):
                left.unlink(missing_ok=True)


@contextmanager
def _os_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CatalogError(f"cannot make the catalog {path}: {error.strerror}; check LORA_CATALOG_URL") from error
