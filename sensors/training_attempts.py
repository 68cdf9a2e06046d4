"""Watches every training that lives, in short ticks, and asks for the short runs at its two ends.

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
_MOST_CLOSED = 20  # of a tick: each is a run of its own
_RETRY_S = 60  # a run that failed is asked for again, with another key


def training_attempts_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor, looking every `interval_s` seconds."""

    @dg.sensor(
        jobs=[start_trainings_job, CLOSE_TRAININGS],
        name="training_attempts",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Watches trainings, starts those that were asked for, and keeps what they leave.",
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
        turn = int(now.timestamp()) // _RETRY_S
        startable = trainings.startable()
        ended = catalog.unclosed_attempts(_MOST_CLOSED)
        requests = []
        if startable and not living_runs(context.instance, now, settings.stuck_after_s, start_trainings_job.name):
            keys = ",".join(attempt.id for attempt in startable)
            requests.append(dg.RunRequest(run_key=f"start-{turn}-{keys}"[:400], job_name=start_trainings_job.name))
        living = living_runs(context.instance, now, settings.stuck_after_s, CLOSE_TRAININGS.name) if ended else []
        busy = {run.tags.get("dagster/partition") for run in living}
        jobs = [job_id for job_id in dict.fromkeys(each.job_id for each in ended) if job_id not in busy]
        requests += [
            dg.RunRequest(
                run_key=f"close-{turn}-{job_id}", job_name=CLOSE_TRAININGS.name, tags={"dagster/partition": job_id}
            )
            for job_id in jobs
        ]
        live = len(catalog.attempts_to_watch())
        return dg.SensorResult(
            skip_reason=None if requests else f"{count_of(live, 'training')} watched, nothing to start or to keep",
            run_requests=requests,
            dynamic_partitions_requests=[TRAINED_JOBS.build_add_request(jobs)] if jobs else [],
            cursor=context.cursor,
        )

    return training_attempts
