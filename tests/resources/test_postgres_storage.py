"""Dagster's storage on PostgreSQL with kept connections: what it keeps, and that a connection is never a wrong one."""

import multiprocessing
import shutil

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_postgres import PostgresEventLogStorage

from pipeline.settings import PROJECT_DIR
from resources.postgres_storage import PooledPostgresEventLogStorage
from tests.installation import bad_file, dagster_home, installation, make_installation, valid_file
from tests.resources.kept_events import events_of_every_kind, kept

__all__ = ["dagster_home", "installation", "make_installation"]

pytestmark = pytest.mark.needs_postgres


@pytest.fixture
def instance(tmp_path, postgres_server, monkeypatch):
    """One by `deploy/dagster-postgres.yaml`, on a database of its own."""
    url = sa.make_url(postgres_server.new_database())
    said = {"HOST": url.host, "PORT": str(url.port), "USER": "postgres", "PASSWORD": "trusted", "DB": url.database}
    for name, value in said.items():
        monkeypatch.setenv(f"DAGSTER_PG_{name}", value)
    shutil.copyfile(PROJECT_DIR / "deploy" / "dagster-postgres.yaml", tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


def backend(storage):
    """The process of the server that a connection is to."""
    with storage._connect() as connection:
        return connection.scalar(sa.text("SELECT pg_backend_pid()"))


def messages(instance, run_id):
    return [record.event_log_entry.message for record in instance.get_records_for_run(run_id).records]


def test_all_instances_of_a_process_use_the_same_connection(instance, tmp_path):
    """Each tick of each sensor makes an instance."""
    with dg.DagsterInstance.from_config(str(tmp_path)) as other:
        backends = {backend(each.event_log_storage) for each in (instance, other, instance)}
        with other.run_storage.connect() as connection:
            backends.add(connection.scalar(sa.text("SELECT pg_backend_pid()")))

    assert isinstance(instance.event_log_storage, PooledPostgresEventLogStorage)
    assert len(backends) == 1


def test_it_keeps_of_each_event_what_dagsters_own_keeps(installation, postgres_server):
    installation.drop("good.jsonl", valid_file())
    installation.drop("bad.jsonl", bad_file())
    events = events_of_every_kind(installation)
    urls = [postgres_server.new_database().replace("postgresql:", "postgresql+psycopg2:") for _ in "12"]
    theirs, ours = PostgresEventLogStorage(urls[0]), PooledPostgresEventLogStorage(urls[1])

    for storage in (theirs, ours):
        for event in events:
            storage.store_event(event)

    assert kept(ours) == (expected := kept(theirs))
    assert min(map(len, expected.values())) > 5


def test_an_asset_is_there_with_its_tags_or_without(instance, monkeypatch):
    """A server that goes away between the two. The event itself is there: as with Dagster's own, it comes first."""
    monkeypatch.setattr(PooledPostgresEventLogStorage, "_store_asset", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        instance.report_runless_asset_event(dg.AssetMaterialization("uploads", tags={"dagster/data_version": "1"}))
    monkeypatch.undo()

    found = kept(instance.event_log_storage)

    assert (len(found["event_logs"]), found["asset_event_tags"], found["asset_keys"]) == (1, [], [])


def test_it_goes_on_after_the_server_was_restarted(instance, postgres_server):
    instance.report_engine_event("before", run_id="one", job_name="ingest")

    postgres_server.stop_hard()
    postgres_server.start()
    instance.report_engine_event("after", run_id="one", job_name="ingest")

    assert messages(instance, "one") == ["before", "after"]


def _write(instance, run_id):
    for number in range(50):
        instance.report_engine_event(f"event {number}", run_id=run_id, job_name="ingest")


def test_a_forked_process_has_connections_of_its_own(instance):
    """Runs are forked from a process that has everything imported."""
    _write(instance, "before")
    child = multiprocessing.get_context("fork").Process(target=_write, args=(instance, "child"))
    child.start()
    _write(instance, "parent")
    child.join()

    assert child.exitcode == 0
    assert [len(messages(instance, run_id)) for run_id in ("child", "parent")] == [50, 50]
