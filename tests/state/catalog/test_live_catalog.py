"""What the database says of itself, on both: tables as they are, locks, clock, rights; nothing is migrated by it."""

from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from sqlalchemy import text

from pipeline.clock import utc_now
from pipeline.errors import SettingsError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.live_catalog import LiveCatalog
from pipeline.state.catalog.live_tables import Difference, LiveColumn, LiveIndex
from pipeline.state.catalog.migrate import HEAD
from pipeline.state.catalog.tables import metadata


@pytest.fixture(autouse=True)
def real_migrations():
    """Not of each catalog here: what they made is the same."""


@pytest.fixture
def live(url):
    Catalog.open(url).close()
    with closing(LiveCatalog.as_it_is(url)) as opened:
        yield opened


def _change(live, *statements):
    with live._writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_what_this_version_made_is_as_it_declares(live):
    is_postgres = live.clock() is not None

    found = live.schema()

    assert (found.revision, found.differences) == (HEAD, [])
    assert {each.name for each in found.tables} == {*metadata.tables, "alembic_version"}
    [looks] = live.schema(["looks"]).tables
    assert looks.columns[0] == LiveColumn("name", "TEXT", is_nullable=False, default=None, key=1)
    [items] = [each for each in found.tables if each.name == "batch_items"]
    assert LiveIndex("uq_batch_items_batch_id", ("batch_id", "number"), is_unique=True) in items.indices
    assert "batch_id -> batch_jobs.id" in items.references
    assert "planned" in items.checks["ck_batch_items_state"]
    assert items.is_secured is (True if is_postgres else None)
    assert [(each.name, each.command) for each in items.policies] == ([("owner_only", "ALL")] if is_postgres else [])


def test_what_was_changed_behind_our_back_is_told_and_rows_are_counted(live):
    _change(
        live,
        "INSERT INTO looks VALUES ('a sensor', CURRENT_TIMESTAMP)",
        "ALTER TABLE looks ADD COLUMN added TEXT",
        "DROP INDEX ix_batch_jobs_status",
    )
    try:
        found = live.schema()
    finally:
        _change(
            live,
            "ALTER TABLE looks DROP COLUMN added",
            "CREATE INDEX ix_batch_jobs_status ON batch_jobs (status)",
        )

    assert found.differences == [
        Difference("batch_jobs", "index ix_batch_jobs_status", "over status", "none"),
        Difference("looks", "column added", "none", "TEXT"),
    ]
    assert [each.row_count for each in found.tables if each.name == "looks"] == [1]


def test_who_writes_keeps_others_waiting_and_is_named(live, monkeypatch):
    monkeypatch.setattr("pipeline.state.catalog.live_catalog._PATIENCE_S", 0.01)
    is_postgres = live.clock() is not None
    assert live.locks() == []

    with LiveCatalog(live._engine)._writing() as connection:
        if is_postgres:
            connection.execute(text("LOCK TABLE datasets"))
        [lock] = live.locks()

    assert lock.what.startswith("keeps others from datasets" if is_postgres else "writes to ")


def test_a_server_has_a_clock_of_its_own(live):
    told = live.clock()

    assert told is None or abs(told - utc_now()) < timedelta(minutes=5)
    assert live.lacking_rights() == []


@pytest.mark.needs_postgres
def test_rights_that_are_lacking_and_row_security_that_was_switched_off_are_told(emptied_postgres):
    url = emptied_postgres()
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE IF EXISTS reader")
            cursor.execute("CREATE ROLE reader LOGIN")
            cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
            cursor.execute("GRANT INSERT, UPDATE, DELETE ON looks TO reader")
            cursor.execute("ALTER TABLE datasets NO FORCE ROW LEVEL SECURITY")
            with closing(LiveCatalog.as_it_is(url.replace("postgres@", "reader@"))) as live:
                lacking, found = live.lacking_rights(), live.schema(["datasets"])
            cursor.execute("ALTER TABLE datasets FORCE ROW LEVEL SECURITY")
            cursor.execute("DROP OWNED BY reader")

    assert [each.partition(" of ")[0] for each in lacking[:3]] == ["DELETE", "INSERT", "UPDATE"]
    assert all("datasets" in each and "looks" not in each for each in lacking[:3])
    assert lacking[3:] == ["CREATE in its schema, which migrations need"]
    assert [each.what for each in found.differences] == ["row security"]


def test_no_catalog_is_made(tmp_path):
    with pytest.raises(SettingsError, match="found none"):
        LiveCatalog.as_it_is(f"sqlite:///{tmp_path / 'catalog.db'}")

    assert list(tmp_path.iterdir()) == []
