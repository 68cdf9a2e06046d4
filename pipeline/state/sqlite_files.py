"""Looks at a SQLite file before anything is done with it: SQLite itself complains late, and names no file.

SQLite takes an empty file for an empty database. Whoever owns the file decides whether it may be one.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

BUSY_TIMEOUT_S = 30.0
_LEAST_BYTES = 512  # SQLite's smallest page; a file of some bytes it takes for an empty database, and writes over it
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_IOERR", "SQLITE_CANTOPEN")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """What is at a path."""

    is_there: bool
    is_empty: bool = False
    """A database without any table."""
    revision: str | None = None
    """What Alembic noted in it, None where it noted nothing."""
    fault: str | None = None
    """Why it is no database that can be used."""


def examine(path: Path, *, is_thorough: bool = False) -> SqliteFile:
    """Look at the file; nothing is changed, and none is made. is_thorough: read all of it, not only its beginning."""
    if fault := _fault_of_file(path):
        return SqliteFile(is_there=True, fault=fault)
    if not path.exists():
        return SqliteFile(is_there=False)
    if path.stat().st_size == 0:  # to open it would remove its write-ahead log
        return SqliteFile(is_there=True, is_empty=True)
    try:
        return _ask(path, is_thorough=is_thorough)
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if not name.startswith(_DAMAGED):
            raise
        return SqliteFile(is_there=True, fault=f"{path.stat().st_size:,} bytes that are damaged ({error})")


def _fault_of_file(path: Path) -> str | None:
    if path.is_dir():
        return "a folder"
    if path.is_symlink() and not path.exists():
        return "a link to nothing"
    if path.exists() and not path.is_file():
        return "something that is no file"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "a file that this user may not read and write"
    return None


def _ask(path: Path, *, is_thorough: bool) -> SqliteFile:
    # Not `mode=ro`: that cannot take over what a process that died left in the write-ahead log.
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if is_thorough and (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            return SqliteFile(is_there=True, fault=f"a damaged database ({found[0]})")
        row = (
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if "alembic_version" in tables
            else None
        )
    if not tables and (size_bytes := path.stat().st_size) < _LEAST_BYTES:
        return SqliteFile(is_there=True, fault=f"{size_bytes:,} bytes that are no database")
    return SqliteFile(is_there=True, is_empty=not tables, revision=row[0] if row else None)
