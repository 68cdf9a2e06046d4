"""A fresh catalog for every test, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from pipeline.state.catalog import migrate
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tables import metadata
from tests.new_catalogs import migrate_for_real
from tests.postgres import PostgresServer, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)]


@pytest.fixture
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests save themselves."""
    monkeypatch.setattr(migrate, "_upgrade", migrate_for_real)


@pytest.fixture(scope="session")
def emptied_postgres(postgres_server: PostgresServer) -> Callable[[], str]:
    """Empties a migrated database and returns its URL: much faster than making one for each test."""
    url = postgres_server.new_database()
    Catalog.open(url).close()

    def emptied() -> str:
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(metadata.tables)}")
        return url

    return emptied


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new catalog."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'catalog.db'}"
    emptied: Callable[[], str] = request.getfixturevalue("emptied_postgres")
    return emptied()


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database in which nobody has opened a catalog yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with Catalog.open(url) as opened:
        yield opened
