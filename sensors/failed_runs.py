"""Asks again for what a failed run left undone, and calls a person when that does not help."""

import dagster as dg

from assets.jobs import INGEST
from pipeline.catalog.catalog import Catalog
from pipeline.retries import after_failure
from pipeline.settings import Settings
from pipeline.validation import utc_now
from sensors.coverage import covered_by
from sensors.intervals import at_most_every
from sensors.new_uploads import PARTITION_SET


@dg.run_failure_sensor(
    name="failed_runs",
    monitored_jobs=[INGEST],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=at_most_every(5),
    description="Sends datasets of failed runs back to the queue, at most as often as LORA_MAX_ATTEMPTS says.",
)
def failed_runs(
    context: dg.RunFailureSensorContext,
    catalog: dg.ResourceParam[Catalog],
    settings: dg.ResourceParam[Settings],
) -> None:
    """For each failed run, decide what becomes of its datasets."""
    order = list(context.instance.get_dynamic_partitions(PARTITION_SET))
    covered = covered_by(context.dagster_run, order)
    result = after_failure(catalog, covered, context.failure_event.message or "the run failed", settings, utc_now())
    context.log.info(f"{len(result.again)} datasets are asked for again, {len(result.given_up)} need a person")
