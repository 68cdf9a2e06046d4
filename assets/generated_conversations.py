"""The assets of conversations that are made: one fused step that does what is due of a batch, and reports its end."""

import os
from collections.abc import Iterator

import dagster as dg

from assets.generated_report import batch_events, check_results
from assets.generated_specs import GENERATED_ASSETS
from assets.partitions import GENERATION_BATCHES
from pipeline.clock import utc_now
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


@dg.multi_asset(
    specs=GENERATED_ASSETS,
    partitions_def=GENERATION_BATCHES,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def generated_conversations(
    context: dg.AssetExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Ask, take, stage and select what is due of each batch; the same again does nothing twice.

    No run waits for a provider: what is under way there is taken by a later one.
    """
    from pipeline.flow.generation.batch_report import report_of_batch
    from pipeline.flow.generation.installing import making_of
    from pipeline.flow.generation.steps import advance

    for batch_id in context.partition_keys:
        with making_of(catalog, lake, settings, os.environ) as making:
            for said in advance(making, batch_id):
                context.log.info(said)
        report = report_of_batch(catalog, lake, batch_id)
        for event in batch_events(report):
            context.log_event(event)
        if report.batch.status in ("completed", "cancelled"):
            for result in check_results(report, context.instance):
                context.log_event(result)
            catalog.note_reported(batch_id, utc_now())
    yield from ()
