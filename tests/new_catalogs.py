"""New catalogs in files are copies of the first one of this process: a hundred statements less for each test.

Tests of migrations (`real_migrations`) migrate for real; so does every process that a test starts.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Engine

from pipeline.state.catalog import migrate, sqlite_catalog
from pipeline.state.durable import lent_aside

migrate_for_real = migrate._upgrade
_make_for_real = sqlite_catalog._make
_first: list[bytes] = []


def migrate_as_at_first(*arguments: object) -> None:
    """The same as for real; while this is in its place, a file may be a copy."""
    migrate_for_real(*arguments)


def _make(path: Path, url: URL, make_engine: Callable[[URL], Engine], migrating: Callable[[Engine], None]) -> None:
    if migrate._upgrade is not migrate_as_at_first:
        _make_for_real(path, url, make_engine, migrating)
    elif not _first:
        _make_for_real(path, url, make_engine, migrating)
        if not Path(f"{path}-wal").exists():  # nobody else has opened it meanwhile
            _first.append(path.read_bytes())
    else:
        with sqlite_catalog._os_errors(path), suppress(FileExistsError), lent_aside(path, replaces=False) as aside:
            aside.write_bytes(_first[0])


migrate._upgrade = migrate_as_at_first
sqlite_catalog._make = _make
