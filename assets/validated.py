"""The assets made by reading an upload: one fused step, so that each byte is read once."""

from collections.abc import Iterator

import dagster as dg

from assets.cards import write_dataset_card
from assets.events import newest_materialization
from assets.failures import RETRY, Failures
from assets.partitions import DATASETS
from assets.report import evaluations, materializations
from assets.specs import VALIDATED
from pipeline.catalog.catalog import Catalog
from pipeline.errors import ServiceError
from pipeline.lake import Lake
from pipeline.marks import store_problem
from pipeline.settings import Settings
from pipeline.validation import Validator, rules_of, utc_now
from resources.store import UploadStore


@dg.multi_asset(
    specs=VALIDATED,
    partitions_def=DATASETS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=RETRY,
    can_subset=True,
)
def validated_uploads(
    context: dg.AssetExecutionContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Give every dataset of the run its verdict; a broken store, lake or catalog fails the run, a bad file does not.

    What Dagster shows is logged before the catalog is told: a run killed between the two is done again.
    """
    uploads = store.connect()
    validator = Validator(
        uploads,
        lake,
        rules_of(settings),
        settings.max_upload_bytes,
        context.run.run_id,
        store_problem=lambda: store_problem(catalog, uploads),
    )
    failures = Failures("validated")
    for dataset_id in context.partition_keys:
        dataset = catalog.get(dataset_id)
        if dataset.run_id == context.run.run_id and dataset.status != "validating":
            continue  # done by an earlier try of this run
        try:
            outcome = validator.validate(dataset)
            card = write_dataset_card(outcome, settings.data_dir / "cards")
        except ServiceError as error:
            catalog.record_failure(dataset_id, str(error), utc_now())
            if failures.add(dataset_id, error):
                break
            continue
        failures.add_success()
        for materialization in materializations(outcome, card, settings.service_url):
            context.log_event(materialization)
        judged = newest_materialization(context.instance, "dataset_profiles", dataset_id)
        for evaluation in evaluations(outcome, judged):
            context.log_event(evaluation)
        catalog.record_verdict(outcome.verdict(), utc_now())
        context.log.info("%s: %s", dataset_id, outcome.profile.status)
    failures.raise_any()
    yield from ()
