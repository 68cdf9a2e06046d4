"""Watch every training that lives, in short ticks, and ask for the short runs at its two ends.

A training is no run: it is an attempt in the catalog that runs start and close. Whatever died, the next tick finds it.
"""

import os

import dagster as dg

from assets.asset_jobs import CLOSE_TRAININGS
from assets.partitions import TRAINED_JOBS
from pipeline.clock import utc_now
from pipeline.flow.launching import make_trainings
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.wording import count_of
from resources.upload_store import UploadStore
from sensors.coverage import living_runs
from sensors.intervals import at_most_every
from sensors.pausing import outage, waits
from sensors.start_trainings import start_trainings_job

_TOLD = 10  # trainings that could not be asked, named in the log of a tick
_MOST_CLOSED = 200  # of a tick: each is a run of its own, and one that fails keeps no other from its turn
_RETRY_S = 60  # what is still to do then is asked for again, with another key


def training_attempts_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that watches trainings and has them started, looking every `interval_s` seconds."""

    @dg.sensor(
        job_name=start_trainings_job.name,  # by name: bound to its resources, Dagster copies the sensor, and warns
        name="training_attempts",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Watches trainings, and has those started that were asked for.",
    )
    def training_attempts(
        context: dg.SensorEvaluationContext,
        store: UploadStore,
        catalog: dg.ResourceParam[Catalog],
        lake: dg.ResourceParam[Lake],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        if reason := outage(store.connect(), catalog, lake, settings):
            return waits(reason, context.cursor)
        now = utc_now()
        trainings = make_trainings(catalog, lake, settings, os.environ)
        for message in trainings.watch(now)[:_TOLD]:
            context.log.warning(message)
        startable = trainings.startable()
        if not startable:
            live = count_of(len(catalog.attempts_to_watch()), "training")
            return dg.SensorResult(skip_reason=f"{live} watched, none to start")
        if living_runs(context.instance, now, settings.stuck_after_s, start_trainings_job.name):
            return dg.SensorResult(skip_reason="trainings are being started")
        key = f"start-{_turn()}-{','.join(attempt.id for attempt in startable)}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key[:400])])

    return training_attempts


def ended_trainings_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that has kept what trainings leave, looking every `interval_s` seconds."""

    @dg.sensor(
        job=CLOSE_TRAININGS,
        name="ended_trainings",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Has model, evaluation and cost of trainings kept that have ended.",
    )
    def ended_trainings(
        context: dg.SensorEvaluationContext,
        store: UploadStore,
        catalog: dg.ResourceParam[Catalog],
        lake: dg.ResourceParam[Lake],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        if reason := outage(store.connect(), catalog, lake, settings):
            return waits(reason, context.cursor)
        ended = catalog.unclosed_attempts(_MOST_CLOSED)
        if not ended:
            return dg.SensorResult(skip_reason="no training has ended")
        living = living_runs(context.instance, utc_now(), settings.stuck_after_s, CLOSE_TRAININGS.name)
        busy = {run.tags.get("dagster/partition") for run in living}
        jobs = [job_id for job_id in dict.fromkeys(each.job_id for each in ended) if job_id not in busy]
        if not jobs:
            return dg.SensorResult(skip_reason="what ended is being kept")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=f"close-{_turn()}-{job_id}", tags={"dagster/partition": job_id})
                for job_id in jobs
            ],
            dynamic_partitions_requests=[TRAINED_JOBS.build_add_request(jobs)],
        )

    return ended_trainings


def _turn() -> int:
    return int(utc_now().timestamp()) // _RETRY_S
