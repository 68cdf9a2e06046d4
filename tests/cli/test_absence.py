"""Commands on a catalog, store or lake that is not there: said in one sentence, and nothing is made by asking."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.migrate import HEAD
from tests.card.places import validated
from tests.cli.goldens import run
from tests.installation import local_settings, valid_file

READING = {
    "list": ["datasets", "list"],
    "show": ["datasets", "show", "file"],
    "delete": ["datasets", "delete", "file"],
    "restore": ["datasets", "restore", "file"],
    "retry": ["datasets", "retry", "file"],
    "findings": ["findings", "file"],
    "query": ["query", "SELECT 1"],
    "card": ["card", "file"],
    "jobs list": ["jobs", "list"],
    "jobs show": ["jobs", "show", "a-job"],
    "jobs create": ["jobs", "create", "file", "--model", "Qwen3-8B"],
    "jobs compare": ["jobs", "compare", "file", "--model", "Qwen3-8B"],
    "adopt": ["adopt", "lake"],
}


def _no_catalog(place):
    return (
        f"error: expected a catalog at {place}, found none: check LORA_CATALOG_URL and LORA_DATA_DIR; `lora-pipeline "
        "dev`, `serve`, `demo` or `upload` makes a new one\n"
    )


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_a_mistyped_address_of_the_catalog_is_wrong_use_and_makes_nothing(tmp_path, arguments):
    url = f"sqlite:///{tmp_path}/mistyped/catalog.db"

    result = run(arguments, {"LORA_DATA_DIR": str(tmp_path / "data"), "LORA_CATALOG_URL": url})

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", _no_catalog(url))
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_no_catalog_stays_as_it_is(tmp_path):
    """Neither tables nor a write-ahead log are put into it."""
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()

    result = run(["datasets", "list"], {"LORA_DATA_DIR": str(tmp_path), "LORA_CATALOG_URL": f"sqlite:///{path}"})

    assert (result.exit_code, result.stderr) == (2, _no_catalog(f"sqlite:///{path}"))
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (before, ["some.db"])


@pytest.mark.needs_postgres
def test_an_empty_database_of_postgresql_is_no_catalog(tmp_path, postgres_url):
    import psycopg2

    result = run(["datasets", "list"], {"LORA_DATA_DIR": str(tmp_path), "LORA_CATALOG_URL": postgres_url})

    assert result.exit_code == 2
    assert result.stderr == _no_catalog(postgres_url)
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        assert cursor.fetchone() == (0,)


def test_a_catalog_of_an_earlier_version_is_no_missing_one(tmp_path, monkeypatch):
    """Reading commands migrate it, as they always did."""
    url = Settings(data_dir=tmp_path).catalog_url
    monkeypatch.setattr("pipeline.state.catalog.migrate.HEAD", "0004")
    Catalog.open(url).close()
    monkeypatch.setattr("pipeline.state.catalog.migrate.HEAD", HEAD)

    assert run(["datasets", "list"], {"LORA_DATA_DIR": str(tmp_path)}).exit_code == 0


@pytest.fixture
def used(tmp_path):
    """An installation with a ready dataset, marked; returns its settings and a way to run commands on it."""
    settings = local_settings(tmp_path / "data")
    dataset, _ = validated(settings, valid_file(3), "file.jsonl")
    environment = {"LORA_DATA_DIR": str(settings.data_dir)}
    assert run(["query", "SELECT 1"], environment).exit_code == 0
    return settings, dataset, lambda *arguments, **more: run(arguments, environment | more)


@pytest.mark.parametrize(
    "arguments", [["findings", "file"], ["findings", "file", "--json"], ["card", "file", "-o", "card.html"]]
)
def test_findings_of_a_lake_that_is_not_there_are_an_error_and_not_none(used, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, dataset, command = used
    lake = settings.data_dir / "lake"
    lake.rename(lake.with_name("away"))

    result = command(*arguments, "--owner", "ana")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: ")
    assert dataset.id in result.stderr
    assert "LORA_LAKE" in result.stderr


def test_a_query_whose_warehouse_is_gone_builds_none_without_the_lake(used):
    settings, _, command = used
    settings.warehouse.unlink()
    shutil.rmtree(settings.data_dir / "lake")

    result = command("query", "SELECT count(*) FROM turns")

    assert result.exit_code == 3
    assert result.stderr.startswith(f"error: no warehouse is made at {settings.warehouse}: of 1 datasets")
    assert not settings.warehouse.exists()


def test_a_lake_that_is_lost_is_adopted_and_its_datasets_wait_for_their_validation(used):
    settings, _, command = used
    shutil.rmtree(settings.data_dir / "lake")

    result = command("adopt", "lake")

    assert result.exit_code == 0, result.stderr
    lake = settings.data_dir / "lake"
    assert result.stdout == (f"the lake is {lake} from now on; 1 datasets that it lacks wait for their validation\n")
    assert (lake / ".lora-installation").is_file()
    with Catalog.open(settings.catalog_url) as catalog:
        assert [dataset.status for dataset in catalog.list_datasets("ana").items] == ["validating"]


def test_a_store_that_is_lost_is_adopted(used):
    settings, _, command = used
    shutil.rmtree(settings.data_dir / "uploads")
    other = settings.data_dir / "new.jsonl"
    other.write_bytes(valid_file(2))
    refused = command("upload", str(other), "--owner", "ana")
    assert refused.exit_code == 3
    assert f"expected the store of this installation at {settings.data_dir / 'uploads'}" in refused.stderr
    assert not (settings.data_dir / "uploads").exists()

    assert command("adopt", "store").exit_code == 0

    assert command("upload", str(other), "--owner", "ana").exit_code == 0


def test_a_catalog_that_knows_less_is_adopted(used):
    settings, _, command = used
    url = f"sqlite:///{settings.data_dir / 'new.db'}"
    Catalog.open(url).close()

    result = command("adopt", "catalog", LORA_CATALOG_URL=url)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"published {settings.warehouse} from {url}: 0 datasets\n"
    assert command("query", "SELECT count(*) AS n FROM datasets", "--json").stdout == '{"n":0}\n'
