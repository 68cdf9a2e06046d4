"""The assets made of a ready dataset: one fused step for its split, its training jobs and their costs."""

from collections.abc import Iterator

import dagster as dg

from assets.batch_pages import BatchPages, run_datasets
from assets.batch_training_report import batch_plan_pages
from assets.failed_datasets import batch_work, raise_any
from assets.partitions import READY_DATASETS
from assets.training_report import evaluations, materializations
from assets.training_specs import TRAINING_ASSETS
from pipeline.clock import utc_now
from pipeline.errors import DatasetNotReady
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import PlanResult
from pipeline.state.lake import Lake
from resources.upload_store import UploadStore


@dg.multi_asset(
    name="planned_trainings",
    specs=TRAINING_ASSETS,
    partitions_def=READY_DATASETS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def planned_trainings(
    context: dg.AssetExecutionContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Plan every dataset of the run; one of which no job can be made says so and fails nothing.

    What goes wrong in one is noted for that one, and the others go on. What Dagster shows is logged before the plan is
    recorded: a run killed between the two is done again.
    """
    from pipeline.flow.training_plans import Planned, Planner, is_plannable

    planner = Planner.of_settings(settings, catalog, lake, context.run.run_id, utc_now().date())
    places = run_datasets(context, catalog, "plan")
    parts = (store.connect(), catalog, lake)
    batch = batch_work(context, "plan", "training_job_configs", parts, settings, places)
    pages = BatchPages(places, batch_plan_pages(context, catalog, lambda: utc_now().date()))

    def tell(planned: Planned) -> None:
        for materialization in materializations(planned, lake):
            context.log_event(materialization)
        for evaluation in evaluations(planned, context.instance, context.run.run_id, utc_now().date()):
            context.log_event(evaluation)

    def plan(dataset_id: str) -> None:
        dataset, known = catalog.get(dataset_id), catalog.plan_of(dataset_id)
        if batch.request_key and (known is None or known.request_key != batch.request_key):
            return  # planned meanwhile, or asked for anew
        if not is_plannable(dataset):
            context.log.info("%s: not ready any more", dataset_id)
            catalog.release("plan", [dataset_id], batch.request_key or None)
            return
        try:
            planned = planner.plan(dataset, utc_now())
        except DatasetNotReady as reason:
            if pages.has(dataset_id):
                pages.about_to_note(dataset_id, (dataset_id, f"{reason}."))
            catalog.record_plan(dataset, PlanResult(0, f"{reason}.", (), context.run.run_id), utc_now())
            return
        if pages.has(dataset_id):
            pages.about_to_note(dataset_id, (dataset_id, planned.summary()))
        else:
            tell(planned)
        catalog.record_plan(dataset, planned.result(context.run.run_id), utc_now())
        context.log.info("%s: %s", dataset_id, planned.summary())

    failed = batch.go_through(list(places), plan)
    pages.tell_rest()
    raise_any(failed, "planned")
    yield from ()
