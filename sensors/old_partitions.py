"""Takes the oldest datasets out of Dagster's sets of partitions; which may go is decided in `flow/retiring.py`."""

import dagster as dg

from assets.partitions import DATASETS, READY_DATASETS
from pipeline.flow.retiring import named_by_runs, to_retire
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.wording import count_of
from resources.upload_store import UploadStore
from sensors.coverage import UNFINISHED
from sensors.intervals import at_most_every
from sensors.pausing import outage, waits

_SETS = (DATASETS, READY_DATASETS)


@dg.sensor(
    name="old_partitions",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=at_most_every(30),
    description="Takes the oldest decided datasets out of the sets of partitions, beyond LORA_PARTITIONS_KEPT.",
)
def old_partitions(
    context: dg.SensorEvaluationContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult:
    """Bound both sets; what is under way, or asked for, stays."""
    if reason := outage(store.connect(), catalog, lake, settings):
        return waits(reason, context.cursor)
    kept = settings.partitions_kept
    requests = []
    retired = 0
    for partitions in _SETS:
        order = context.instance.get_dynamic_partitions(str(partitions.name))
        if len(order) <= kept:
            continue
        runs = context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        busy = named_by_runs(order, [run.tags for run in runs])
        keys = to_retire(order, kept, busy, catalog.settled_partitions)
        if keys:
            requests.append(partitions.build_delete_request(keys))
            retired += len(keys)
    none = f"at most {count_of(kept, 'partition')}: none retires"
    told = f"{count_of(retired, 'partition')} retired" if retired else none
    return dg.SensorResult(skip_reason=told, dynamic_partitions_requests=requests)
