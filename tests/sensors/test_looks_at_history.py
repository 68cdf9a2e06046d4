"""What a sensor asks of the catalog reads what is open or new, not all that ever was.

Indexes tell how rows are found, whatever the load of the machine and however few rows there are.
"""

import pytest
from sqlalchemy import Engine

from pipeline.clock import utc_now
from tests.installation import valid_file
from tests.state.catalog.statements_seen import plan_of, statements_seen

GROWING = ("datasets", "training_plans", "training_jobs", "cost_records", "dataset_events", "notifications")
# Indexes that hold nothing of what is settled.
OF_OPEN = ("ix_training_plans_open", "ix_datasets_undecided", "ix_datasets_unplanned", "ix_notifications_unread")


@pytest.fixture
def settled(installation):
    """An installation whose sensors have looked, after all that they asked for is done."""
    installation.drop("a.jsonl", valid_file())
    installation.ingest()
    installation.plan()
    installation.run("publish")
    for sensor in installation.repository.sensor_defs:
        installation.tick(sensor.name)
    return installation


def read_whole(engine, statement):
    """The tables that it reads from end to end: scanned, or searched for a maximum without an index."""
    if not statement.text.startswith(("SELECT", "INSERT INTO datasets")) or not _names_one(statement.text):
        return []
    small = (*OF_OPEN, "ix_datasets_created_at") if "LIMIT" in statement.text else OF_OPEN  # the newest ends it
    steps = [step for step in plan_of(engine, statement).splitlines() if not any(index in step for index in small)]
    return [table for table in GROWING if f"SEARCH {table}" in steps or _has_scan(table, steps)]


def _names_one(text):
    return any(f" {table}" in text for table in GROWING)


def _has_scan(table, steps):
    return any(step.startswith(f"SCAN {table}") for step in steps)


def test_no_sensor_reads_a_table_that_grows_from_end_to_end(settled):
    settled.drop("a.jsonl", valid_file(seed=2))  # it replaces the first
    read = {}
    for sensor in settled.repository.sensor_defs:
        with statements_seen(Engine) as seen:
            settled.tick(sensor.name)
        with settled.catalog() as catalog:
            read[sensor.name] = [(read_whole(catalog._engine, each), each.text) for each in seen]

    assert {name: [each for each in found if each[0]] for name, found in read.items() if any(t for t, _ in found)} == {}
    assert all(" datasets" in " ".join(text for _, text in read[name]) for name in ("failed_runs", "ready_datasets"))


def test_a_question_about_all_jobs_is_seen(settled):
    with settled.catalog() as catalog:
        with statements_seen(catalog._engine) as seen:
            catalog.mark_stale_jobs(utc_now())
            catalog.mark_stale_jobs(utc_now(), since=utc_now())

        assert [read_whole(catalog._engine, each) for each in seen] == [["training_jobs"], []]
