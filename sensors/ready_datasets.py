"""Sees datasets become ready, and asks for runs that plan their training, many datasets in one run.

Jobs of datasets that are no longer what they were made from are marked here, too. What a run left undone is found by
the sensor of failed runs.
"""

from datetime import datetime, timedelta
from functools import partial

import dagster as dg

from assets.asset_jobs import INGEST, PLAN_TRAINING
from assets.partitions import READY_DATASETS
from assets.training_report import stale_events
from pipeline.clock import utc_now
from pipeline.flow.intake import missing_partitions
from pipeline.flow.training_plans import checked_plans, goes_before_validation, plan_runs
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from resources.upload_store import UploadStore
from sensors.coverage import living_runs, queued_runs
from sensors.intervals import at_most_every
from sensors.new_uploads import run_request, worth_adding
from sensors.pausing import outage, waits

READY_SET = str(READY_DATASETS.name)
_OVERLAP = timedelta(minutes=10)
"""How long before the last look a change may be dated: its transaction lasted, or another machine's clock is slow."""


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
        store: UploadStore,
        catalog: dg.ResourceParam[Catalog],
        lake: dg.ResourceParam[Lake],
        settings: dg.ResourceParam[Settings],
    ) -> dg.SensorResult:
        if reason := outage(store.connect(), catalog, lake, settings):
            return waits(reason, context.cursor)
        now, instance = utc_now(), context.instance
        catalog.note_look(context.sensor_name, now)
        stale = catalog.mark_stale_jobs(now, _since(context.cursor, now))
        told = stale_events(stale, instance, lambda each: catalog.get(each).partition)
        result = partial(dg.SensorResult, asset_events=told, cursor=now.isoformat())
        if living_runs(instance, now, settings.stuck_after_s, PLAN_TRAINING.name):
            # Its jobs bear the time when their plan began, and may be there an hour later: not until their files are.
            return dg.SensorResult(skip_reason="training is being planned", asset_events=told, cursor=context.cursor)
        waiting = catalog.unplanned(settings.tick_max_uploads, now)
        if not waiting:
            return result(skip_reason="no ready dataset without a plan")
        if queued_runs(instance, INGEST.name) and not goes_before_validation(waiting, now):
            reason = f"{len(waiting):,} ready datasets wait: validation goes first"
            return result(skip_reason=reason)
        checked_plans(settings, now.date())  # a name that no catalogue knows fails the tick, not every run
        order = list(instance.get_dynamic_partitions(READY_SET))
        added = missing_partitions(waiting, set(order).__contains__)
        tried = catalog.plan_tries([each.id for each in waiting])
        # One run at a time, so that an upload that comes meanwhile finds a place to be validated.
        run = plan_runs(waiting, tried, [*order, *added], settings, now)[0]
        chosen = set(run.batch.dataset_ids)
        if not catalog.mark_plans_requested([each for each in waiting if each.id in chosen], run.run_key, now):
            return result(skip_reason="another asks for the plans that wait")
        added = worth_adding(added, [run], [each.partition for each in waiting if each.partition != each.id])
        return result(
            run_requests=[run_request(run)],
            dynamic_partitions_requests=[READY_DATASETS.build_add_request(added)] if added else [],
        )

    return ready_datasets


def _since(cursor: str | None, now: datetime) -> datetime | None:
    """From when on it is asked which jobs became stale. Once a day it is asked of all, whatever was missed.

    cursor: when this was asked last. After what is no moment, or is still to come, it is asked of all.
    """
    try:
        last = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    is_of_today = last.tzinfo is not None and last <= now and last.date() == now.date()
    return last - _OVERLAP if is_of_today else None
