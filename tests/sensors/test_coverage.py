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


BEGUN = {
    "NOT_STARTED": None,
    "STARTING": DagsterEventType.RUN_STARTING,
    "STARTED": DagsterEventType.RUN_START,
    "SUCCESS": DagsterEventType.RUN_SUCCESS,
    "FAILURE": DagsterEventType.RUN_FAILURE,
}


def test_queued_runs_and_those_begun_lately_are_in_progress(installation):
    """A run whose process died stays as it was for ever; one in the queue may wait for long."""
    installation.enqueue("ingest", {"dagster/partition": "QUEUED"})
    for status, event in BEGUN.items():
        run = dg.DagsterRun("ingest", tags={"dagster/partition": status})
        installation.instance.add_run(run)
        if event:
            installation.instance.report_dagster_event(DagsterEvent(event.value, "ingest"), run.run_id)
    later = utc_now() + timedelta(seconds=901)

    assert in_progress(installation.instance, utc_now(), stuck_after_s=900) == {
        "QUEUED",
        "NOT_STARTED",
        "STARTING",
        "STARTED",
    }
    assert in_progress(installation.instance, later, stuck_after_s=900) == {"QUEUED"}
