"""Sees datasets become ready, and asks for runs that plan their training, many datasets in one run.

It reconciles itself: what a run was asked for and not done is asked for again, as soon as no such run lives. Jobs of
datasets that are no longer what they were made from are marked here, too.
"""

import dagster as dg

from assets.jobs import INGEST, PLAN_TRAINING
from assets.partitions import READY_DATASETS
from assets.training_report import stale_events
from pipeline.catalog.catalog import Catalog
from pipeline.intake import missing_partitions
from pipeline.settings import Settings
from pipeline.training.planning import checked_plans, plan_runs
from pipeline.validation import utc_now
from sensors.coverage import living_runs
from sensors.intervals import at_most_every
from sensors.new_uploads import run_request

READY_SET = str(READY_DATASETS.name)


def ready_datasets_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor, looking every `interval_s` seconds."""

    @dg.sensor(
        job=PLAN_TRAINING,
        name="ready_datasets",
        minimum_interval_seconds=at_most_every(interval_s),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the default training plan of datasets that are ready; marks jobs that are out of date.",
    )
    def ready_datasets(
        context: dg.SensorEvaluationContext,
        catalog: dg.ResourceParam[Catalog],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        now, instance = utc_now(), context.instance
        catalog.note_look(context.sensor_name, now)
        told = stale_events(catalog.mark_stale_jobs(now), instance)
        if living_runs(instance, now, settings.stuck_after_s, PLAN_TRAINING.name):
            return dg.SensorResult(skip_reason="training is being planned", asset_events=told)
        catalog.give_up_plans(settings.max_attempts, now)
        waiting = catalog.unplanned(settings.tick_max_uploads, settings.max_attempts)
        if not waiting:
            return dg.SensorResult(skip_reason="no ready dataset without a plan", asset_events=told)
        if instance.get_runs_count(dg.RunsFilter(job_name=INGEST.name, statuses=[dg.DagsterRunStatus.QUEUED])):
            reason = f"{len(waiting):,} ready datasets wait: validation goes first"
            return dg.SensorResult(skip_reason=reason, asset_events=told)
        checked_plans(settings, now.date())  # a name that no catalogue knows fails the tick, not every run
        order = list(instance.get_dynamic_partitions(READY_SET))
        added = missing_partitions(waiting, set(order).__contains__)
        attempts = catalog.plan_attempts([each.id for each in waiting])
        # One run at a time, so that an upload that comes meanwhile finds a place to be validated.
        run = plan_runs(waiting, attempts, [*order, *added], settings, now)[0]
        catalog.mark_plans_requested([each for each in waiting if each.id in run.batch.keys], now)
        return dg.SensorResult(
            run_requests=[run_request(run)],
            dynamic_partitions_requests=[READY_DATASETS.build_add_request(added)] if added else [],
            asset_events=told,
        )

    return ready_datasets
