"""Dagster's storages on SQLite open their files once a process, and find what others wrote meanwhile."""

import sqlite3
import threading

import dagster as dg
import pytest

from resources.dagster_internals import InstigatorType
from tests.installation import dagster_home, installation, make_installation, valid_file

__all__ = ["dagster_home", "installation", "make_installation"]


def _questions(instance):
    instance.get_runs(limit=1)
    instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    instance.get_daemon_heartbeats()
    instance.has_dynamic_partition("datasets", "a")


def test_a_question_opens_no_file_that_was_open(installation, monkeypatch):
    _questions(installation.instance)
    opened = []
    connect = sqlite3.dbapi2.connect
    monkeypatch.setattr(
        sqlite3.dbapi2, "connect", lambda *args, **kwargs: opened.append(args) or connect(*args, **kwargs)
    )

    _questions(installation.instance)

    assert opened == []


@pytest.fixture
def other(installation, monkeypatch):
    """As another process has it."""
    monkeypatch.setenv("DAGSTER_HOME", str(installation.settings.dagster_home))
    return dg.DagsterInstance.from_config(str(installation.settings.dagster_home))


def test_a_closed_instance_holds_no_file_open(other):
    with other as instance:
        _questions(instance)
        storages = (instance.run_storage, instance.event_log_storage)  # Dagster does not close that of schedules
        pools = [storage._engine.pool for storage in storages]
        assert [pool.checkedin() for pool in pools] == [1, 1]

    assert [storage._engine for storage in storages] == [None, None]
    assert [pool.checkedin() for pool in pools] == [0, 0]


def test_what_another_process_writes_is_found(installation, other):
    """The daemon, the UI and runs have a pool each."""
    with other:
        _questions(other)
        installation.drop("file.jsonl", valid_file())
        [run] = installation.ingest()
        assert other.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.SUCCESS


def test_as_many_threads_as_there_are_find_a_connection(installation):
    """The daemon's pools of threads are larger than what is kept; none of them waits for another."""
    storage = installation.instance.schedule_storage
    together = threading.Barrier(20, timeout=60)

    def ask():
        with storage.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM instigators").fetchall()
            together.wait()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not together.broken
    assert storage._engine.pool.checkedin() <= 4
