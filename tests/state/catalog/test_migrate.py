"""Promises of `pipeline.state.catalog.migrate` and of the revisions."""

import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from pipeline.errors import CatalogError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.catalog_engine import catalog_url, make_engine
from pipeline.state.catalog.migrate import HEAD, MIGRATIONS_DIR, migrate
from pipeline.state.catalog.notices import Notice
from pipeline.state.catalog.tables import metadata
from tests.state.catalog.examples import NOON, tell, upload
from tests.state.catalog.statements_seen import statements_seen

pytestmark = pytest.mark.usefixtures("real_migrations")


def test_head_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_that_the_code_declares(empty_url):
    Catalog.open(empty_url).close()

    engine = make_engine(catalog_url(empty_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_the_migrations_make_the_same_constraints_and_indices(empty_url):
    """Alembic does not compare CHECKs, conditions of indices or deferred keys, so the databases are compared."""
    Catalog.open(empty_url).close()
    migrated = make_engine(catalog_url(empty_url))
    found = {name: each for name, each in _definitions(migrated).items() if not name.startswith("tr_")}

    with migrated.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    declared = _definitions(migrated)
    migrated.dispose()

    assert found == declared


def test_a_catalog_that_is_up_to_date_opens_with_one_look_and_without_alembic(url):
    """On the path of every command: nothing is written, no lock is asked for, nothing large is imported."""
    Catalog.open(url).close()
    script = (
        "import sys\n"
        "from pipeline.state.catalog.catalog import Catalog\n"
        "Catalog.open(sys.argv[1]).close()\n"
        "print('alembic' in sys.modules)\n"
    )
    engine = make_engine(catalog_url(url))

    done = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=True)
    with statements_seen(engine) as seen:
        migrate(engine)
    engine.dispose()

    assert done.stdout == "False\n"
    texts = [each.text.strip() for each in seen]
    assert [each for each in texts if not re.match("select|pragma|show", each, re.IGNORECASE)] == []
    assert [each for each in texts if "advisory" in each] == []
    assert texts.count("SELECT version_num FROM alembic_version") == 1


def test_processes_that_open_a_new_catalog_together_all_succeed(empty_url):
    script = (
        "import sys, time\n"
        "from pipeline.state.catalog.catalog import Catalog\n"
        "from tests.state.catalog.examples import NOON, READY, upload\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "Catalog.open(sys.argv[1]).register_uploads([upload('d1')], NOON)\n"
    )
    together = str(time.time() + 2)

    processes = [subprocess.Popen([sys.executable, "-c", script, empty_url, together]) for _ in range(3)]

    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    with Catalog.open(empty_url) as catalog:
        assert catalog.list_datasets(None).total == 1


def test_threads_that_open_a_new_catalog_together_all_succeed(tmp_path):
    """The sensors of a new installation, whose first ticks are threads of one process."""
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    begin = threading.Barrier(6)

    def open_it() -> str:
        begin.wait()
        with Catalog.open(url) as catalog:
            return str(catalog.list_datasets(None).total)

    with ThreadPoolExecutor(6) as threads:
        found = [future.result() for future in [threads.submit(open_it) for _ in range(6)]]

    assert found == ["0"] * 6


def test_a_catalog_of_a_newer_version_is_refused(empty_url):
    Catalog.open(empty_url).close()
    engine = make_engine(catalog_url(empty_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(CatalogError) as caught:
        Catalog.open(empty_url)

    expected = f"has revision 9999, this program knows up to {HEAD}: a newer version made it; upgrade this installation"
    assert str(caught.value).endswith(expected)


def test_a_migration_that_fails_leaves_nothing_behind(empty_url, monkeypatch):
    monkeypatch.setattr("pipeline.state.catalog.migrate.HEAD", "no-such-revision")

    with pytest.raises(CatalogError):
        Catalog.open(empty_url)

    monkeypatch.undo()
    with Catalog.open(empty_url) as catalog:
        assert catalog.register_uploads([upload("d1")], NOON) == ["d1"]


def test_what_was_told_before_there_were_jobs_is_still_there(empty_url, monkeypatch):
    monkeypatch.setattr("pipeline.state.catalog.migrate.HEAD", "0001")
    Catalog.open(empty_url).close()
    engine = make_engine(catalog_url(empty_url))
    with engine.execution_options(catalog_writes=True).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO datasets (id, user_id, name, status, storage_bucket, storage_path, file_name, file_size, "
                "content_version, training_ready, run_id, attempt, created_at, updated_at) VALUES ('d1', 'ann', 'd1', "
                "'ready', 'bucket', 'uploads/ann/d1.jsonl', 'd1.jsonl', 5, 'v1', true, 'run-1', 1, "
                "'2026-03-01 12:00:00', '2026-03-01 12:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO notifications (user_id, dataset_id, kind, dedupe_key, title, message, created_at) "
                "VALUES ('ann', 'd1', 'dataset_ready', 'key', 'd1 is ready', 'All is well.', '2026-03-01 12:00:00')"
            )
        )
    engine.dispose()
    monkeypatch.undo()

    with Catalog.open(empty_url) as catalog:
        assert [(n.title, n.webhook_attempt) for n in catalog.notifications("ann")] == [("d1 is ready", 0)]
        assert [dataset.id for dataset in catalog.unplanned(10, NOON)] == ["d1"]
        tell(catalog, "d1", Notice("training_jobs_ready", "key", "title", "message"), NOON)
        assert [n.kind for n in catalog.notifications("ann")] == ["training_jobs_ready", "dataset_ready"]


def test_what_was_planned_before_plans_were_noted_at_the_dataset_is_not_planned_again(empty_url, monkeypatch):
    monkeypatch.setattr("pipeline.state.catalog.migrate.HEAD", "0018")
    Catalog.open(empty_url).close()
    engine = make_engine(catalog_url(empty_url))
    insert = (
        "INSERT INTO datasets (id, user_id, name, status, storage_bucket, storage_path, file_name, file_size, "
        "training_ready, run_id, attempt, created_at, updated_at) VALUES (:id, 'ann', :id, 'ready', 'bucket', :id, "
        "'d.jsonl', 5, true, 'run-2', 0, '2026-03-01 12:00:00', '2026-03-01 12:00:00')"
    )
    plan = (
        "INSERT INTO training_plans (dataset_id, validation_run_id, status, attempt, updated_at) "
        "VALUES (:id, :run, :status, 0, '2026-03-01 12:00:00')"
    )
    plans = (("planned", "run-2", "planned"), ("older", "run-1", "planned"), ("open", "run-2", "requested"))
    with engine.execution_options(catalog_writes=True).begin() as connection:
        for dataset_id, run, status in plans:
            connection.execute(text(insert), {"id": dataset_id})
            connection.execute(text(plan), {"id": dataset_id, "run": run, "status": status})
    engine.dispose()
    monkeypatch.undo()

    with Catalog.open(empty_url) as catalog:
        assert {dataset.id for dataset in catalog.unplanned(10, NOON)} == {"older", "open"}


def _definitions(engine):
    """Everything the database says about its tables, in its own words."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
        return {name: _normal(sql) for name, sql in rows if name != "alembic_version"}
    listed = ", ".join(f"'{name}'" for name in metadata.tables)
    queries = (
        f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({listed})",
        f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text IN ({listed})",
    )
    with engine.connect() as connection:
        named = {name: sql for query in queries for name, sql in connection.execute(text(query))}
        inspector = inspect(connection)
        columns = {name: repr(inspector.get_columns(name)) for name in metadata.tables}
    return named | columns


def _normal(sql):
    """One blank between words, and a table's constraints in any order."""
    flat = re.sub(r"\s+", " ", sql)
    head, _, body = flat.partition("(")
    return head, sorted(part.strip(" )") for part in re.split(r",(?![^()]*\))", body))
