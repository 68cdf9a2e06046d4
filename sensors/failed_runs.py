"""Looks after what runs were asked for: what they left undone is asked for again."""

import dagster as dg

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.tries import WORKS
from pipeline.retries import settle
from pipeline.settings import Settings
from pipeline.validation import utc_now
from sensors.coverage import fates
from sensors.intervals import at_most_every


@dg.sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=at_most_every(5),
    description="Sends what runs left undone back to the queue; a dataset at which a process died loses an attempt.",
)
def failed_runs(
    context: dg.SensorEvaluationContext,
    catalog: dg.ResourceParam[Catalog],
    settings: dg.ResourceParam[Settings],
) -> dg.SkipReason:
    """Compare the requests without an outcome with the runs that Dagster knows."""
    released = crashed = 0
    for work in WORKS:
        requests = catalog.open_requests(work)
        keys = {each.request_key for each in requests if each.request_key}
        found = fates(context.instance, keys, utc_now(), settings.stuck_after_s)
        settled = settle(catalog, work, requests, found, settings, utc_now())
        released, crashed = released + len(settled.released), crashed + len(settled.crashed)
    return dg.SkipReason(f"{released} datasets are asked for again, {crashed} were at work when a process died")
