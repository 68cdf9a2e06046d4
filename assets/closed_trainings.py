"""The assets of trainings that have ended: one fused step that keeps model, evaluation and cost of each job."""

import os
from collections.abc import Iterator

import dagster as dg

from assets.partitions import TRAINED_JOBS
from assets.trained_report import check_results, closed_events
from assets.trained_specs import TRAINED_ASSETS
from pipeline.clock import utc_now
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


@dg.multi_asset(
    name="closed_trainings",
    specs=TRAINED_ASSETS,
    partitions_def=TRAINED_JOBS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def closed_trainings(
    context: dg.AssetExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Keep all that the newest ended attempt of each job left; the same again changes nothing.

    That it is closed is noted last: a run that dies before is done again.
    """
    from pipeline.flow.closing import close
    from pipeline.flow.launching import make_trainings

    trainings = make_trainings(catalog, lake, settings, os.environ)
    for job_id in context.partition_keys:
        attempts = catalog.attempts_of([job_id])[job_id]
        for attempt in [each for each in attempts if each.closed_at is None or each is attempts[-1]]:
            closed = close(trainings, lake, attempt.id, utc_now())
            if closed is None:
                continue
            for event in closed_events(closed, catalog.series_of([attempt.id])[attempt.id]):
                context.log_event(event)
            for result in check_results(closed, context.instance):
                context.log_event(result)
            catalog.note_closed(attempt.id, utc_now())
            context.log.info("%s: %s", attempt.id, closed.attempt.state)
    yield from ()
