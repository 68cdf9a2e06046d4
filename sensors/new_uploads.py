"""Sees uploads arrive, and asks for runs that validate them, many datasets in one run."""

from collections.abc import Collection, Sequence

import dagster as dg

from assets.asset_jobs import INGEST
from assets.intake_batch_report import batch_of_uploads
from assets.partitions import DATASETS, REQUEST_TAG
from pipeline.clock import utc_now
from pipeline.errors import QueueError
from pipeline.flow.arrivals import Patience, notice, watch
from pipeline.flow.batches import MOST_OF_AN_HOUR, batch_key
from pipeline.flow.intake import PlannedRun, in_batches, missing_partitions, plan_runs, worth_asking
from pipeline.flow.scan import Cursor
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset, IgnoredPage
from pipeline.state.catalog.ignored import describe_row
from pipeline.state.lake import Lake
from pipeline.state.store import Store
from resources.upload_store import UploadStore
from sensors.coverage import queued_runs
from sensors.intervals import at_most_every
from sensors.pausing import outage, queue_outage, waits

PARTITION_SET = str(DATASETS.name)
_TO_BE_LISTED = Cursor().to_json()  # what the queue was told while it was away may be lost
_NAMED = 3  # ignored files that a tick's page names
_TOLD = 10  # unreadable uploads and messages that a tick's log names: it is said again at each look


def new_uploads_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor, looking every `interval_s` seconds."""

    @dg.sensor(
        job=INGEST,
        name="new_uploads",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers uploads that appear in the store and starts their validation.",
    )
    def new_uploads(
        context: dg.SensorEvaluationContext,
        store: UploadStore,
        catalog: dg.ResourceParam[Catalog],
        lake: dg.ResourceParam[Lake],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        connected = store.connect()
        if reason := outage(connected, catalog, lake, settings):
            return waits(reason, context.cursor)
        if reason := queue_outage(settings):
            return waits(reason, _TO_BE_LISTED)
        last_look = catalog.looks().get(context.sensor_name)
        catalog.note_look(context.sensor_name, utc_now())
        cursor = Cursor.from_json(context.cursor)
        try:
            seen, waiting = watch(
                lambda from_there: notice(connected, catalog, settings, from_there, utc_now(), last_look),
                lambda: catalog.unrequested(settings.tick_max_uploads, utc_now()),
                cursor,
                Patience(settings.look_again_s, is_listing_free=not connected.is_atomic),
            )
        except QueueError as error:
            return waits(str(error), _TO_BE_LISTED)
        for message in seen.warnings[:_TOLD]:
            context.log.warning(message)
        now = utc_now()
        order = list(context.instance.get_dynamic_partitions(PARTITION_SET)) if waiting else []
        known = set(order)
        if settings.partition_by == "hour":
            first, most = batch_key(now, 0), batch_key(now, MOST_OF_AN_HOUR)
            # Dagster may know later ones than a catalog that was lost, or brought back from a copy.
            numbered = [key for key in (catalog.last_batch(first, most), *order) if key and first <= key <= most]
            waiting = in_batches(waiting, max(numbered, default=None), known.__contains__, settings, now)
        if not waiting:
            ignored = catalog.list_ignored(None, limit=_NAMED)
            return dg.SensorResult(skip_reason=_nothing_new(seen.told, ignored), cursor=seen.cursor.to_json())
        added = missing_partitions(waiting, known.__contains__)
        queued = queued_runs(context.instance, INGEST.name)
        runs = worth_asking(plan_runs(waiting, [*order, *added], settings, now), queued, settings)
        # Noted before Dagster has stored the requests: if it fails to, the sensor of failed runs asks again, while
        # noting them later would ask twice whenever a new upload changes the batches.
        shared = {each.id: each.partition for each in waiting if each.partition != each.id}
        runs = [run for run in runs if catalog.mark_requested(run.batch.dataset_ids, run.run_key, now, shared)]
        added = worth_adding(added, runs, shared.values())
        return dg.SensorResult(
            skip_reason=None if runs else f"{len(waiting):,} uploads wait for the run that is queued",
            run_requests=[run_request(run) for run in runs],
            dynamic_partitions_requests=[DATASETS.build_add_request(added)] if added else [],
            asset_events=upload_events(waiting, added, catalog, connected),
            cursor=seen.cursor.to_json(),
        )

    return new_uploads


def _nothing_new(told: str, ignored: IgnoredPage) -> str:
    if not ignored.items:
        return told
    named = "; ".join(describe_row(each) for each in ignored.items)
    return f"{told}; {ignored.total:,} ignored (all: lora-pipeline datasets ignored): {named}"


def run_request(run: PlannedRun) -> dg.RunRequest:
    """A run over the range of the batch's partitions."""
    return dg.RunRequest(
        run_key=run.run_key,
        tags={
            "dagster/asset_partition_range_start": run.batch.first_key,
            "dagster/asset_partition_range_end": run.batch.last_key,
            "lora/datasets": str(len(run.batch.dataset_ids)),
            REQUEST_TAG: run.run_key,
        },
    )


def worth_adding(keys: Sequence[str], runs: Sequence[PlannedRun], shared: Collection[str]) -> list[str]:
    """Those of new partitions that are a dataset's own, or a batch of which a run is asked for."""
    asked = {key for run in runs for key in run.batch.keys}
    return [key for key in keys if key in asked or key not in shared]


def upload_events(
    waiting: Sequence[Dataset], added: Sequence[str], catalog: Catalog, store: Store
) -> list[dg.AssetMaterialization]:
    """What Dagster is told of uploads, when they become partitions, or do so again."""
    own = {each.id: each for each in waiting if each.partition == each.id}
    return [
        upload_event(own[key], store) if key in own else batch_of_uploads(key, catalog.in_batch(key), store)
        for key in added
    ]


def upload_event(dataset: Dataset, store: Store) -> dg.AssetMaterialization:
    """What Dagster is told of an upload that it did not make."""
    return dg.AssetMaterialization(
        "uploads",
        partition=dataset.id,
        metadata={
            "dagster/uri": store.uri(dataset.storage_path),
            "owner": dataset.user_id,
            "size_bytes": dataset.file_size,
        },
        tags={"dagster/data_version": dataset.content_version or "unknown"},
    )
