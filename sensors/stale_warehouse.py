"""Publishes the warehouse soon after something changed, once for many changes, until it has succeeded."""

from datetime import datetime, timedelta
from itertools import takewhile

import dagster as dg

from assets.asset_jobs import CAUSE, PUBLISH
from assets.warehouse_asset import CHANGES_ONLY, LAST_CHANGE
from pipeline.clock import utc_now
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.wording import time_of_day
from resources.upload_store import UploadStore
from sensors.coverage import UNFINISHED
from sensors.intervals import at_most_every
from sensors.pausing import outage

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)
_LOOKED_AT = 10  # runs; after as many failures the pause is the longest
_WAITING = "waiting"  # the cursor while store, catalog or lake do not answer


@dg.sensor(
    job=PUBLISH,
    name="stale_warehouse",
    minimum_interval_seconds=at_most_every(15),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a publication until the last one that succeeded has the catalog's last change. Waits while "
    "store, catalog or lake do not answer.",
)
def stale_warehouse(
    context: dg.SensorEvaluationContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult:
    """Compare the catalog's last change with the one that was published last.

    The published one is what the materialization says: a run that was asked for, and failed, published nothing.
    """
    if reason := outage(store.connect(), catalog, lake, settings):
        return _skip(f"waiting: {reason}", _WAITING)
    catalog.note_look(context.sensor_name, utc_now())
    change = catalog.last_change()
    if change is None or change.isoformat() == _published(context.instance):
        return _skip("nothing changed since the last publication", context.cursor)
    if context.instance.get_runs_count(dg.RunsFilter(job_name=PUBLISH.name, statuses=UNFINISHED)):
        return _skip("a publication is under way", context.cursor)
    failed = _failed_in_a_row(context.instance)
    next_at = _next_at(context.instance, settings)
    if not failed and next_at and utc_now() < next_at:
        return _skip(f"published just now; the next is at {time_of_day(next_at, seconds=True)}", "")
    # What answers again is asked at once; what fails though all answer, with a growing pause.
    again_at = failed[0].update_timestamp + _pause(len(failed)) if failed and context.cursor != _WAITING else None
    if again_at and utc_now() < again_at:
        return _skip(
            f"the last publication failed; the next is at {time_of_day(again_at, seconds=True)}", context.cursor
        )
    # With the run that failed last: it is asked for again although the catalog has not changed.
    run_key = f"{change.isoformat()} {failed[0].dagster_run.run_id if failed else ''}".rstrip()
    # After a failure, and every hour, a thorough look finds what was lost without a change of the catalog.
    run_config = {} if failed else CHANGES_ONLY
    cause = f"the catalog changed at {time_of_day(change, seconds=True)}"
    tags = {CAUSE: f"{cause}; the last publication failed" if failed else cause}
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key, run_config=run_config, tags=tags)], cursor="")


def _skip(reason: str, cursor: str | None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=cursor)


def _published(instance: dg.DagsterInstance) -> str | None:
    event = instance.get_latest_materialization_event(dg.AssetKey("warehouse"))
    found = event.asset_materialization.metadata.get(LAST_CHANGE) if event and event.asset_materialization else None
    return str(found.value) if found else None


def _next_at(instance: dg.DagsterInstance, settings: Settings) -> datetime | None:
    """When the next publication may begin; None before there was one. While uploads stream in, all else would be runs
    of this job.
    """
    records = instance.get_run_records(dg.RunsFilter(job_name=PUBLISH.name), limit=1)
    return records[0].create_timestamp + timedelta(seconds=settings.publication_pause_s) if records else None


def _failed_in_a_row(instance: dg.DagsterInstance) -> list[dg.RunRecord]:
    """The publications that failed since the last that succeeded, newest first."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    records = instance.get_run_records(dg.RunsFilter(job_name=PUBLISH.name, statuses=ended), limit=_LOOKED_AT)
    return list(takewhile(lambda record: record.dagster_run.status == dg.DagsterRunStatus.FAILURE, records))


def _pause(failures: int) -> timedelta:
    longest: timedelta = min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
    return longest
