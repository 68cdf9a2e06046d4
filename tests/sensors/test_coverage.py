"""Which datasets a run covers, and which runs still live."""

from datetime import timedelta

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from pipeline.validation import utc_now
from sensors.coverage import covered_by, in_progress

START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def test_a_run_covers_its_range_or_its_partition():
    """Both kinds of runs tell which datasets they cover; a range that is unknown here covers nothing."""
    order = ["a", "b", "c"]

    assert covered_by(dg.DagsterRun("ingest", tags={START: "a", END: "b"}), order) == ["a", "b"]
    assert covered_by(dg.DagsterRun("ingest", tags={"dagster/partition": "c"}), order) == ["c"]
    assert covered_by(dg.DagsterRun("ingest", tags={START: "a", END: "gone"}), order) == []
    assert covered_by(dg.DagsterRun("ingest"), order) == []


def _add_run(instance, key, status):
    run = dg.DagsterRun("ingest", status=status, tags={"dagster/partition": key})
    instance.add_run(run)
    return run


def test_waiting_and_living_runs_are_in_progress_finished_and_dead_ones_are_not(installation):
    """A run whose process died with its machine stays STARTED for ever."""
    instance = installation.instance
    for status in [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]:
        _add_run(instance, status.value.lower(), status)
    started = _add_run(instance, "started", dg.DagsterRunStatus.STARTING)
    event = DagsterEvent(DagsterEventType.RUN_START.value, "ingest", message="started")
    instance.report_dagster_event(event, started.run_id)

    assert in_progress(instance, utc_now(), stuck_after_s=900) == {"not_started", "started"}
    assert in_progress(instance, utc_now() + timedelta(seconds=901), stuck_after_s=900) == {"not_started"}
