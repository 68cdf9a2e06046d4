"""Look at every batch of conversations that is made, in short ticks, and ask for short runs that do what is due."""

import os

import dagster as dg

from assets.asset_jobs import GENERATE
from assets.generated_specs import FILES, SCAFFOLDS
from assets.partition_events import Metadata
from assets.partitions import GENERATION_BATCHES, TRAINING_FILES
from pipeline.clock import utc_now
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import TrainingFile
from pipeline.state.lake import Lake
from pipeline.wording import count_of, nano_usd
from resources.upload_store import UploadStore
from sensors.coverage import living_runs
from sensors.intervals import at_most_every
from sensors.pausing import outage, waits

_TOLD = 10  # batches that could not be asked, named in the log of a tick
_MOST_REPORTED = 200
_RETRY_S = 5  # what is still to do then is asked for again, with another key


def generation_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that has conversations made, looking every `interval_s` seconds; it asks no model itself."""

    @dg.sensor(
        job=GENERATE,
        name="generation",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks after batches of conversations that are made, and has done what is due.",
    )
    def generation(
        context: dg.SensorEvaluationContext,
        store: UploadStore,
        catalog: dg.ResourceParam[Catalog],
        lake: dg.ResourceParam[Lake],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        if reason := outage(store.connect(), catalog, lake, settings):
            return waits(reason, context.cursor)
        from pipeline.flow.generation.installing import making_of
        from pipeline.flow.generation.steps import look_at_all

        now = utc_now()
        with making_of(catalog, lake, settings, os.environ) as making:
            seen = look_at_all(making, now)
        for message in seen.silent[:_TOLD]:
            context.log.warning(message)
        ended = [batch.id for batch in catalog.batches_to_report(_MOST_REPORTED)]
        living = living_runs(context.instance, now, settings.stuck_after_s, GENERATE.name)
        busy = {run.tags.get("dagster/partition") for run in living}
        due = [each for each in dict.fromkeys([*seen.due, *ended]) if each not in busy]
        new_files = _new_files(context.instance, catalog)
        versions = catalog.count_scaffold_versions()
        told = [_file_event(file) for file in new_files]
        if str(versions) != context.cursor and versions:
            told.append(dg.AssetMaterialization(SCAFFOLDS, metadata={"versions": versions}))
        turn = int(now.timestamp()) // _RETRY_S
        requests = [
            dg.RunRequest(run_key=f"generate-{turn}-{batch_id}", tags={"dagster/partition": batch_id})
            for batch_id in due
        ]
        watched = count_of(seen.watched, "batch", "batches")
        added = [GENERATION_BATCHES.build_add_request(due)] if due else []
        if new_files:
            added.append(TRAINING_FILES.build_add_request([file.id for file in new_files]))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if due else f"{watched} watched, none is due",
            dynamic_partitions_requests=added,
            asset_events=told,
            cursor=str(versions),
        )

    return generation


def _new_files(instance: dg.DagsterInstance, catalog: Catalog) -> list[TrainingFile]:
    """Those of the newest that are no partition yet: they are told of once."""
    known = set(instance.get_dynamic_partitions(str(TRAINING_FILES.name)))
    return [file for file in catalog.list_training_files(None, limit=_MOST_REPORTED) if file.id not in known]


def _file_event(file: TrainingFile) -> dg.AssetMaterialization:
    metadata: Metadata = {
        "name": file.name,
        "version": file.version,
        "conversations": file.conversation_count,
        "training_pairs": file.total_training_pairs,
        "cost": nano_usd(file.cost_nano_usd),
        "dagster/uri": file.files_uri,
    }
    tags = {"dagster/data_version": file.content_sha256}
    return dg.AssetMaterialization(
        FILES, partition=file.id, description=f"{file.name}, version {file.version}", metadata=metadata, tags=tags
    )
