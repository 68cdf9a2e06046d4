"""Promises of `pipeline.state.catalog.catalog_engine`."""

import sqlite3
import threading
import traceback
from contextlib import closing

import pytest
from sqlalchemy import text

from pipeline.errors import CatalogError, SettingsError
from pipeline.state.catalog import catalog_engine as engine_module
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.catalog_engine import catalog_url, describe
from pipeline.state.catalog.sqlite_catalog import RESTORE
from tests.state.catalog.examples import NOON, upload


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////srv/catalog.db", "sqlite"),
        ("postgresql://ann@db/lora", "postgresql+psycopg2"),
        ("postgres://ann@db/lora", "postgresql+psycopg2"),
        ("postgresql+psycopg://ann@db/lora", "postgresql+psycopg2"),
    ],
)
def test_a_url_gets_the_driver_that_is_installed(url, driver):
    assert catalog_url(url).drivername == driver


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("secret", "something that is not a URL"),
        ("mysql://ann:secret@db/lora", "mysql://ann@db/lora"),
        ("sqlite://", "sqlite:///"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
    ],
)
def test_a_url_that_no_catalog_can_live_at_is_refused(url, found):
    with pytest.raises(SettingsError) as caught:
        catalog_url(url)

    expected = (
        "LORA_CATALOG_URL: expected sqlite:////folder/catalog.db or postgresql://user@host/database, found " + found
    )
    assert str(caught.value) == expected


def test_a_description_names_the_place_and_no_password():
    url = catalog_url("postgresql://ann:secret@db:5433/lora?password=secret")

    assert describe(url) == "postgresql://ann@db:5433/lora"


def test_sqlite_runs_in_wal_and_minds_foreign_keys(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog, catalog._reading() as connection:
        pragmas = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas}

    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30_000}


def test_a_server_that_does_not_answer_is_named_without_the_password():
    with pytest.raises(CatalogError) as caught:
        Catalog.open("postgresql://ann:secret@127.0.0.1:1/lora")

    message = str(caught.value)
    assert message.startswith("cannot reach the catalog postgresql://ann@127.0.0.1:1/lora: ")
    assert message.endswith("; check that it is there and that LORA_CATALOG_URL is right")
    assert "secret" not in message


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "catalog.db"
    path.write_text("these are notes, not a database " * 10)

    with pytest.raises(CatalogError) as caught:
        Catalog.open(f"sqlite:///{path}")

    assert str(caught.value) == f"the catalog sqlite:///{path} is damaged (file is not a database): {RESTORE}"


def cut(path, size_bytes):
    path.write_bytes(path.read_bytes()[:size_bytes])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: cut(path, 0), "is an empty file, so what it knew is lost: "),
        (lambda path: cut(path, 1), "has no tables, so what it knew is lost: "),
        (lambda path: cut(path, 100), "is damaged ("),
        (lambda path: cut(path, 2_048), "is damaged ("),
        (lambda path: cut(path, path.stat().st_size // 8_192 * 4_096), "is damaged (database disk image is"),
    ],
    ids=["empty", "a byte", "header", "half a page", "half"],
)
def test_a_catalog_that_lost_its_content_is_never_made_anew(tmp_path, damage, told):
    path = tmp_path / "catalog.db"
    with Catalog.open(f"sqlite:///{path}") as catalog:
        catalog.register_uploads([upload("d1")], NOON)
    damage(path)
    left = path.read_bytes()

    with pytest.raises(CatalogError) as caught:
        Catalog.open(f"sqlite:///{path}").list_datasets(None)

    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(RESTORE)
    assert path.read_bytes() == left


def test_nothing_is_made_in_another_programs_database(tmp_path):
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    left = path.read_bytes()

    with pytest.raises(CatalogError, match="found another program's database; set LORA_CATALOG_URL"):
        Catalog.open(f"sqlite:///{path}")

    assert path.read_bytes() == left


def test_a_folder_in_the_place_of_the_catalog_is_named(tmp_path):
    (tmp_path / "catalog.db").mkdir()

    with pytest.raises(CatalogError, match="found a folder"):
        Catalog.open(f"sqlite:///{tmp_path}/catalog.db")


def test_a_new_catalog_leaves_nothing_beside_it(tmp_path):
    Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}").close()

    assert [path.name for path in tmp_path.iterdir()] == ["catalog.db"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(CatalogError) as caught:
        Catalog.open(f"sqlite:///{tmp_path}/file/catalog.db")

    expected = f"cannot make the catalog's folder {tmp_path}/file: File exists; set LORA_CATALOG_URL"
    assert str(caught.value) == expected


def test_a_locked_catalog_says_so(tmp_path, monkeypatch):
    path = tmp_path / "catalog.db"
    Catalog.open(f"sqlite:///{path}").close()
    monkeypatch.setattr(engine_module, "LOCK_TIMEOUT_S", 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with Catalog.open(f"sqlite:///{path}") as catalog, pytest.raises(CatalogError) as caught:
        catalog.register_uploads([upload("d1")], NOON)

    other.close()
    expected = (
        f"the catalog sqlite:///{path} is locked: another process wrote to it for 0 s; try again, and with many "
        f"writers put the catalog on PostgreSQL (LORA_CATALOG_URL)"
    )
    assert str(caught.value) == expected


def test_readers_go_on_while_another_process_writes(tmp_path):
    path = tmp_path / "catalog.db"
    with Catalog.open(f"sqlite:///{path}") as catalog:
        catalog.register_uploads([upload("d1")], NOON)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        total = catalog.list_datasets(None).total

        other.close()
    assert total == 1


def test_an_error_holds_nothing_of_the_rows(catalog):
    conversation = " ".join(["a", "private", "conversation"])  # whole it would be in the traceback's source lines

    with pytest.raises(CatalogError) as caught, catalog._writing() as connection:
        connection.execute(text("INSERT INTO notifications (user_id) VALUES (:user_id)"), {"user_id": conversation})

    assert conversation not in "".join(traceback.format_exception(caught.value))


def test_threads_share_a_catalog(catalog):
    ids = [f"d{number}" for number in range(20)]
    threads = [threading.Thread(target=catalog.register_uploads, args=([upload(i)], NOON)) for i in ids]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert catalog.list_datasets(None).total == 20
