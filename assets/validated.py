"""The assets made by reading an upload: one fused step, so that each byte is read once."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.batch_pages import BatchPages, run_datasets
from assets.dataset_cards import write_dataset_card
from assets.failed_datasets import batch_work, raise_any
from assets.intake_batch_report import (
    BatchState,
    batch_evaluations,
    batch_materializations,
    judged_of,
    state_of,
    with_last,
)
from assets.partition_events import newest_materialization
from assets.partitions import DATASETS
from assets.specs import VALIDATED
from assets.validated_report import evaluations, materializations
from pipeline.clock import utc_now
from pipeline.dataset.profiles.parallel import default_workers
from pipeline.dataset.tokens import load_tokenizer
from pipeline.engines import check_engine
from pipeline.flow.intake import is_asked_for
from pipeline.flow.kept_deletions import keep_deletions
from pipeline.flow.marks import lake_problem, mark_lake, store_problem
from pipeline.flow.stored_ranges import cluster_of, store_of
from pipeline.flow.validation import Outcome, Validator, rules_of
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from resources.upload_store import UploadStore


@dg.multi_asset(
    specs=VALIDATED,
    partitions_def=DATASETS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def validated_uploads(
    context: dg.AssetExecutionContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Give every dataset of the run its verdict; what goes wrong in one is noted for that one, and the others go on.

    What Dagster shows is logged before the catalog is told: a run killed between the two is done again.
    """
    load_tokenizer(settings.tokenizer)  # what is wrong with the installation is no dataset's fault
    check_engine(settings.engine)
    uploads, run_id = store.connect(), context.run.run_id
    validator = Validator(
        uploads,
        lake,
        rules_of(settings),
        settings.max_upload_bytes,
        run_id,
        large_upload_bytes=settings.large_upload_bytes,
        workers=settings.large_upload_workers or default_workers(),
        cluster=cluster_of(settings),
        place=store_of(settings),
        store_problem=lambda: store_problem(catalog, uploads),
        lake_problem=lambda: lake_problem(catalog, lake),
    )
    places = run_datasets(context, catalog, "validation")
    batch = batch_work(context, "validation", "dataset_profiles", (uploads, catalog, lake), settings, places)

    told: dict[str, BatchState] = {}

    def tell_batch(key: str, last: Outcome | None) -> None:
        rows = with_last(catalog.in_batch(key), last)
        told[key] = state_of(rows)
        if not judged_of(rows) and newest_materialization(context.instance, "dataset_profiles", key) is None:
            return  # as of a dataset that failed: what there is to say is an observation
        for materialization in batch_materializations(key, rows, settings.service_url):
            context.log_event(materialization)
        judged = newest_materialization(context.instance, "dataset_profiles", key, run_id)
        for evaluation in batch_evaluations(key, rows, lake, judged):
            context.log_event(evaluation)

    def tell(outcome: Outcome, card: Path) -> None:
        for materialization in materializations(outcome, card, settings.service_url):
            context.log_event(materialization)
        judged = newest_materialization(context.instance, "dataset_profiles", outcome.dataset.id, run_id)
        for evaluation in evaluations(outcome, judged):
            context.log_event(evaluation)

    pages = BatchPages(places, tell_batch)

    def validate(dataset_id: str) -> None:
        dataset = catalog.get(dataset_id)
        if batch.request_key and not is_asked_for(dataset, batch.request_key):
            # Decided meanwhile, or asked for anew; one that was deleted or replaced has begun nothing that can be lost.
            catalog.release("validation", [dataset_id], batch.request_key)
            return
        outcome = validator.validate(dataset)
        card = write_dataset_card(outcome, settings.data_dir / "cards")
        if pages.has(dataset_id):
            pages.about_to_note(dataset_id, outcome)
        else:
            tell(outcome, card)
        catalog.record_verdict(outcome.verdict(), utc_now())
        if dataset.replaces:  # it took the place of another, which is as good as deleted
            keep_deletions(uploads, catalog, dataset)
        context.log.info("%s: %s", dataset_id, outcome.profile.status)

    failed = batch.go_through(list(places), validate)
    pages.tell_rest()
    for key in [key for key, state in told.items() if state_of(catalog.in_batch(key)) != state]:
        tell_batch(key, None)  # another run over it noted something meanwhile; whoever notes last tells all
    mark_lake(catalog, lake)
    raise_any(failed, "validated")
    yield from ()
