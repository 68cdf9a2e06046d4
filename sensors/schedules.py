"""What the clock asks for: reconciliation, publication, folding, expiry."""

import dagster as dg

from assets.asset_jobs import CAUSE, FOLD, PUBLISH
from pipeline.clock import utc_now
from pipeline.flow.expiry import expire_uploads
from pipeline.flow.reconcile import reconcile
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.ignored import describe_row
from pipeline.state.lake import Lake
from resources.upload_store import UploadStore


@dg.op(name="compare_store_catalog_and_lake")
def _reconcile(
    context: dg.OpExecutionContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Send back to validation what got lost; the sensor's next tick asks for the runs."""
    now = utc_now()
    found = reconcile(store.connect(), catalog, lake, settings, now)
    lake.sweep(now)
    context.log.info(found.summary())
    context.add_output_metadata(
        {
            "registered": len(found.registered),
            "confirmed": len(found.confirmed),
            "tried_again": found.retried,
            "lost": len(found.lost),
            "ignored": found.ignored.total,
            "ignored_files": [describe_row(each) for each in found.ignored.items],
        }
    )


@dg.op(name="expire_unconfirmed_uploads")
def _expire(
    context: dg.OpExecutionContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Confirm uploads that are whole and were never confirmed; give up the others, and tell their owners."""
    expired = expire_uploads(store.connect(), catalog, settings, utc_now())
    context.log.info(f"{len(expired.confirmed)} uploads confirmed by themselves, {len(expired.given_up)} given up")
    context.add_output_metadata({"confirmed": len(expired.confirmed), "given_up": len(expired.given_up)})


@dg.job(name="reconcile", description="Compares store, catalog and lake, and redoes what got lost.")
def reconcile_job() -> None:
    """One op: it is the run's log that is wanted."""
    _reconcile()


@dg.job(name="expire_uploads", description="Confirms whole uploads that nobody confirmed, expires the others.")
def expire_job() -> None:
    """One op."""
    _expire()


_RUNNING = dg.DefaultScheduleStatus.RUNNING
SCHEDULES = [
    dg.ScheduleDefinition(
        "daily_reconcile",
        job=reconcile_job,
        cron_schedule="30 3 * * *",
        default_status=_RUNNING,
        description="Once a day: find and redo what got lost.",
    ),
    dg.ScheduleDefinition(
        "hourly_publication",
        job=PUBLISH,
        cron_schedule="5 * * * *",
        tags={CAUSE: "the clock, once an hour"},
        default_status=_RUNNING,
        description="Once an hour: publish the warehouse, whatever the sensor saw.",
    ),
    dg.ScheduleDefinition(
        "daily_folding",
        job=FOLD,
        cron_schedule="0 4 * * *",
        tags={CAUSE: "the clock, once a day"},
        default_status=_RUNNING,
        description="Once a day: fold what is left, make damaged folded files anew, remove those that no view needs.",
    ),
    dg.ScheduleDefinition(
        "hourly_expiry",
        job=expire_job,
        cron_schedule="20 * * * *",
        default_status=_RUNNING,
        description="Once an hour: give up on uploads that were never confirmed.",
    ),
]
