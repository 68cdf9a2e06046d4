"""The composition root: every asset, check, job, sensor, schedule and resource, from one set of settings."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.asset_checks import DATASET_CHECKS, GENERATION_CHECKS, TRAINED_CHECKS, TRAINING_CHECKS
from assets.asset_jobs import CLOSE_TRAININGS, FOLD, GENERATE, INGEST, PLAN_TRAINING, PUBLISH
from assets.closed_trainings import closed_trainings
from assets.folded_lake_asset import folded_lake
from assets.generated_conversations import generated_conversations
from assets.generated_specs import FILES_SPEC, SCAFFOLDS_SPEC
from assets.planned_trainings import planned_trainings
from assets.specs import UPLOADS
from assets.validated import validated_uploads
from assets.warehouse_asset import warehouse
from pipeline.logs import configure_logs
from pipeline.settings import Settings, load_settings
from pipeline.training.setup import plans_of
from resources.catalog_resource import catalog_resource
from resources.lake_resource import lake_resource
from resources.run_logs import write_runs_as_json
from resources.settings_resource import settings_resource
from resources.upload_store import UploadStore
from sensors.failed_runs import failed_runs
from sensors.generation import generation_sensor
from sensors.new_uploads import new_uploads_sensor
from sensors.old_partitions import old_partitions
from sensors.ready_datasets import ready_datasets_sensor
from sensors.schedules import SCHEDULES, expire_job, reconcile_job
from sensors.stale_warehouse import stale_warehouse
from sensors.start_trainings import start_trainings_job
from sensors.training_attempts import ended_trainings_sensor, training_attempts_sensor
from sensors.unfolded_datasets import unfolded_datasets


def build_resources(settings: Settings) -> dict[str, Any]:
    """The connections of an installation, by the names that assets and sensors use."""
    return {
        "settings": settings_resource(settings),
        "store": UploadStore.from_settings(settings),
        "catalog": catalog_resource(settings.catalog_url),
        "lake": lake_resource(settings),
    }


def build_defs(settings: Settings, overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions of an installation. overrides: resources to use instead, by name.

    Raises:
        SettingsError: the default plan of trainings cannot be read.
    """
    plans_of(settings)  # a typing error fails the start, not each tick of a sensor
    return dg.Definitions(
        assets=[
            SCAFFOLDS_SPEC,
            FILES_SPEC,
            UPLOADS,
            *_with_source(
                [
                    generated_conversations,
                    validated_uploads,
                    planned_trainings,
                    closed_trainings,
                    folded_lake,
                    warehouse,
                ]
            ),
        ],
        asset_checks=[*GENERATION_CHECKS, *DATASET_CHECKS, *TRAINING_CHECKS, *TRAINED_CHECKS],
        jobs=[
            GENERATE,
            INGEST,
            PLAN_TRAINING,
            PUBLISH,
            FOLD,
            start_trainings_job,
            CLOSE_TRAININGS,
            reconcile_job,
            expire_job,
        ],
        sensors=[
            generation_sensor(settings.sensor_interval_s),
            new_uploads_sensor(settings.sensor_interval_s),
            ready_datasets_sensor(settings.sensor_interval_s),
            training_attempts_sensor(settings.sensor_interval_s),
            ended_trainings_sensor(settings.sensor_interval_s),
            failed_runs,
            old_partitions,
            stale_warehouse,
            unfolded_datasets,
        ],
        schedules=SCHEDULES,
        resources={**build_resources(settings), **(overrides or {})},
        executor=dg.in_process_executor,
    )


def _with_source(assets: Sequence[dg.AssetsDefinition]) -> list[Any]:
    """The same; each tells the file and line that make it, which Dagster's UI opens in an editor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return list(dg.with_source_code_references(assets))


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the installation that the environment describes."""
    settings = load_settings()
    if settings.log_format == "json":
        configure_logs("json", logging.WARNING)  # as much as Python writes where nothing is configured
        write_runs_as_json()
    return build_defs(settings)
