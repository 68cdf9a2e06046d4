"""`python -m sensors.once MODULE`: what the daemon would do now, done once in one process, for `lora-pipeline demo`.

With `trainings` behind it, the same for trainings that were asked for, until each has ended and is kept; with
`generation`, for batches of conversations that are under way.

The sensor, the runs and the instance are the real ones; only the process that would start them every few seconds is
missing. MODULE holds the definitions; it lies above this one, so it is named, not imported.
"""

import importlib
import logging
import os
import sys
import time

import dagster as dg

from assets.asset_jobs import CLOSE_TRAININGS, GENERATE, INGEST, PLAN_TRAINING, PUBLISH
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from sensors.start_trainings import start_trainings_job

# Each sensor with the job that it asks for, in the order of a dataset's life.
_SENSORS = (("new_uploads", INGEST.name), ("ready_datasets", PLAN_TRAINING.name))
_OF_TRAININGS = (("training_attempts", start_trainings_job.name), ("ended_trainings", CLOSE_TRAININGS.name))
_LOOK_S = 1.0


def run_once(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> list[str]:
    """Tick each sensor until it finds nothing, run what it asks for, publish. Returns ids of the runs."""
    run_ids = []
    for sensor, job_name in _SENSORS:
        while requests := _tick(repository, instance, sensor):
            for request in requests:
                job = repository.get_job(job_name)
                run_ids.append(job.execute_in_process(instance=instance, tags=dict(request.tags)).run_id)
    run_ids.append(repository.get_job(PUBLISH.name).execute_in_process(instance=instance).run_id)
    return run_ids


def run_trainings(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    """Tick the sensor of trainings, and run what it asks for, until none is left to watch or to keep; publish."""
    while _has_trainings():
        for sensor, job_name in _OF_TRAININGS:
            for request in _tick(repository, instance, sensor):
                job = repository.get_job(job_name)
                job.execute_in_process(instance=instance, tags=dict(request.tags))
        time.sleep(_LOOK_S)
    repository.get_job(PUBLISH.name).execute_in_process(instance=instance)


def run_generation(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    """Tick the sensor of conversations that are made, and run what it asks for, until no batch is under way."""
    while True:
        for request in _tick(repository, instance, "generation"):
            repository.get_job(GENERATE.name).execute_in_process(instance=instance, tags=dict(request.tags))
        with Catalog.open(load_settings().catalog_url) as catalog:
            if not catalog.list_batches(None, "running") and not catalog.batches_to_report(1):
                return
        time.sleep(_LOOK_S)


def _has_trainings() -> bool:
    with Catalog.open(load_settings().catalog_url) as catalog:
        here = [each for each in catalog.attempts_to_watch() if each.launcher == "local" and each.state != "lost"]
        return bool(here or catalog.unclosed_attempts(1))


def _tick(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, name: str) -> list[dg.RunRequest]:
    """One evaluation of a sensor, with what the daemon does about its result, in the daemon's order."""
    sensor = repository.get_sensor_def(name)
    resources = repository.get_top_level_resources()
    with dg.build_sensor_context(
        instance=instance, repository_def=repository, resources=resources, sensor_name=name
    ) as context:
        result = sensor.evaluate_tick(context)
    for event in result.asset_events:
        instance.report_runless_asset_event(event)
    for request in result.dynamic_partitions_requests or []:
        instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
    return list(result.run_requests or [])


def main() -> None:
    """Run against the instance of DAGSTER_HOME."""
    os.environ.setdefault("LORA_LOOK_AGAIN_S", "0")  # what is to be found is there
    logging.getLogger("dagster").setLevel(logging.WARNING)
    definitions = importlib.import_module(sys.argv[1]).defs()
    repository = definitions.get_repository_def()
    with dg.DagsterInstance.get() as instance:
        if sys.argv[2:] == ["trainings"]:
            run_trainings(repository, instance)
        elif sys.argv[2:] == ["generation"]:
            run_generation(repository, instance)
        else:
            run_once(repository, instance)


if __name__ == "__main__":
    main()
