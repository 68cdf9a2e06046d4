"""Has the lake folded when many small datasets that are published have files of their own."""

import dagster as dg

from assets.asset_jobs import CAUSE, FOLD
from assets.folded_lake_asset import CHANGES_ONLY
from assets.warehouse_asset import UNFOLDED
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.wording import count_of
from resources.upload_store import UploadStore
from sensors.coverage import UNFINISHED
from sensors.intervals import at_most_every
from sensors.pausing import outage, waits


@dg.sensor(
    job=FOLD,
    name="unfolded_datasets",
    minimum_interval_seconds=at_most_every(30),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for the lake to be folded when more than LORA_FOLD_AFTER small datasets that are published have "
    "files of their own. Waits while store, catalog or lake do not answer.",
)
def unfolded_datasets(
    context: dg.SensorEvaluationContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult:
    """Ask once for each publication that says so; what is folded shows in the next one, which the run ends with."""
    if reason := outage(store.connect(), catalog, lake, settings):
        return waits(reason, context.cursor)
    published = _published(context.instance)
    if published is None or published[1] <= settings.fold_after:
        return dg.SensorResult(skip_reason=f"at most {count_of(settings.fold_after, 'dataset')} to fold")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=FOLD.name, statuses=UNFINISHED)):
        return dg.SensorResult(skip_reason="the lake is being folded")
    run_id, count = published
    tags = {CAUSE: f"{count_of(count, 'dataset')} with files of their own"}
    return dg.SensorResult(run_requests=[dg.RunRequest(f"after {run_id}", run_config=CHANGES_ONLY, tags=tags)])


def _published(instance: dg.DagsterInstance) -> tuple[str, int] | None:
    """The run of the last publication, and how many datasets it found that could be folded."""
    event = instance.get_latest_materialization_event(dg.AssetKey("warehouse"))
    found = event.asset_materialization.metadata.get(UNFOLDED) if event and event.asset_materialization else None
    return (
        (event.run_id, int(found.value)) if event and isinstance(found, dg.IntMetadataValue) and found.value else None
    )
