"""Publishes the warehouse soon after something changed, once for many changes."""

import dagster as dg

from assets.jobs import PUBLISH
from pipeline.catalog.catalog import Catalog
from pipeline.validation import utc_now
from sensors.coverage import UNFINISHED
from sensors.intervals import at_most_every


@dg.sensor(
    job=PUBLISH,
    name="stale_warehouse",
    minimum_interval_seconds=at_most_every(15),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a publication when the catalog changed since the last one.",
)
def stale_warehouse(
    context: dg.SensorEvaluationContext, catalog: dg.ResourceParam[Catalog]
) -> dg.SensorResult | dg.SkipReason:
    """Compare the catalog's last change with the one that was published last."""
    catalog.note_look(context.sensor_name, utc_now())
    change = catalog.last_change()
    if change is None or change.isoformat() == context.cursor:
        return dg.SkipReason("nothing changed since the last publication")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=PUBLISH.name, statuses=UNFINISHED)):
        return dg.SkipReason("a publication is under way")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=change.isoformat())], cursor=change.isoformat())
