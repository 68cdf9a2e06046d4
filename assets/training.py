"""The assets made of a ready dataset: one fused step for its split, its training jobs and their costs."""

from collections.abc import Iterator

import dagster as dg

from assets.failures import RETRY, Failures
from assets.partitions import READY_DATASETS
from assets.training_report import evaluations, materializations
from assets.training_specs import TRAINING_ASSETS
from pipeline.catalog.catalog import Catalog
from pipeline.catalog.job_records import PlanResult
from pipeline.errors import DatasetNotReady, ServiceError
from pipeline.lake import Lake
from pipeline.settings import Settings
from pipeline.validation import utc_now


@dg.multi_asset(
    name="planned_trainings",
    specs=TRAINING_ASSETS,
    partitions_def=READY_DATASETS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=RETRY,
    can_subset=True,
)
def planned_trainings(
    context: dg.AssetExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Plan every dataset of the run; one of which no job can be made says so and fails nothing.

    What Dagster shows is logged before the plan is recorded: a run killed between the two is done again.
    """
    from pipeline.training.planning import Planner, is_plannable

    planner = Planner.of_settings(settings, catalog, lake, context.run.run_id, utc_now().date())
    failures = Failures("planned")
    for dataset_id in context.partition_keys:
        dataset = catalog.get(dataset_id)
        plan = catalog.plan_of(dataset_id)
        if plan and plan.status == "planned" and plan.run_id == context.run.run_id:
            continue  # done by an earlier try of this run
        if not is_plannable(dataset):
            context.log.info("%s: not ready any more", dataset_id)
            continue
        try:
            planned = planner.plan(dataset, utc_now())
        except DatasetNotReady as reason:
            catalog.record_plan(dataset, PlanResult(0, f"{reason}.", (), context.run.run_id), utc_now())
            continue
        except ServiceError as error:
            if failures.add(dataset_id, error):
                break
            continue
        failures.add_success()
        for materialization in materializations(planned, lake):
            context.log_event(materialization)
        for evaluation in evaluations(planned, context.instance, utc_now().date()):
            context.log_event(evaluation)
        catalog.record_plan(dataset, planned.result(context.run.run_id), utc_now())
        context.log.info("%s: %s", dataset_id, planned.summary())
    failures.raise_any()
    yield from ()
