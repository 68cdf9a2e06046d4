"""The catalogs that tests write in a hurry are those that migrations make."""

import sqlite3
from contextlib import closing

from pipeline.state.catalog import migrate
from pipeline.state.catalog.catalog import Catalog
from tests import new_catalogs


def _dump(path):
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("PRAGMA journal_mode").fetchone()
        return [*kept, *connection.iterdump()]


def test_they_are_those_that_migrations_make(tmp_path, monkeypatch):
    for name in ("first", "later"):
        Catalog.open(f"sqlite:///{tmp_path / name}").close()
    monkeypatch.setattr(migrate, "_upgrade", new_catalogs.migrate_for_real)
    Catalog.open(f"sqlite:///{tmp_path / 'real'}").close()

    assert new_catalogs._first
    assert _dump(tmp_path / "later") == _dump(tmp_path / "first") == _dump(tmp_path / "real")
