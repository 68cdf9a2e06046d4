"""Promises of `pipeline.state.catalog.changed_keys`."""

from contextlib import closing, suppress

import psycopg2
import pytest
from sqlalchemy import delete, inspect, text, update

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.changed_keys import note_every_change
from pipeline.state.catalog.export import TABLE_NAMES
from pipeline.state.catalog.looks import looks
from pipeline.state.catalog.tables import datasets, metadata, notifications
from tests.state.catalog.examples import LATER, NOON, READY, upload


def noted(catalog):
    """What changed since the last publication, which is noted by this."""
    with catalog.snapshot() as snapshot:
        seen = snapshot.changes()
    assert catalog.note_published(seen, f"token-{len(seen.ids)}-{seen.token}")
    return {table: set(keys) for table, keys in seen.keys.items() if table != "dataset_events"}  # one for each write


def test_every_way_of_writing_is_noted(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    made = noted(catalog)
    catalog.record_verdict(READY, LATER)
    decided = noted(catalog)
    [told] = catalog.notifications("ann")
    catalog.mark_read(told.id, "ann", LATER)
    with catalog._writing() as connection:
        connection.execute(update(datasets).where(datasets.c.id == "d2").values(description="x"))
    changed = noted(catalog)
    with catalog._writing() as connection:
        connection.execute(delete(notifications))
    removed = noted(catalog)

    assert made == {"datasets": {("d1",), ("d2",)}}
    assert decided == {"datasets": {("d1",)}, "notifications": {(told.id,)}}
    assert changed == {"datasets": {("d2",)}, "notifications": {(told.id,)}}
    assert removed == {"notifications": {(told.id,)}}
    assert noted(catalog) == {}


def test_what_was_undone_or_is_not_published_is_not_noted(catalog):
    catalog.note_look("new_uploads", NOON)
    catalog.register_uploads([upload("d1")], NOON)
    noted(catalog)
    with suppress(ZeroDivisionError), catalog._writing() as connection:
        connection.execute(update(datasets).values(description="x"))
        raise ZeroDivisionError

    assert looks.name not in TABLE_NAMES
    assert noted(catalog) == {}


def test_what_comes_while_a_file_is_built_is_of_the_next(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    with catalog.snapshot() as snapshot:
        seen = snapshot.changes()
    catalog.register_uploads([upload("d2")], NOON)
    catalog.soft_delete("d1", "ann", LATER)
    catalog.note_published(seen, "first")

    assert noted(catalog) == {"datasets": {("d1",), ("d2",)}}


def test_every_table_that_is_published_is_watched(catalog):
    """Also one that a later revision makes anew."""
    name = "name" if catalog._engine.dialect.name == "sqlite" else "tgname"
    source = "sqlite_master WHERE type = 'trigger'" if name == "name" else "pg_trigger WHERE NOT tgisinternal"
    with catalog._writing() as connection:
        note_every_change(connection, [metadata.tables[each] for each in TABLE_NAMES])
        found = set(connection.execute(text(f"SELECT {name} FROM {source}")).scalars())
        known = set(inspect(connection).get_table_names())

    events = ("insert", "update", "delete") if name == "name" else ("changes",)
    assert found == {f"tr_{table}_{event}" for table in TABLE_NAMES for event in events}
    assert known - {*TABLE_NAMES} == {
        "alembic_version",
        "catalog_changes",
        "ended_sessions",
        "looks",
        "marks",
        "publications",
    }


def test_notes_that_nobody_takes_are_forgotten_and_the_next_file_knows_of_none(catalog, monkeypatch):
    catalog.register_uploads([upload("d1")], NOON)
    with catalog.snapshot() as snapshot:
        assert catalog.note_published(snapshot.changes(), "first")
    catalog.register_uploads([upload("d2")], NOON)
    assert not catalog.forget_changes()

    monkeypatch.setattr("pipeline.state.catalog.changed_keys._TOO_MANY_CHANGES", 1)
    assert catalog.forget_changes()
    with catalog.snapshot() as snapshot:
        seen = snapshot.changes()
    assert (seen.token, seen.keys) == (None, {})


@pytest.mark.needs_postgres
def test_whoever_may_write_a_table_has_it_noted_though_they_may_not_write_notes(postgres_url):
    Catalog.open(postgres_url).close()
    rights = (
        "DO $$ BEGIN CREATE ROLE without_notes LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO without_notes; "
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO without_notes; "
        "REVOKE ALL ON catalog_changes, publications FROM without_notes; "
        "REVOKE ALL ON SEQUENCE catalog_changes_id_seq FROM without_notes"
    )
    with closing(psycopg2.connect(postgres_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(rights)
    with Catalog.open(postgres_url.replace("postgres@", "without_notes@")) as catalog:
        catalog.register_uploads([upload("d1")], NOON)
    with Catalog.open(postgres_url) as catalog, catalog.snapshot() as snapshot:
        assert snapshot.changes().keys["datasets"] == {("d1",)}
